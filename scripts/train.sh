#!/usr/bin/env bash
# Photos -> the weights that ship: prepare, pretrain, fine-tune, evaluate, export. The same command goes on after a break.
#   DATA="folder folder..." RUNS=runs/mine scripts/train.sh    each folder is one source of bona fide photos, one person per file
# Optional: CONFIG (small), RUNS (runs/DATE), DEVICE (cpu, cuda, cuda:0,1, wgpu), PHOTOS (of each folder, 0 for all),
# VARIANTS (recaptures of each photo, 1).
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -n "${DATA:-}" ] || fail 'no photos: make train DATA="folder folder..." with folders of bona fide photos.'
runs=${RUNS:-runs/$(date +%Y%m%d-%H%M%S)}
options=(--config "${CONFIG:-small}" --device "${DEVICE:-cpu}" --data "$runs/data")
cd "$root"
read -ra data <<<"$DATA"
trainer=${CARGO_TARGET_DIR:-target}/release/trainer

if [ ! -f pkg/weights/mesh.safetensors ]; then
  [ -d node_modules/@mediapipe/face_mesh ] || fail "the face networks are missing: run 'npm ci', then this again."
  "$trainer" import mediapipe
fi
# stage NAME ARGUMENTS...: starts a run, or goes on with it.
stage() {
  local resume=()
  [ -f "$runs/$1/config.toml" ] && resume=(--resume)
  "$trainer" "$@" "${options[@]}" --run "$runs/$1" "${resume[@]}"
}
"$trainer" synthesize --data "${data[@]}" --photos-per-source "${PHOTOS:-0}" --variants "${VARIANTS:-1}" --out "$runs/data"
stage pretrain
stage finetune --pretrained "$runs/pretrain"
"$trainer" evaluate --data "$runs/data" --pretrained "$runs/pretrain" --device "${DEVICE:-cpu}" --run "$runs/finetune"
"$trainer" export --run "$runs/finetune"
say "pkg/weights holds the new model; $runs/finetune/report.html says how it measured"
