# Dealsync. `make help` lists what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

ARGS ?=
TOOLS := .cache/bin
PACKAGES := ./libs/... ./proto/... ./services/...
PROGRAMS := webhook-ingest change-detector mapper conflict-resolver writer config sandbox dealsync

# The tag and commit when this is a git checkout with them, else "dev".
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Static and reproducible: no C, no local paths.
GOBUILD := CGO_ENABLED=0 go build -trimpath \
	-ldflags '-s -w -X github.com/dealsync/dealsync/libs/host.Version=$(VERSION)'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS=\"...\" is handed on by demo, up and bench: make demo ARGS=\"--once --report out.json\""

.PHONY: demo
demo: dealsync ## see deals cross between two local accounts, then keep running
	@bin/dealsync demo $(ARGS)

.PHONY: up
up: dealsync ## run everything in one process with the API doubles, state in data/
	@bin/dealsync up --sandbox --data data $(ARGS)

.PHONY: test
test: ## everything that continuous integration checks, set-up included
	@.ci/test

.PHONY: quick
quick: ## format, vet and unit tests: the inner loop, under a minute when warm
	@.ci/test --quick

.PHONY: lint
lint: tool-lint ## golangci-lint over all modules, import rules included
	@$(TOOLS)/golangci-lint run $(PACKAGES)
	@cd .tools && GOWORK=off ../$(TOOLS)/golangci-lint run --config ../.golangci.yml ./...

.PHONY: fmt
fmt: tool-lint ## format Go (gofumpt, imports)
	@$(TOOLS)/golangci-lint fmt libs proto services .tools

.PHONY: fmt-check
fmt-check: tool-lint
	@$(TOOLS)/golangci-lint fmt --diff libs proto services .tools || { echo "format: run: make fmt" >&2; exit 1; }

.PHONY: tidy
tidy: ## go mod tidy in every module
	@.ci/tidy

.PHONY: generate
generate: ## regenerate the protobuf code and the reference pages
	@.ci/generate

.PHONY: breaking
breaking: ## protobuf changes that break what AGAINST (default main) promises
	@.ci/tools proto
	@cd proto && ../$(TOOLS)/buf breaking --against '../.git#ref=$(or $(AGAINST),main),subdir=proto'

.PHONY: build
build: $(PROGRAMS) ## one static binary per program in bin/

.PHONY: $(PROGRAMS)
$(PROGRAMS):
	@$(GOBUILD) -o bin/$@ ./services/$@

.PHONY: bench
bench: build ## throughput and latency with separate processes
	@bin/dealsync bench $(ARGS)

.PHONY: tool-lint
tool-lint:
	@.ci/tools lint
