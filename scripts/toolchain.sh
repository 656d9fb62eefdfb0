#!/usr/bin/env bash
# Finds, or installs, what building and testing need. Runs again in a second once all is there.
#   scripts/toolchain.sh          everything
#   scripts/toolchain.sh native   Rust only: enough to train, evaluate and score
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

wanted=${1:-all}
case $wanted in all | native) ;; *) fail "usage: scripts/toolchain.sh [native]" ;; esac

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else return 1; fi
}

# Debian packages; the index is refreshed only if it does not know them.
apt_install() {
  have apt-get || return 1
  say "installing $* (Debian packages)"
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
  as_root "${quiet[@]}" "$@" >/dev/null 2>&1 && return
  as_root apt-get update -qq >/dev/null 2>&1 || true
  as_root "${quiet[@]}" "$@" >/dev/null
}

rust() {
  have cargo && have rustc || fail "Rust is missing: install it from rustup.rs, then run this again."
  cargo --version >/dev/null 2>&1 || fail "cargo does not start: 'rustup default stable' chooses a toolchain."
  local want have_version
  want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
  have_version=$(rustc --version | cut -d' ' -f2)
  [ "$(printf '%s\n' "$want" "${have_version%%-*}" | sort -V | head -1)" = "$want" ] ||
    fail "rustc $have_version is too old, $want is needed: run 'rustup update stable'."
  say "rustc $have_version"
}

wasm_std() {
  local route
  route=$(wasm_route)
  if [ -z "$route" ] && have rustup; then
    say "adding the wasm32 standard library (rustup)"
    rustup target add "$wasm_target" >/dev/null 2>&1 || say "rustup could not fetch it; building it from Debian's sources instead"
    route=$(wasm_route)
  fi
  if [ -z "$route" ] && have rustup; then
    if [ ! -d /usr/lib/rustlib/src/rust/library ] || ! [ -x /usr/bin/cargo ]; then
      apt_install rustc-web cargo-web rust-web-src ||
        fail "no wasm32 standard library: run 'rustup target add $wasm_target' with an open network, or install Debian's rustc-web cargo-web rust-web-src."
    fi
    rustup toolchain link deb /usr || fail "rustup could not link Debian's Rust: run 'rustup toolchain link deb /usr' and read its message."
    route=$(wasm_route)
  fi
  [ -n "$route" ] || fail "no wasm32 standard library: install rustup and run 'rustup target add $wasm_target'."
  say "wasm32 standard library: $route"
}

bindgen() {
  [ -n "$(wasm_bindgen)" ] || cargo_tool wasm-bindgen-cli "$wasm_bindgen_version" >/dev/null
  say "wasm-bindgen: $(wasm_bindgen)"
}

node_packages() {
  have node && have npm || fail "Node.js is missing: install version 20.19 or later with npm (nodejs.org), then run this again."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: 20.19 or later is needed."
  local stamp=$root/node_modules/.installed-from
  if ! cmp -s "$root/package-lock.json" "$stamp"; then
    say "installing node packages"
    (cd "$root" && npm ci --no-progress --loglevel=error) || fail "npm ci failed: read its message above; the network or package-lock.json is at fault."
    cp "$root/package-lock.json" "$stamp"
  fi
  say "node $(node --version)"
}

browser() {
  if [ -z "$(find_chromium)" ]; then
    apt_install chromium || fail "no Chromium: install Chromium or Chrome, or set CHROMIUM to the program's path."
  fi
  say "browser: $(find_chromium)"
}

# The package is made for it too.
gecko() {
  if skips firefox; then
    say "the tests in Firefox are skipped, as SKIP says"
    return
  fi
  if [ -z "$(find_firefox)" ]; then
    apt_install firefox-esr || fail "no Firefox: install Debian's firefox-esr, set FIREFOX to the program's path, or leave its tests out with SKIP=firefox."
  fi
  say "browser: $(find_firefox)"
}

# The engine of Safari, and a screen for it.
webkit() {
  if skips webkit; then
    say "the tests in WebKit are skipped, as SKIP says"
    return
  fi
  if [ -z "$(find_webkit)" ] || ! have Xvfb; then
    apt_install webkit2gtk-driver xvfb || fail "no WebKit: install Debian's webkit2gtk-driver and xvfb, set WEBKIT to the driver's path, or leave its tests out with SKIP=webkit."
  fi
  say "browser: $(find_webkit)"
}

# Data sets of videos are read through it.
video() {
  if skips ffmpeg; then
    say "the tests of videos are skipped, as SKIP says"
    return
  fi
  if ! have ffmpeg || ! have ffprobe; then
    apt_install ffmpeg || fail "no ffmpeg: install version 5.1 or later, or leave the tests of videos out with SKIP=ffmpeg."
  fi
  say "$(ffmpeg -version | sed -n '1s/ Copyright.*//p')"
}

mkdir -p "$cache" || fail "cannot write to $cache: set BONAFIDE_CACHE to a folder that can be written."
rust
if [ "$wanted" = all ]; then
  wasm_std
  node_packages
  browser
  gecko
  webkit
  video
  bindgen
fi
