#!/usr/bin/env bash
# Writes the lock files of the examples and of the tests' own apps: every dependency but the package itself, which tests install
# from a tarball. No registry is named, so that the files work behind any mirror. A new app needs an empty one: touch package-lock.json.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for lock in "$root"/www/examples/*/package-lock.json "$root"/tests/{vite/*,runners}/package-lock.json; do
  app=$(dirname "$lock")
  node -e '
    const manifest = JSON.parse(require("fs").readFileSync(process.argv[1]));
    delete manifest.dependencies["bonafide-liveness"];
    process.stdout.write(JSON.stringify(manifest));' "$app/package.json" >"$work/package.json"
  if [ -s "$lock" ]; then cp "$lock" "$work/package-lock.json"; else rm -f "$work/package-lock.json"; fi
  (cd "$work" && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error)
  cp "$work/package-lock.json" "$lock"
  say "$lock"
done
