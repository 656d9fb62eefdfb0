#!/usr/bin/env bash
# Photos -> the weights that ship: pretrain, fine-tune, evaluate, export.
#   DATA="folder folder..." scripts/train.sh    each folder is one source of bona fide photos, one person per file
# Optional: CONFIG (trainer/configs/first.toml), RUNS (runs/DATE), DEVICE (cpu, cuda, wgpu).
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -n "${DATA:-}" ] || fail 'no photos: make train DATA="folder folder..." with folders of bona fide photos.'
config=${CONFIG:-trainer/configs/first.toml}
runs=${RUNS:-runs/$(date +%Y%m%d-%H%M%S)}
device=${DEVICE:-cpu}
cd "$root"
read -ra data <<<"$DATA"
trainer=${CARGO_TARGET_DIR:-target}/release/trainer

if [ ! -f pkg/weights/mesh.safetensors ]; then
  [ -d node_modules/@mediapipe/face_mesh ] || fail "the face networks are missing: run 'npm ci', then this again."
  "$trainer" import mediapipe
fi
"$trainer" pretrain --data "${data[@]}" --config "$config" --device "$device" --run "$runs/pretrain"
"$trainer" finetune --data "${data[@]}" --config "$config" --device "$device" --pretrained "$runs/pretrain" --run "$runs/finetune"
"$trainer" evaluate --data "${data[@]}" --device "$device" --pretrained "$runs/pretrain" --run "$runs/finetune"
"$trainer" export --run "$runs/finetune"
say "pkg/weights holds the new model; $runs/finetune/report.html says how it measured"
