# The only entry points. `make demo` and `make test` set up what is missing (scripts/toolchain.sh) and build what is stale.
#
#   make demo    the demo, the playground and the documentation, served at a printed address
#   make test    everything that must pass: lint, native tests, both wasm modules, the page in a real browser
#   make build   the npm package (pkg/dist) and the site (www/dist)
#   make lint    formatting, clippy (CUDA and Vulkan code included), licences, types
#   make bench   ours against ONNX Runtime Web in one browser: times, memory, download sizes; writes README's table
#   make e2e     the browser tests alone, on what is built
#   make package-check  what the package exports, its types and its size, on what is built
#   make types   pkg/src/generated.ts again, after a change to what the engine answers
#   make locks   the lock files of the examples and of the tests' apps again, after a change to their package.json
#   make licences  the licences of what is compiled into the modules (pkg/THIRD-PARTY-LICENSES.txt), after a change to Cargo.lock
#   make signals  which injection signals fire on which source: the table in SECURITY.md; CHECKS of each (default 10)
#   make soak    checks over and over with random faults, for MINUTES (default 30): memory, leaks, failures
#   make sbom    what is in the npm package and the crate, as CycloneDX (target/sbom)
#   make reproduce-wasm  builds the CPU module twice in different folders and compares the bytes; takes two whole builds
#   make pictures  the README's pictures (www/pictures)
#   make train   the shipped weights and MODEL_CARD.md again, from DATA (folders of bona fide photos; see scripts/train.sh)
#   make study   small trainings that each change one thing: what matters, what carries over (see scripts/study.sh)
#   make bench-train  a training step on the CPU against PyTorch; PYTHON names an interpreter that has torch
#   make test-cuda  what needs an NVIDIA GPU; builds with CUDA, for which burn downloads an LLVM
#   make fuzz    every parser fed with damaged input for SECONDS (60) each; needs cargo-fuzz
#   make clean   forgets every build
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: toolchain demo test build wasm package package-check types locks licences www lint native trainer e2e bench signals soak sbom reproduce-wasm pictures bench-train train study test-cuda fuzz clean

target := $(or $(CARGO_TARGET_DIR),target)
PORT ?= 4173

toolchain:
	@scripts/toolchain.sh

demo: www
	npm run --silent --workspace www preview -- --port $(PORT)

# In this order: the cheapest objection first, and each thing built once.
test: toolchain
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory native
	@$(MAKE) --no-print-directory www
	@$(MAKE) --no-print-directory package-check
	@$(MAKE) --no-print-directory e2e
	@echo "every test passed"

build: www

wasm: toolchain
	@scripts/build-wasm.sh cpu
	@scripts/build-wasm.sh webgpu

package: wasm
	cp LICENSE-MIT LICENSE-APACHE NOTICES.md pkg/
	@# Files of an older layout would ship too.
	@find pkg/dist -mindepth 1 -maxdepth 1 ! -name wasm -exec rm -rf {} +
	npm run --silent --workspace pkg build

package-check:
	npm run --silent --workspace pkg check

# By itself, see the feature in core/Cargo.toml.
types = cargo test --release -p bonafide-core --features typescript --lib answers
types:
	WRITE_TYPES=1 $(types)

locks:
	@scripts/lock-examples.sh

licences:
	@scripts/licences.sh

www: package
	npm run --silent --workspace www build

# DOCS_RS keeps a dependency of CUDA from downloading LLVM: enough to check types, not to link.
lint:
	cargo fmt --all --check
	DOCS_RS=1 cargo clippy --release --workspace --all-targets --features bonafide/cli,bonafide-core/typescript,trainer/cuda,trainer/wgpu,trainer/onnx -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --all-features --log-level error check licenses bans sources; else echo "cargo-deny is not installed: licences and sources unchecked"; fi
	@scripts/licences.sh check
	@! grep -nE '"resolved": "https?:' package-lock.json www/examples/*/package-lock.json tests/vite/*/package-lock.json tests/runners/package-lock.json || { echo "a lock file names a registry: run npm install again with this folder's .npmrc, or make locks"; exit 1; }

native: trainer
	cargo test --release --workspace --features bonafide/cli
	$(types)

# Together with the other programs, with the features of `native`: another set would build burn again.
trainer:
	cargo build --release --workspace --bins --features bonafide/cli

e2e: trainer
	@source scripts/env.sh; CHROMIUM="$$(find_chromium)" FIREFOX="$$(find_firefox)" WEBKIT="$$(find_webkit)" TRAINER="$$(cd "$(target)" && pwd)/release/trainer" node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec tests/e2e/*.test.js

# BENCH="--frames 10000" for the long look at memory; tests/e2e/bench.js has the other options.
bench: www
	cargo run --release -p trainer --features onnx -- export-onnx --out "$(target)/onnx"
	@source scripts/env.sh; CHROMIUM="$$(find_chromium)" ONNX="$$(cd "$(target)/onnx" && pwd)" node tests/e2e/bench.js $(BENCH)

signals: www
	@source scripts/env.sh; CHROMIUM="$$(find_chromium)" node tests/e2e/signals.js

soak: www
	@source scripts/env.sh; CHROMIUM="$$(find_chromium)" node tests/e2e/soak.js

sbom: toolchain
	@scripts/sbom.sh

reproduce-wasm: toolchain
	@scripts/reproduce-wasm.sh

pictures: www
	@source scripts/env.sh; CHROMIUM="$$(find_chromium)" node tests/e2e/readme.js

train: trainer
	@scripts/train.sh

study: trainer
	@scripts/study.sh

PYTHON ?= python3
bench-train: trainer
	@$(PYTHON) -c 'import torch' 2>/dev/null || { echo "PyTorch is missing: python3 -m venv venv && venv/bin/pip install torch, then make bench-train PYTHON=venv/bin/python"; exit 1; }
	@$(PYTHON) tests/bench/train.py "$(target)/release/trainer"

test-cuda:
	cargo test --release -p trainer --features cuda --test cuda -- --nocapture

SECONDS ?= 60
fuzz:
	@scripts/fuzz.sh $(SECONDS)

clean:
	rm -rf $(target) pkg/build pkg/dist www/dist
