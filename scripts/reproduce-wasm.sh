#!/usr/bin/env bash
# Builds the CPU module twice, from copies of the committed tree in two folders and with two target folders, and compares the
# files: the same machine and toolchain must give the same bytes. Takes two whole builds.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

[ -z "$(git -C "$root" status --porcelain -- src core kernels Cargo.toml Cargo.lock scripts/build-wasm.sh)" ] || fail "commit src, core, kernels and Cargo files first: what is compared is the committed tree."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in first second/and-deeper; do
  mkdir -p "$work/$copy/pkg/dist/wasm"
  git -C "$root" archive HEAD | tar -x -C "$work/$copy"
  CARGO_TARGET_DIR=$work/$copy/target "$work/$copy/scripts/build-wasm.sh" cpu
done
cd "$work"
sha256sum first/pkg/dist/wasm/bonafide_cpu_bg.wasm second/and-deeper/pkg/dist/wasm/bonafide_cpu_bg.wasm
cmp first/pkg/dist/wasm/bonafide_cpu_bg.wasm second/and-deeper/pkg/dist/wasm/bonafide_cpu_bg.wasm || fail "two builds of one tree differ."
! grep -aoE -m1 "$work[^[:space:]]{0,80}" first/pkg/dist/wasm/bonafide_cpu_bg.wasm || fail "the module names the folder that it was built in (above)."
say "two builds, the same bytes"
