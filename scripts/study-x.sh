#!/usr/bin/env bash
# What matters: small trainings that each change one thing, three seeds each, measured on people, cameras and draws that none
# of them saw. Writes study.md into RUNS. The same command goes on after a break.
#   DATA="folder folder..." RUNS=runs/study scripts/study.sh
# Optional: PHOTOS (of each folder, 80), VARIANTS (recaptures of each photo, 3), EPOCHS (2), SEEDS ("1 2 3"), ROWS (names, all), SHIPPED (exported
# weights that most rows go on from, pkg/weights).
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -n "${DATA:-}" ] || fail 'no photos: DATA="folder folder..." with folders of bona fide photos.'
runs=${RUNS:-runs/study}
cd "$root"
read -ra data <<<"$DATA"
read -ra seeds <<<"${SEEDS:-1 2 3}"
trainer=${TRAINER:-${CARGO_TARGET_DIR:-target}/release/trainer}
mkdir -p "$runs"

# simulate NAME ARGUMENTS...: a set; seed 1 trains, seed 2 tests.
simulate() {
  local name=$1
  shift
  "$trainer" synthesize --data "${data[@]}" --photos-per-source "${PHOTOS:-80}" --variants "${VARIANTS:-3}" --out "$runs/sets/$name" "$@" >/dev/null
}

# row NAME "key = value; key = value" [ARGUMENTS...]: the preset `shipped` with other values, once for each seed.
row() {
  local name=$1 changes=$2 seed resume
  shift 2
  [[ -z ${ROWS:-} || " $ROWS " == *" $name "* ]] || return 0
  "$trainer" preset shipped | sed -E "s/^epochs = [0-9]+/epochs = ${EPOCHS:-2}/; s/^baseline_epochs = [0-9]+/baseline_epochs = ${EPOCHS:-2}/; s/^warmup_epochs = .*/warmup_epochs = 1/" >"$runs/$name.toml"
  while IFS='=' read -r key value; do
    [ -z "${key// /}" ] || sed -i -E "s/^${key// /} = [^ ]+/${key// /} =${value}/" "$runs/$name.toml"
  done < <(tr ';' '\n' <<<"$changes")
  for seed in "${seeds[@]}"; do
    local run=$runs/$name-$seed start=("$@")
    [ ! -f "$run/steadiness.json" ] || continue
    say "$name, seed $seed"
    if [ "${1:-}" = pretrain ]; then
      resume=()
      [ -f "$run-pretrain/config.toml" ] && resume=(--resume)
      "$trainer" pretrain --data "$runs/sets/all" --run "$run-pretrain" --config "$runs/$name.toml" --seed "$seed" "${resume[@]}" >/dev/null
      start=(--pretrained "$run-pretrain")
    fi
    resume=()
    [ -f "$run/config.toml" ] && resume=(--resume)
    "$trainer" finetune --data "$runs/sets/all" --run "$run" --config "$runs/$name.toml" --seed "$seed" "${start[@]}" "${resume[@]}" >/dev/null
    "$trainer" evaluate --data "$runs/sets/all" --test "$runs/sets/test" --run "$run" >/dev/null
    "$trainer" steadiness --data "$runs/sets/test" --run "$run" >/dev/null
  done
}


from=${SHIPPED:-pkg/weights}
margin=$(node -p "JSON.parse(fs.readFileSync('$from/manifest.json')).contract.margin")
shipped=(--shipped "$from" --margin "$margin")
row everything "" "${shipped[@]}"
row without-tone "tone = false; wear = false; colours = true" "${shipped[@]}"
row without-agreement "agreement = false" "${shipped[@]}"
row without-teaching "teach = 0.0" "${shipped[@]}"
row with-map "map = 0.3" "${shipped[@]}"
row with-variance "variance = 0.3" "${shipped[@]}"
row with-patches "patches = true" "${shipped[@]}"
row without-twins "steady = 0.0" "${shipped[@]}"
row without-detail "detail = 0.0" "${shipped[@]}"
row dense-average 'averaging = "dense"' "${shipped[@]}"
row last-weights 'averaging = "none"' "${shipped[@]}"
for other in 1.5 2; do
  [ "$other" = "$margin" ] || row "margin-$other" "" --shipped "$from" --margin "$other"
done
row from-he ""
row from-l1 "warmup_epochs = ${EPOCHS:-2}" pretrain
row from-pdgan "" pretrain
node scripts/study.js "$runs" "${seeds[@]}" >"$runs/study.md"
say "$runs/study.md"
