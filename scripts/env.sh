#!/usr/bin/env bash
# What the other scripts share: where tools live, which versions, which way to a wasm32 standard library. Sourced.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${BONAFIDE_CACHE:-${HOME:?set HOME or BONAFIDE_CACHE}/.cache/bonafide}
wasm_target=wasm32-unknown-unknown

# glibc would hand a training step's buffers back to the system and ask for them again (a tenth of the step).
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=4000000000

say() { printf '\033[1m%s\033[0m\n' "bonafide: $*"; }
fail() { printf '\033[1mbonafide: %s\033[0m\n' "$*" >&2; exit 1; }
# Programs alone: a shell function of that name is none.
have() { type -P "$1" >/dev/null; }
# SKIP="firefox webkit ffmpeg" leaves out the tests that need them; nothing else does.
skips() { [[ " ${SKIP:-} " = *" $1 "* ]]; }

# The command-line tool must equal the library that Cargo.lock pins, or wasm-bindgen refuses the module.
wasm_bindgen_version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' "$root/Cargo.lock")
[ -n "$wasm_bindgen_version" ] || fail "Cargo.lock names no wasm-bindgen: restore Cargo.lock from git."

wasm_bindgen() {
  if have wasm-bindgen && [ "$(wasm-bindgen --version)" = "wasm-bindgen $wasm_bindgen_version" ]; then
    command -v wasm-bindgen
  elif [ -x "$cache/tools/wasm-bindgen-$wasm_bindgen_version/bin/wasm-bindgen" ]; then
    echo "$cache/tools/wasm-bindgen-$wasm_bindgen_version/bin/wasm-bindgen"
  fi
}

# A cargo command of a pinned version, built once into the cache: CRATE VERSION [more for cargo install] -> its folder.
cargo_tool() {
  # wasm-bindgen-cli gives wasm-bindgen.
  local at=$cache/tools/${1%-cli}-$2
  if ! [ -d "$at/bin" ]; then
    say "building $1 $2 (some minutes, once)" >&2
    local install=(cargo install "$1" --version "$2" "${@:3}" --quiet --root "$at" --target-dir "$cache/tools/build")
    # Its own lock file first; a registry mirror that lags behind may lack one of those exact versions.
    "${install[@]}" --locked 2>/dev/null || "${install[@]}" >&2 ||
      fail "$1 $2 did not build: read cargo's message above; 'cargo install $1 --version $2' must work."
    rm -rf "$cache/tools/build"
  fi
  echo "$at/bin"
}

# "std" if the active toolchain carries the wasm32 standard library, "sources" if Debian's toolchain can build it.
# BONAFIDE_WASM_ROUTE chooses by hand, for testing the one that this machine would not take.
wasm_route() {
  if [ -n "${BONAFIDE_WASM_ROUTE:-}" ]; then
    echo "$BONAFIDE_WASM_ROUTE"
  elif compgen -G "$(rustc --print sysroot)/lib/rustlib/$wasm_target/lib/libstd-*.rlib" >/dev/null; then
    echo std
  elif have rustup && rustup toolchain list | grep -q '^deb\b' && [ -d "$(rustc +deb --print sysroot)/lib/rustlib/src/rust/library" ]; then
    echo sources
  fi
}

# The program that VARIABLE names, or the first NAME that is installed; nothing if none is: VARIABLE WHAT NAME...
find_program() {
  local named=${!1:-} name
  if [ -n "$named" ]; then
    [ -x "$named" ] || fail "$1=$named is no program: point it to $2, or unset it."
    echo "$named"
    return
  fi
  for name in "${@:3}"; do
    if have "$name"; then type -P "$name"; return; fi
  done
}

find_firefox() { find_program FIREFOX "a Firefox" firefox-esr firefox; }
find_webkit() { find_program WEBKIT "a WebKitWebDriver" WebKitWebDriver; }

find_chromium() {
  local found mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
  found=$(find_program CHROMIUM "a Chromium or Chrome" chromium chromium-browser google-chrome-stable google-chrome) || return
  if [ -z "$found" ] && [ -x "$mac" ]; then found=$mac; fi
  [ -z "$found" ] || echo "$found"
}
