#!/usr/bin/env bash
# What is in the npm package and in the crate, as CycloneDX: target/sbom/npm.cdx.json, target/sbom/crate-*.cdx.json.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

out=${CARGO_TARGET_DIR:-$root/target}/sbom
mkdir -p "$out"
cd "$root"

npm sbom --sbom-format cyclonedx --package-lock-only --workspace pkg --omit dev >"$out/npm.cdx.json" || fail "npm sbom failed: read its message above."

tool=$(cargo_tool cargo-cyclonedx 0.5.9) # The CycloneDX project's own; npm has its own command.
# It writes beside each Cargo.toml. What ships is the root crate for wasm, with either engine.
for feature in web webgpu; do
  PATH=$tool:$PATH cargo cyclonedx --format json --target "$wasm_target" --features "$feature" --override-filename sbom-crate ||
    fail "cargo-cyclonedx failed: read its message above."
  mv sbom-crate.json "$out/crate-$feature.cdx.json"
  find . -name sbom-crate.json -not -path './node_modules/*' -not -path './target/*' -delete
done
say "wrote $(cd "$out" && echo *.cdx.json) to $out"
