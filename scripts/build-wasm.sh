#!/usr/bin/env bash
# Rust -> one of the two WebAssembly modules in pkg/dist/wasm: scripts/build-wasm.sh cpu|webgpu
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

case ${1:-} in
  cpu) feature=web ;;
  webgpu) feature=webgpu ;;
  *) fail "usage: scripts/build-wasm.sh cpu|webgpu" ;;
esac
name=bonafide_$1
out=$root/pkg/dist/wasm
bindgen=$(wasm_bindgen)
[ -n "$bindgen" ] || fail "wasm-bindgen $wasm_bindgen_version is missing: run scripts/toolchain.sh."

cargo=(cargo)
extra=()
case $(wasm_route) in
  std) ;;
  sources)
    # Debian ships the standard library's sources, not the library; building it is a nightly feature that
    # RUSTC_BOOTSTRAP unlocks. Its linker is not packaged either: rustup's toolchain has one.
    cargo=(cargo +deb)
    extra=(-Zbuild-std=std,panic_abort)
    export RUSTC_BOOTSTRAP=1
    linker=$(compgen -G "$(rustc --print sysroot)/lib/rustlib/*/bin/rust-lld" | head -1) || fail "rustup's toolchain has no rust-lld: run 'rustup update stable'."
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
    ;;
  *) fail "no wasm32 standard library: run scripts/toolchain.sh." ;;
esac
# No path of this clone in here: another clone would build every dependency anew.
export RUSTFLAGS="-C target-feature=+simd128"

# A target folder for each module: cargo gives both the same file name, and in one folder each build would undo the
# other, which costs minutes of link-time optimisation every time.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/wasm-$1
built=$CARGO_TARGET_DIR/$wasm_target/web/bonafide.wasm
cd "$root"
say "building $name (the first time takes 6 minutes for cpu, 20 for webgpu; afterwards seconds to a few minutes)"
"${cargo[@]}" rustc -p bonafide --lib --crate-type cdylib --profile web --target "$wasm_target" --features "$feature" "${extra[@]}" ||
  fail "$name did not compile: read cargo's message above."

# No path of its own to the .wasm: the package's code says where it is, and the bundled worker lies elsewhere.
flags=(--target web --no-typescript --omit-default-module-path --remove-name-section --remove-producers-section)
fingerprint="$wasm_bindgen_version ${flags[*]} $(sha256sum <"$built")"
stamp=$out/.$name
if [ -f "$out/${name}_bg.wasm" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ]; then
  say "$name is up to date"
else
  # No wasm-opt: it makes the raw file smaller and the compressed one, which travels, larger (measured).
  "$bindgen" "${flags[@]}" --out-dir "$out" --out-name "$name" "$built" || fail "wasm-bindgen refused the module: read its message above."
  echo "$fingerprint" >"$stamp"
fi
# What a download's progress is measured against: a server that compresses tells another size.
bytes=$(wc -c <"$out/${name}_bg.wasm" | tr -d ' ')
echo "export default $bytes;" >"$out/${name}_size.js"
say "$name: $bytes bytes"
