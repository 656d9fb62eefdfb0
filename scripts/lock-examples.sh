#!/usr/bin/env bash
# Writes the examples' lock files: every dependency but the package itself, which tests install from a tarball. No registry
# is named, so that the files work behind any mirror.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for lock in "$root"/www/examples/*/package-lock.json; do
  app=$(dirname "$lock")
  node -e '
    const manifest = JSON.parse(require("fs").readFileSync(process.argv[1]));
    delete manifest.dependencies["bonafide-liveness"];
    process.stdout.write(JSON.stringify(manifest));' "$app/package.json" >"$work/package.json"
  cp "$lock" "$work/package-lock.json"
  (cd "$work" && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error)
  cp "$work/package-lock.json" "$lock"
  say "$lock"
done
