#!/usr/bin/env bash
# Every fuzz target for a number of seconds, from valid input and from what earlier runs found: scripts/fuzz.sh SECONDS [TARGET...]
# What breaks a rule is written to fuzz/artifacts and ends it.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

each=${1:?usage: scripts/fuzz.sh SECONDS [TARGET...]}
shift
cd "$root"
have cargo-fuzz || fail "cargo-fuzz is missing: run 'cargo install cargo-fuzz', then this again."
have c++ || fail "a C++ compiler is missing, for libFuzzer: install Debian's g++, then run this again."

target=${CARGO_TARGET_DIR:-$root/target}
say "the seeds"
cargo test --quiet --release -p bonafide-hostile --test parsers >/dev/null || fail "damaged input already breaks a rule: run 'cargo test --release -p bonafide-hostile'."
seeds=$target/tmp/seeds
assets=$root/node_modules/@mediapipe/face_mesh/face_mesh_solution_packed_assets.data
mkdir -p "$seeds/model"
# face_detection_short_range.tflite in it, see trainer/src/weights/mediapipe.rs.
if [ -f "$assets" ]; then tail -c +3757225 "$assets" | head -c 229032 >"$seeds/model/0"; fi

# The address sanitizer is a nightly option; stable takes it when asked like this. In a folder of its own, since everything
# that is built with it differs.
export RUSTC_BOOTSTRAP=1
[ $# -gt 0 ] || set -- $(cargo fuzz list)
for parser in "$@"; do
  say "fuzzing $parser for $each seconds"
  mkdir -p "fuzz/corpus/$parser" "$seeds/$parser"
  cargo fuzz run --target-dir "$target/fuzz" "$parser" "fuzz/corpus/$parser" "$seeds/$parser" -- -max_total_time="$each" -timeout=20 -print_final_stats=1
done
say "no target broke a rule"
