# The menu: `make` lists it. CI calls `make test`, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# One build configuration: the same flags everywhere, so nothing is compiled twice.
FLAGS := --explicit-target-dependency-import-check error
BINARY := .build/debug/farebox
SIMULATION := .build-release/release/farebox-simulation

# A crash report prints memory, and memory holds keys.
export SWIFT_BACKTRACE := enable=no

.PHONY: help setup dev build release check test test-unit test-journeys simulate test-simulation mutants clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Debian packages, and .venv for the journeys
	@Scripts/setup

dev: setup ## Start the gateway, a simulated upstream and a funded customer on 127.0.0.1:4020
	@swift build $(FLAGS) --product farebox
	@exec $(BINARY) dev

build: ## Build the program and all tests (debug)
	swift build $(FLAGS) --build-tests

release: ## Build the program for production, in .build-release
	swift build -c release --scratch-path .build-release --product farebox

check: build ## Format, module boundaries, warnings as errors, tidy rules
	swift format lint --strict --recursive Sources Tests Package.swift
	swift test $(FLAGS) --skip-build --filter TidyTests

test: setup check test-unit test-journeys ## Everything: set-up, check, unit tests, journeys

test-unit: build ## Run the Swift tests
	swift test $(FLAGS) --skip-build

test-journeys: setup build ## Run the built program from outside: the SDKs, faults, kills, bad input
	.venv/bin/python -m pytest Tests/Journeys

simulate: ## Ledger rules against an oracle: WORLD=ledger SEED= WORLDS= STEPS=, or WORLD=small LENGTH=
	@swift build -c release --scratch-path .build-release --product farebox-simulation
	@$(SIMULATION) $(foreach name,WORLD SEED WORLDS STEPS LENGTH,$(if $($(name)),$(name)=$($(name))))

test-simulation: ## 20 million ledger operations, 20 fresh seeds, every order of up to seven events
	@swift build -c release --scratch-path .build-release --product farebox-simulation
	@$(SIMULATION) WORLD=ledger SEED=1 WORLDS=20000 & first=$$!; \
	$(SIMULATION) WORLD=ledger SEED=20001 WORLDS=20000 & second=$$!; \
	wait $$first && wait $$second
	@$(SIMULATION) WORLD=small LENGTH=7
	@$(SIMULATION) WORLD=ledger SEED=$$(od -An -N6 -tu8 /dev/urandom | tr -d ' ') WORLDS=20 STEPS=2000

mutants: setup ## Plant every money bug of Tests/Mutants and show which check finds it; ONLY=word for some
	@.venv/bin/python Tests/Mutants/run.py --only "$(ONLY)"

clean: ## Remove what was built, and .venv
	rm -rf .build .build-release .build-mutants .venv Tests/Journeys/.pytest_cache Tests/Journeys/__pycache__
