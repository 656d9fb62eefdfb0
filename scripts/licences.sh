#!/usr/bin/env bash
# The licences of all that is compiled into the WebAssembly modules, with their texts: pkg/THIRD-PARTY-LICENSES.txt.
#   scripts/licences.sh          writes the file
#   scripts/licences.sh check    compares the crates that it lists with those that are compiled in; needs no cargo-about
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

file=pkg/THIRD-PARTY-LICENSES.txt
feature=webgpu # The larger module: all that the CPU's is made from, and more.
cd "$root"

case ${1:-} in
  '')
    # It reads licences from the crates' own sources, takes features and targets as cargo does, and has a list of what is accepted.
    tool=$(cargo_tool cargo-about 0.9.3 --features cli)
    # With all sources here it asks no other place for texts: the same lock file gives the same file anywhere.
    cargo fetch --locked --quiet || fail "cargo fetch failed: read its message above."
    say "reading the licences (a minute)"
    text=$(mktemp)
    PATH=$tool:$PATH cargo about generate --locked --offline --fail --features $feature --output-file "$text" scripts/licences.hbs ||
      fail "cargo-about failed: read its message above."
    # No addresses of people. Some crates have no file of their own, and their licence's text leaves open who wrote them.
    sed -E -e '/^  .*, by /{s/ ?<?[^ <,(]+@[^ >,]+>?//g; s/, by$//; }' \
      -e 's/^Copyright \(c\) <year> <copyright holders>$/Copyright (c) the authors of the crates named above/' -e 's/[[:space:]]+$//' "$text" >"$file"
    rm "$text"
    say "wrote $file"
    ;;
  check)
    licences() { sed -n "/^$1 = \[/,/^\]/p" "$2" | grep -o '"[^"]*"'; }
    diff <(licences allow deny.toml) <(licences accepted about.toml) || fail "about.toml accepts other licences than deny.toml: write the same list into both."
    listed=$(sed -nE '/^=/q; s/^  ([^ ]+ [^ ]+) \(.*/\1/p' "$file" | sort -u)
    # Ours, which are paths, have the package's own licence.
    used=$(cargo tree --locked --package bonafide --features $feature --target "$wasm_target" --edges normal --prefix none --format '{p}' |
      sed -nE '/ \(\//d; s/^([^ ]+) v([^ ]+).*/\1 \2/p' | sort -u)
    diff <(echo "$listed") <(echo "$used") || fail "$file does not list what is compiled in (< listed, > used): run make licences."
    ;;
  *) fail "usage: scripts/licences.sh [check]" ;;
esac
