#!/usr/bin/env bash
# Photos -> the weights that ship: simulate, audit, pretrain, fine-tune, depth view, evaluate, export, model card. The same
# command goes on after a break.
#   DATA="folder:24 folder:6 folder" RUNS=runs/mine scripts/train.sh
# Each folder is one source of bona fide photos, one person per file; the number says how often each photo is recaptured
# for training, as bona fide and again as an attack (1).
# Optional: CONFIG (shipped), RUNS (runs/DATE), DEVICE (cpu, cuda, cuda:0,1, wgpu), PHOTOS (of each folder, 0 for all),
# PRETRAINED (a pretraining run to use instead of a new one), FINETUNED (a fine-tuning run that started from it) or SHIPPED
# (a folder of exported weights): what fine-tuning goes on from, with these photos and CONFIG,
# LEAST_LIVE (1: photos that MiniFASNetV2 finds less live than these log-odds are not learnt from; -12 takes all),
# LARGEST_CHANGE (a face that changes more from frame to frame starts its check again; the card has what to choose it by),
# MARGIN (side of the classifier's crop in face boxes, 1.5; 1.0 to 2.5),
# PEERS (a folder with MiniFASNetV2.onnx and MiniFASNetV1SE.onnx: scored on the same presentations, with PYTHON, which has
# onnxruntime, numpy and pillow), RETINAFACE (a checkpoint, for those networks' face boxes), STUDY (a folder that
# scripts/study.sh wrote) and STATISTICS (JSON files of measured presentations): their tables go into the
# model card.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -n "${DATA:-}" ] || fail 'no photos: make train DATA="folder folder..." with folders of bona fide photos.'
runs=${RUNS:-runs/$(date +%Y%m%d-%H%M%S)}
cd "$root"
read -ra data <<<"$DATA"
folders=("${data[@]%%:*}")
trainer=${TRAINER:-${CARGO_TARGET_DIR:-target}/release/trainer}

if [ ! -f pkg/weights/mesh.safetensors ]; then
  [ -d node_modules/@mediapipe/face_mesh ] || fail "the face networks are missing: run 'npm ci', then this again."
  "$trainer" import mediapipe
fi

photos=(--photos-per-source "${PHOTOS:-0}")
sets=()
for entry in "${data[@]}"; do
  folder=${entry%%:*} variants=1
  [ "$entry" = "$folder" ] || variants=${entry##*:}
  set=$runs/set/$(basename "$folder")
  "$trainer" synthesize --data "$folder" "${photos[@]}" --variants "$variants" --least-live "${LEAST_LIVE:-1}" \
    --splits train development --out "$set"
  sets+=("$set")
done
# Other people, other draws, and as much around the face as networks of others look at (four face boxes).
"$trainer" synthesize --data "${folders[@]}" "${photos[@]}" --splits development test --seed 2 --reach 2.667 --out "$runs/held"
"$trainer" audit --data "$runs/held"
conditions=()
for condition in low-light degraded-camera occluded close-edges; do
  "$trainer" synthesize --data "${folders[@]}" "${photos[@]}" --splits test --seed 3 --condition "$condition" --out "$runs/$condition"
  conditions+=(--condition "${condition/-/ }=$runs/$condition")
done

# stage NAME ARGUMENTS...: starts a run, or goes on with it.
stage() {
  local resume=()
  [ -f "$runs/$1/config.toml" ] && resume=(--resume)
  "$trainer" "$@" --config "${CONFIG:-shipped}" --device "${DEVICE:-cpu}" --data "${sets[@]}" --run "$runs/$1" "${resume[@]}"
}
pretrained=${PRETRAINED:-$runs/pretrain}
start=(--pretrained "$pretrained")
if [ -n "${FINETUNED:-}" ]; then
  [ -n "${PRETRAINED:-}" ] || fail "FINETUNED=$FINETUNED goes on: name the pretraining that it started from with PRETRAINED."
  start=(--finetuned "$FINETUNED")
elif [ -n "${SHIPPED:-}" ]; then
  start=(--shipped "$SHIPPED")
fi
[ -n "${PRETRAINED:-}" ] || stage pretrain
margin=(${MARGIN:+--margin "$MARGIN"})
stage finetune "${start[@]}" "${margin[@]}"
stage depth-view --pretrained "$pretrained" --finetuned "$runs/finetune" "${margin[@]}"
"$trainer" evaluate --data "$runs/held" --pretrained "$pretrained" --device "${DEVICE:-cpu}" --run "$runs/finetune" "${conditions[@]}"
"$trainer" steadiness --data "$runs/held" --run "$runs/finetune"
"$trainer" precision --data "$runs/held" --run "$runs/finetune"
"$trainer" export --run "$runs/finetune" --depth-view "$runs/depth-view" ${LARGEST_CHANGE:+--largest-change "$LARGEST_CHANGE"}

card=(--run "$runs/finetune" --pretrained "$pretrained" --depth-view "$runs/depth-view")
card+=(--tests "How steady it is=$runs/finetune/steadiness.md" --tests "What fewer bits cost=$runs/finetune/precision.md")
read -ra statistics <<<"${STATISTICS:-}"
"$trainer" sessions --simulate "${folders[@]}" --photos-per-source 40 --splits test --changes --weights pkg/weights --markdown "$runs/sessions.md"
card+=(--tests "Whole checks, on simulated clips=$runs/sessions.md")
"$trainer" realism --data "$runs/held" ${statistics[0]:+--measured "${statistics[@]}"} >"$runs/realism.md"
card+=(--tests "What networks that know real attacks say of these=$runs/realism.md")
if [ -n "${PEERS:-}" ]; then
  faces=()
  if [ -n "${RETINAFACE:-}" ]; then
    [ -f "$runs/faces.jsonl" ] || "$trainer" detect --detector retinaface --retinaface "$RETINAFACE" "$runs/held/crops" >"$runs/faces.jsonl"
    faces=(--faces "$runs/faces.jsonl")
  fi
  "${PYTHON:-python3}" tests/bench/peers.py --data "$runs/held" --weights "$PEERS" "${faces[@]}" --out "$runs/peers"
  "$trainer" compare --scores "Bonafide=$runs/finetune/scores.csv" --scores "MiniFASNetV2=$runs/peers/MiniFASNetV2.csv" \
    --scores "MiniFASNetV1SE=$runs/peers/MiniFASNetV1SE.csv" --scores "both MiniFASNets, mean=$runs/peers/MiniFASNet.csv" --out "$runs/peers"
  card+=(--peers "$runs/peers/peers.json")
fi
if [ -n "${STUDY:-}" ]; then
  card+=(--tests "What matters=$STUDY/study.md")
fi
if [ -n "${STATISTICS:-}" ]; then
  "$trainer" synthesize --data "${folders[@]}" --photos-per-source 12 --out "$runs/report" --report "${statistics[@]}" >/dev/null
  card+=(--tests "Simulated beside measured presentations=$runs/report/report.md")
fi
"$trainer" card "${card[@]}"
say "pkg/weights holds the new model; $runs/finetune/report.html and MODEL_CARD.md say how it measured"
