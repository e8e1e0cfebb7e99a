# The menu: `make` lists it. CI calls `make test`, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The same flags everywhere, so nothing is compiled twice. Who works on the code builds in debug, which is quick where
# little has changed; `make test`, and every simulation, in release with what tests may see (BUILD=release), once.
BUILD ?= debug
DEBUG := --explicit-target-dependency-import-check error
RELEASE := $(DEBUG) -c release --scratch-path .build-test -debug-info-format none -Xswiftc -enable-testing
FLAGS = $(if $(filter release,$(BUILD)),$(RELEASE),$(DEBUG))
PRODUCTS = $(if $(filter release,$(BUILD)),.build-test/release,.build/debug)
BINARY := .build/debug/farebox
SIMULATION := .build-test/release/farebox-simulation
# Sets and dictionaries in an order that a seed repeats.
LIFE := SWIFT_DETERMINISTIC_HASHING=1 .build-test/release/farebox-life-simulation
DISK := .build-test/release/farebox-disk-simulation
# Both sanitizers in one option: of two, only the last counts. gold can not link a fuzzer, and lld
# drops the counters unless it is told not to.
FUZZ_FLAGS := -c release --package-path Fuzz --scratch-path .build-fuzz \
	-Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld -Xlinker -z -Xlinker nostart-stop-gc
# The library that counts allocations on other systems is not there; ours are counted by our own.
MICRO := cd MicroBenchmarks && BENCHMARK_DISABLE_JEMALLOC=1 swift package \
	--scratch-path ../.build-microbench --allow-writing-to-package-directory benchmark
# Which program simulates a world, and how it is called.
SIMULATOR = farebox-$(if $(filter disk cuts rot,$(WORLD)),disk-,$(if $(filter life,$(WORLD)),life-))simulation
SIMULATED = $(if $(filter disk cuts rot,$(WORLD)),$(DISK),$(if $(filter life,$(WORLD)),$(LIFE),$(SIMULATION)))
JOURNEYS = JOURNEYS_BINARY=$(CURDIR)/$(PRODUCTS)/farebox .venv/bin/python -m pytest Tests/Journeys -n 2 --dist loadfile \
	--no-loadscope-reorder
FUZZ_TARGETS := $(notdir $(wildcard Fuzz/Corpus/*))

# A crash report prints memory, and memory holds keys.
export SWIFT_BACKTRACE := enable=no

.PHONY: help setup dev build release check test test-unit test-journeys bench flat microbench kill simulate test-simulation timing test-tsan mutants fuzz clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Debian packages, and Python environments for the journeys
	@Scripts/setup

dev: setup ## Start the gateway, a simulated upstream and a funded customer on 127.0.0.1:4020; CHAINS=1 with test chains
	@swift build $(DEBUG) --product farebox
	@exec $(if $(CHAINS),.venv/bin/python Tests/Chains/dev.py )$(BINARY)$(if $(CHAINS),, dev)

build: ## Build the program and all tests; BUILD=release as `make test` does
	swift build $(FLAGS) --build-tests

release: ## Build the program for production, in .build-release
	swift build -c release --scratch-path .build-release --product farebox

check: build ## Format, module boundaries, warnings as errors, tidy rules
	swift format lint --strict --recursive Sources Tests Fuzz/Sources Fuzz/Package.swift Package.swift
	swift test $(FLAGS) --skip-build --filter TidyTests

test: BUILD := release
test: setup check test-unit ## Everything: set-up, check, unit tests, then simulations and journeys beside each other
	Scripts/test-together env $(JOURNEYS)

test-unit: build ## Run the Swift tests
	swift test $(FLAGS) --skip-build

test-journeys: setup build ## Run the built program from outside: the SDKs, faults, kills, bad input
	$(JOURNEYS)

simulate: ## WORLD=ledger SEED= WORLDS= STEPS= AUDIT= | small LENGTH= | deposits LENGTH= | life SEED= WORLDS= | disk SEED= CUTS= | cuts | rot SEED= FLIPS=
	@swift build $(RELEASE) --product $(SIMULATOR)
	@$(SIMULATED) $(foreach name,$(if $(filter life,$(WORLD)),,WORLD) SEED WORLDS STEPS LENGTH AUDIT CUTS FLIPS,$(if $($(name)),$(name)=$($(name))))

test-tsan: setup ## Run the Swift tests under the thread sanitizer, in .build-tsan
	@Scripts/test-tsan

test-simulation: BUILD := release
test-simulation: build ## 20 million ledger operations, audited after each, every order of seven events, and of six of a deposit, 200,000 schedules, 100,000 power cuts, flipped bits
	@Scripts/test-simulation

timing: ## Whether the time of comparing secrets tells where they differ: SAMPLES=
	@swift build $(RELEASE) --product farebox-simulation
	@$(SIMULATION) WORLD=timing $(if $(SAMPLES),SAMPLES=$(SAMPLES))

mutants: setup ## Plant every money bug of Tests/Mutants and show which check finds it; ONLY=word for some
	@.venv/bin/python Tests/Mutants/run.py --only "$(ONLY)"

kill: setup build ## Kill the gateway under load at random moments: make kill KILLS=2000 SEED=…
	KILLS=$(or $(KILLS),2000) $(if $(SEED),SEED=$(SEED)) .venv/bin/python -m pytest Tests/Journeys/test_kill.py -q

fuzz: ## Try made-up inputs on a decoder: TARGET=secret SECONDS=60; every target in turn without TARGET
	@swift build $(FUZZ_FLAGS)
	@grep -aq __sancov_cntrs .build-fuzz/release/Fuzz || { echo "the fuzzer sees nothing"; exit 1; }
	@for target in $(or $(TARGET),$(FUZZ_TARGETS)); do \
		mkdir -p .build-fuzz/found/$$target; \
		echo "$$target: fuzzing for $(or $(SECONDS),60) seconds"; \
		FUZZ_TARGET=$$target .build-fuzz/release/Fuzz -max_total_time=$(or $(SECONDS),60) -max_len=2048 \
			-timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
			-dict=Fuzz/Dictionaries/$$target.dict -artifact_prefix=.build-fuzz/$$target- \
			.build-fuzz/found/$$target Fuzz/Corpus/$$target; \
	done

bench: setup release ## What a request costs beside nginx: ROUNDS=5 QUICK=1 PEERS=1 (LiteLLM); JSON in .build-bench/last.json
	@swift build -c release --package-path Benchmarks --scratch-path .build-bench
	@ROUNDS=$(ROUNDS) QUICK=$(QUICK) PEERS=$(PEERS) python3 Benchmarks/run.py

flat: release ## Whether an inference costs the same in large books: CUSTOMERS=10,100000,1000000 PAST=0,100000,1000000 ROUNDS=5
	@swift build -c release --package-path Benchmarks --scratch-path .build-bench
	@BENCHMARK_DISABLE_JEMALLOC=1 swift build -c release --package-path MicroBenchmarks --scratch-path .build-microbench --product Flat
	@ROUNDS=$(ROUNDS) QUICK=$(QUICK) CUSTOMERS=$(CUSTOMERS) PAST=$(PAST) python3 Benchmarks/flat.py

microbench: ## What the pieces of a request and the books cost, against MicroBenchmarks/Thresholds
	@$(MICRO) baseline update last --no-progress
	@$(MICRO) thresholds check last --path Thresholds --no-progress

clean: ## Remove what was built, and .venv
	rm -rf .build .build-bench .build-release .build-mutants .build-test .build-fuzz .build-tsan .build-microbench .venv .venv-anchor \
		Tests/Journeys/.pytest_cache Tests/Journeys/__pycache__
