#!/usr/bin/env bash
# What is in the npm package and in the crate, as CycloneDX: target/sbom/npm.cdx.json, target/sbom/crate-*.cdx.json.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

version=0.5.9 # cargo-cyclonedx, the CycloneDX project's own; npm has its own command.
tool=$cache/tools/cargo-cyclonedx-$version
out=${CARGO_TARGET_DIR:-$root/target}/sbom
mkdir -p "$out"
cd "$root"

npm sbom --sbom-format cyclonedx --package-lock-only --workspace pkg --omit dev >"$out/npm.cdx.json" || fail "npm sbom failed: read its message above."

if ! [ -x "$tool/bin/cargo-cyclonedx" ]; then
  say "building cargo-cyclonedx $version (some minutes, once)"
  install=(cargo install cargo-cyclonedx --version "$version" --quiet --root "$tool" --target-dir "$cache/tools/build")
  "${install[@]}" --locked 2>/dev/null || "${install[@]}" || fail "cargo-cyclonedx $version did not build: read cargo's message above."
  rm -rf "$cache/tools/build"
fi
# It writes beside each Cargo.toml. What ships is the root crate for wasm, with either engine.
for feature in web webgpu; do
  PATH=$tool/bin:$PATH cargo cyclonedx --format json --target "$wasm_target" --features "$feature" --override-filename sbom-crate ||
    fail "cargo-cyclonedx failed: read its message above."
  mv sbom-crate.json "$out/crate-$feature.cdx.json"
  find . -name sbom-crate.json -not -path './node_modules/*' -not -path './target/*' -delete
done
say "wrote $(cd "$out" && echo *.cdx.json) to $out"
