# weir: build, test, install. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

# liblz4 packs journal frames and fresh blocks, libdeflate cold ones; zlib inflates what sources read, piece by piece; RE2
# runs regular expressions in linear time.
DEBIAN_PACKAGES = liblz4-dev libdeflate-dev zlib1g-dev libre2-dev pkg-config
# Clients and tools that tests start; what a machine lacks is skipped, with a line that says so.
TEST_PACKAGES = bsdutils curl logrotate netcat-openbsd openssl python3-venv rsyslog rsyslog-gnutls \
    rsyslog-openssl systemd tzdata
RELEASE = -c release --static-swift-stdlib
FORMAT = $(SWIFT) format lint --strict --recursive --parallel --configuration .swift-format
BINARY = .build/release/weir

# Benchmarks may hold shell scripts only; swift format refuses a folder that is not there.
LINTED = Sources Tests Package.swift $(if $(shell find Benchmarks -name '*.swift' 2>/dev/null),Benchmarks)

.DEFAULT_GOAL := build
.PHONY: help setup clients build test lint bench demo install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that the build needs, if any is missing
	@if ! command -v dpkg-query >/dev/null && pkg-config --exists liblz4 libdeflate zlib re2 2>/dev/null; then \
	    exit 0; \
	fi; \
	missing=; \
	for package in $(DEBIAN_PACKAGES); do \
	    status=$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null) || status=; \
	    [ "$$status" = installed ] || missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get >/dev/null; then \
	    echo "setup: no apt-get here; install what Debian calls:$$missing" >&2; \
	    exit 1; \
	fi; \
	as_root=; \
	if [ "$$(id -u)" -eq 0 ]; then \
	    echo "setup: installing:$$missing"; \
	elif command -v sudo >/dev/null; then \
	    echo "setup: using sudo to install:$$missing"; \
	    as_root=sudo; \
	else \
	    echo "setup: missing:$$missing; run as root: apt-get install$$missing" >&2; \
	    exit 1; \
	fi; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
	$$as_root env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing

clients: ## install the clients that tests start (Debian, as root), and others under .build
	@$(MAKE) --no-print-directory setup DEBIAN_PACKAGES="$(DEBIAN_PACKAGES) $(TEST_PACKAGES)"
	@bash .ci/clients

build: setup ## build weir for release
	$(SWIFT) build $(RELEASE) --product weir

test: setup lint ## check the style and run all tests
	$(SWIFT) build --build-tests
	@SWIFT="$(SWIFT)" bash .ci/tests
	@echo "make test: style and all tests passed"

lint: ## check the style of all Swift files
	$(FORMAT) $(LINTED)

bench: build ## measure (Benchmarks/run.sh)
	$(SWIFT) build $(RELEASE) --product weir-samples
	bash Benchmarks/run.sh

demo: build ## ingest a sample, search it, raise an alert
	bash sample-logs/demo.sh $(BINARY)

install: build ## install weir to $(DESTDIR)$(PREFIX)/bin
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -s -m 755 $(BINARY) "$(DESTDIR)$(PREFIX)/bin/weir"

clean: ## remove what was built
	$(SWIFT) package clean
