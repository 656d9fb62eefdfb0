#!/usr/bin/env bash
# What matters, and what carries over: small trainings that each change one thing, measured on people, cameras and
# instruments that none of them saw. Writes ablations.md and generalisation.md into RUNS. The same command goes on after a break.
#   DATA="folder folder..." RUNS=runs/study scripts/study.sh
# Optional: PHOTOS (of each folder, 80), VARIANTS (recaptures of each photo, 4), EPOCHS (6).
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -n "${DATA:-}" ] || fail 'no photos: DATA="folder folder..." with folders of bona fide photos.'
runs=${RUNS:-runs/study}
cd "$root"
read -ra data <<<"$DATA"
trainer=${TRAINER:-${CARGO_TARGET_DIR:-target}/release/trainer}
mkdir -p "$runs"

# A run: the preset `small`, shorter. Pretraining takes a third of the epochs (normalised, as in the paper).
epochs=${EPOCHS:-6}
third=$(((epochs + 2) / 3))
"$trainer" preset small | sed -E \
  -e "/^\[pretrain\]/,/^\[/ s/^epochs = [0-9]+/epochs = $third/; s/^warmup_epochs = [0-9]+/warmup_epochs = 1/" \
  -e "/^\[finetune\]/,\$ s/^epochs = [0-9]+/epochs = $((epochs - third))/; s/^baseline_epochs = [0-9]+/baseline_epochs = $epochs/" \
  >"$runs/small.toml"
sed 's/^augment = true/augment = false/' "$runs/small.toml" >"$runs/unaugmented.toml"

# simulate NAME ARGUMENTS...: a set; seed 1 trains, seed 2 tests.
simulate() {
  local name=$1
  shift
  "$trainer" synthesize --data "${data[@]}" --photos-per-source "${PHOTOS:-80}" --variants "${VARIANTS:-4}" --out "$runs/sets/$name" "$@" >/dev/null
}

# train NAME SET TEST [ARGUMENTS...]: a run and its scores.
train() {
  local name=$1 set=$2 test=$3 resume=()
  shift 3
  if [ ! -f "$runs/$name/evaluation.json" ]; then
    say "$name"
    [ -f "$runs/$name/config.toml" ] && resume=(--resume)
    "$trainer" finetune --data "$runs/sets/$set" --run "$runs/$name" --config "${config:-$runs/small.toml}" "$@" "${resume[@]}" >/dev/null
    "$trainer" evaluate --data "$runs/sets/$set" --test "$runs/sets/$test" --run "$runs/$name" --uncalibrated >/dev/null
  fi
  scores+=(--scores "$label=$runs/$name/scores.csv")
}

# table NAME: what the trainings since the last table gave.
table() {
  "$trainer" compare "${scores[@]}" --out "$runs/tables" >/dev/null
  mv "$runs/tables/peers.md" "$runs/$1.md"
  scores=()
}

simulate all --splits train development
simulate test --splits test --seed 2
scores=()

label="everything (He-initialised)" train everything all test
if [ ! -f "$runs/pdgan/evaluation.json" ]; then
  resume=()
  [ -f "$runs/pretrain/config.toml" ] && resume=(--resume)
  "$trainer" pretrain --data "$runs/sets/all" --run "$runs/pretrain" --config "$runs/small.toml" "${resume[@]}" >/dev/null
fi
label="PDGAN backbone" train pdgan all test --pretrained "$runs/pretrain"
label="no augmentation" config=$runs/unaugmented.toml train unaugmented all test
for stage in first-camera light grid room; do
  simulate "without-$stage" --splits train development --without "$stage"
  label="trained without ${stage/-/ }" train "without-$stage" "without-$stage" test
done
for margin in 1.2 2.0; do
  simulate "margin-$margin" --splits train development --margin "$margin"
  simulate "test-$margin" --splits test --seed 2 --margin "$margin"
  label="margin $margin instead of 1.5" train "margin-$margin" "margin-$margin" "test-$margin"
done
table ablations

label="all four instruments" train everything all test
simulate no-pentile --splits train development --instruments laser stripes inkjet
label="PenTile never seen" train no-pentile no-pentile test
simulate screens --splits train development --instruments stripes pentile
label="screens alone" train screens screens test
simulate prints --splits train development --instruments laser inkjet
label="prints alone" train prints prints test
table generalisation
say "$runs/ablations.md, $runs/generalisation.md"
