# The commands of this repository. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

CARGO ?= cargo
export PATH := $(CURDIR)/.tools/bin:$(PATH)

# Arguments of `make bench`.
ARGS ?=

# How many seeds `make accuracy` tries.
RUNS ?= 10

# For how long `make fuzz` runs each of its targets, and `make test` does.
FUZZ_SECONDS ?= 300
FUZZ_SHORTLY := 5

# Where `make run` keeps its data: a new folder in data/ each time, unless one is given; and where it listens.
DATA ?=
LISTEN ?=

# Tests run with nextest where it is installed; documentation tests always with cargo.
NEXTEST := $(shell command -v cargo-nextest)
step = @printf '\n== %s  [%s]\n' '$(1)' "$$(date +%T)"

.PHONY: help
help: ## lists the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

.PHONY: build
build: engine ## fetches the ClickHouse engine once and makes target/release/trunkline
	$(CARGO) build --release --locked

.PHONY: run
run: build ## a made-up company: 30 days of history, a first report, then live (DATA=folder goes on with an earlier one, LISTEN=127.0.0.1:8081)
	@exec target/release/trunkline demo $(if $(DATA),--data '$(abspath $(DATA))') $(if $(LISTEN),--listen '$(LISTEN)')

.PHONY: test
test: setup check-format check-shell lint docs build test-rooms fuzz-shortly test-doors deny ## checks everything; says what is missing
	$(call step,everything passed)

.PHONY: fmt
fmt: ## formats the code
	$(CARGO) fmt --all

.PHONY: bench
bench: build ## measures the speed as ratios to floors taken in the same run (ARGS="--only P9,P11"; ARGS=--help)
	@deploy/setup-peers
	$(CARGO) run --quiet --release --locked -p benches -- $(ARGS)

.PHONY: accuracy
accuracy: ## how right attributions are on simulated sites, by the size of the pool (RUNS=40 seeds)
	TRUNKLINE_RUNS='$(RUNS)' $(CARGO) test --quiet --workspace --test accuracy --locked -- --nocapture --test-threads 1

.PHONY: fuzz
fuzz: ## looks for bytes that harm what reads from outside, five minutes for each door (FUZZ_SECONDS=3600)
	$(call step,fuzzing)
	@deploy/fuzz $(FUZZ_SECONDS)

.PHONY: pictures
pictures: setup build ## pictures of the boards into docs/pictures/, made by the real program in a headless browser
	TRUNKLINE_PICTURES='$(CURDIR)/docs/pictures' $(CARGO) test --workspace --test e2e --locked -- board::a_person board::calls::a_person board::connections::a_person board::sources::a_marketer

.PHONY: references
references: build ## writes the references of configuration, metrics and providers in docs/ anew, from the code
	TRUNKLINE_REFERENCES=write $(CARGO) test --quiet -p trunkline --locked tests::the_reference
	TRUNKLINE_REFERENCES=write $(CARGO) test --quiet --workspace --test e2e --locked conformance::every_adapter

.PHONY: clean-data
clean-data: ## deletes what `make run` left in data/
	rm -rf -- data

# Parts of `make test`, also useful alone.

.PHONY: engine
engine: ## fetches the ClickHouse engine into .engine/, once
	@deploy/fetch-engine

.PHONY: setup
setup: ## fetches the tools of `make test` into .tools/, or says what is missing
	$(call step,tools)
	@deploy/setup-checks

.PHONY: check-format
check-format: ## checks the format of the code
	$(call step,format)
	$(CARGO) fmt --all --check

.PHONY: check-shell
check-shell: ## checks the shell scripts, where shellcheck is installed
	$(call step,shell scripts)
	@if command -v shellcheck >/dev/null; then shellcheck deploy/fetch-engine deploy/fuzz deploy/new-env deploy/setup-checks deploy/setup-peers .ci/run; \
	else echo 'shellcheck is not installed: not checked'; fi

.PHONY: lint
lint: ## clippy, warnings are errors
	$(call step,clippy)
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: docs
docs: ## builds the documentation of the code, warnings are errors
	$(call step,documentation)
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --locked --document-private-items

# All of the workspace is chosen each time, so that every dependency is compiled once, with one set of features.

.PHONY: test-rooms
test-rooms: engine ## unit, property and documentation tests of all rooms, the tidy test, and how right attributions are
	$(call step,tests of the rooms)
ifdef NEXTEST
	$(CARGO) nextest run --workspace --locked -E 'not (binary_id(=e2e::e2e) | binary_id(=e2e::readme))'
else
	$(CARGO) test --workspace --exclude e2e --all-targets --locked --no-fail-fast
	$(CARGO) test -p e2e --lib --test tidy --test accuracy --locked --no-fail-fast
endif
	$(CARGO) test --workspace --doc --locked

.PHONY: fuzz-shortly
fuzz-shortly: ## the same for a few seconds
	$(call step,fuzzing for a short while)
	@deploy/fuzz $(FUZZ_SHORTLY)

.PHONY: test-doors
test-doors: build ## end-to-end tests of the release binary on the real engine
	$(call step,tests through the doors)
	@# They wait more than they compute.
	RUST_TEST_THREADS=$$(($$(nproc) + 1)) $(CARGO) test --workspace --test e2e --test readme --locked --no-fail-fast

.PHONY: deny
deny: ## licences, bans and sources of all dependencies, where cargo-deny is installed
	$(call step,dependencies)
	@if command -v cargo-deny >/dev/null; then cargo-deny --locked check bans licenses sources; \
	else echo "cargo-deny is not installed; the tidy test has checked (cargo install cargo-deny --locked)"; fi
