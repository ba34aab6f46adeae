# make demo    builds the program and syncs a simulated tenant, with a report in target/demo.html
# make test    runs all tests
# make test-under-load TIMES=3
#              runs all tests next to two busy loops, three times in a row. TESTS='--test simulator' selects some
# make build   leaves target/release/intune-sync, and the standalone components in dist/
# make runtimes
#              runs the composed components on each WebAssembly runtime on this machine, and compares them with the
#              program: a line for each runtime. RUNTIME=jco selects one
# make browser looks at the report of a run in Chromium: light, dark, printed, on a phone, from the keyboard, with axe
# make simulation
#              runs the core against 100,000 random tenants on virtual time (`make test` takes 2,000)
# make replay SEED=17
#              one of these again, with everything that was drawn and everything that happened
# make custody gives the gate and custody a million generated requests and pages, and compares them with an independent
#              rule (`make test` takes a tenth)
# make crash   kills runs at a thousand moments, and resumes each (`make test` takes 100)
# make bench   measures the program and the rate controller, and writes docs/benchmarks.md
# make docs    rewrites what the documentation shows of the program: settings, flags, fields, messages, some outputs;
#              and the JSON Schema of the config file
# make picture draws docs/run.svg from a run of the demo, and quota.svg, use.svg and throttled.svg from
#              docs/benchmarks.md
# make mutants changes the gates and the rate controller, one place at a time, and lists what no test notices
# make fuzz    gives each fuzz target a minute of inputs. TARGET=sync_gate selects one, FOR=600 is its time in seconds
# make lint    spelling, words, links, style, formatting, clippy, licences and advisories
# make reproducible
#              builds the components twice in different folders, and compares the bytes
# make dist    makes everything that is released into dist/: binaries of each system, packed in each way
# make dist-check
#              tests what `make dist` has made: on an old glibc, aarch64, Wine, each Python, installed and removed
#
# Each sets up what it needs. None needs Azure, nor the internet beyond the package registries.

CARGO ?= cargo
# One selection and one profile everywhere: any other would build wasmtime a second time.
FLAGS = --release --workspace --locked

.PHONY: demo build test test-under-load runtimes browser simulation replay custody crash bench docs picture mutants fuzz lint reproducible dist dist-check setup node chromium
.DEFAULT_GOAL := build

demo: build
	@target/release/intune-sync demo --report target/demo.html || [ $$? -eq 3 ]

build: setup
	$(CARGO) build $(FLAGS) --exclude intune-sync-hostile --exclude intune-sync-plain-host

test: setup node chromium
	$(CARGO) test $(FLAGS)

test-under-load: setup node chromium
	$(CARGO) test $(FLAGS) --no-run
	@TIMES=$(TIMES) .ci/under-load $(CARGO) test $(FLAGS) $(TESTS)

runtimes: setup node
	@$(CARGO) test $(FLAGS) --quiet --test runtimes -- $(RUNTIME)

browser: setup chromium
	@$(CARGO) test $(FLAGS) --quiet --test browser

simulation: setup
	INTUNE_SYNC_SEEDS=100000 $(CARGO) test $(FLAGS) --test seeds

replay: setup
	INTUNE_SYNC_SEED=$(or $(SEED),$(error which one? SEED=17)) $(CARGO) test $(FLAGS) --test seeds everything -- --nocapture

custody: setup
	INTUNE_SYNC_GENERATED=1000000 $(CARGO) test $(FLAGS) --test harnesses

crash: setup
	INTUNE_SYNC_KILLS=1000 $(CARGO) test $(FLAGS) --test end_to_end -- crash::

bench: build
	INTUNE_SYNC_MEASURE=50000 $(CARGO) test $(FLAGS) --lib tests::cost::cost -- --nocapture > target/sandbox-cost
	target/release/intune-sync-bench target/release/intune-sync target/sandbox-cost docs/benchmarks.md
	.ci/plot docs/benchmarks.md docs/quota.svg
	.ci/plot-quotas docs/benchmarks.md docs/use.svg docs/throttled.svg

docs: setup
	INTUNE_SYNC_WRITE_DOCS=1 $(CARGO) test $(FLAGS) --test reference
	INTUNE_SYNC_WRITE_SCHEMA=1 $(CARGO) test $(FLAGS) --lib commands::config::schema
	INTUNE_SYNC_WRITE_DOCS=1 $(CARGO) test $(FLAGS) --test end_to_end -- docs:: --test-threads 1

picture: build
	.ci/picture target/release/intune-sync docs/run.svg
	.ci/plot docs/benchmarks.md docs/quota.svg
	.ci/plot-quotas docs/benchmarks.md docs/use.svg docs/throttled.svg

# In debug builds, which compile fastest; the tests with random cases take fewer of them.
mutants: export CARGO_PROFILE_DEV_DEBUG = none
mutants: export PROPTEST_CASES = 500
mutants: setup
	@if command -v cargo-mutants >/dev/null; then .ci/mutants; \
	else echo "mutants: skipped, since cargo-mutants is not installed (\`cargo install cargo-mutants\`)"; fi

fuzz: setup
	@.ci/fuzz "$(TARGET)" "$(or $(FOR),60)"

lint: setup
	.ci/typos
	.ci/words
	.ci/links
	.ci/style
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(FLAGS) --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --package intune-sync-engine --target wasm32-unknown-unknown -- -D warnings
	$(CARGO) clippy --release --locked --package intune-sync-managed-identity --package intune-sync-notify \
		--package intune-sync-service --package intune-sync-job --target wasm32-unknown-unknown -- -D warnings
	$(CARGO) clippy --release --locked --package intune-sync-hostile --examples --no-default-features --features guest \
		--target wasm32-unknown-unknown -- -D warnings
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --workspace check; \
	else echo "lint: skipped cargo deny, which is not installed (\`cargo install cargo-deny\`)"; fi

reproducible: setup
	@.ci/reproducible

dist: build
	@.ci/dist/all

dist-check:
	@.ci/dist/check

setup: target/setup.mk

# What .ci/setup finds out about the machine; make reads it once it exists.
target/setup.mk: .ci/setup rust-toolchain.toml
	@.ci/setup $@

node: target/node/installed

target/node/installed: .ci/setup-node $(addprefix deploy/node/,package.json package-lock.json confine.js)
	@.ci/setup-node $(@D)

chromium: target/browser/installed

target/browser/installed: .ci/setup-browser $(addprefix tests/browser/,package.json package-lock.json)
	@.ci/setup-browser $(@D)

-include target/setup.mk
