# make demo    builds the program and syncs a simulated tenant
# make test    runs all tests
# make build   leaves target/release/intune-sync
# make lint    formatting, clippy, licences and advisories
# make reproducible
#              builds the component twice in different folders, and compares the bytes
#
# Each sets up what it needs. Neither needs Azure, nor the internet beyond rustup's and cargo's registries.

CARGO ?= cargo
# One selection and one profile everywhere: another one would build wasmtime a second time.
FLAGS = --release --workspace --locked

.PHONY: demo build test lint reproducible setup
.DEFAULT_GOAL := build

demo: build
	@target/release/intune-sync demo || [ $$? -eq 3 ]

build: setup
	$(CARGO) build $(FLAGS) --exclude intune-sync-hostile

test: setup
	$(CARGO) test $(FLAGS)

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(FLAGS) --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --package intune-sync-engine --target wasm32-unknown-unknown -- -D warnings
	$(CARGO) clippy --release --locked --package intune-sync-hostile --examples --no-default-features --features guest \
		--target wasm32-unknown-unknown -- -D warnings
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --workspace check; \
	else echo "lint: skipped cargo deny, which is not installed (\`cargo install cargo-deny\`)"; fi

reproducible: setup
	@.ci/reproducible

setup: target/setup.mk

# What .ci/setup finds out about the machine; make reads it once it is there.
target/setup.mk: .ci/setup rust-toolchain.toml
	@.ci/setup $@

-include target/setup.mk
