# A thin face over the CMake presets. `make help` lists what there is.
# Root, or sudo, is needed only when a Debian package is missing (tools/install-packages says which).

JOBS ?= $(shell nproc)
PRESET ?= release

.PHONY: all build test demo bench format lint asan tsan fuzz clean help packages

all: build

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | column -t -s '|'

packages:        ## install the Debian packages that are missing
	@tools/install-packages build

build: packages  ## build build/flyball (release)
	@tools/build $(PRESET) flyball

test: packages   ## build and run every test
	@tools/install-packages test
	@tools/build $(PRESET) all
	@tools/run-tests $(PRESET)

demo: build      ## close the loop on a real HAProxy, and check that it closed (DEMO_SECONDS bounds it)
	@tools/install-packages demo
	@demo/run

bench: packages  ## ratios beside peers and floors, as a table and in build/bench.jsonl
	@tools/install-packages bench
	@tools/build release flyball benchmarks
	@benchmarks/run

format:          ## clang-format every source
	@tools/install-packages lint
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

lint:            ## formatting, clang's warnings and clang-tidy
	@tools/install-packages lint
	@tools/lint

asan:            ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install-packages test
	@tools/build asan all
	@REFERENCE_SEEDS=$${REFERENCE_SEEDS:-500} tools/run-tests asan

tsan:            ## the tests under ThreadSanitizer
	@tools/install-packages test
	@tools/build tsan all
	@REFERENCE_SEEDS=$${REFERENCE_SEEDS:-200} tools/run-tests tsan

fuzz:            ## libFuzzer on the parser and the codecs, random programs against the naive matcher (FUZZ_SECONDS each)
	@tools/install-packages lint
	@tools/fuzz

clean:           ## remove what was built
	rm -rf build build-dev build-asan build-tsan build-fuzz
