# Kintsugi. `make help` lists what there is; `make demo` and `make test` do everything from a bare
# clone on Debian 12, packages included.

CONFIG ?= release
MARCH ?= native
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
VERSION := 0.1.0

PACKAGES := g++ pkg-config libeigen3-dev libstb-dev libfmt-dev libcli11-dev nlohmann-json3-dev \
            doctest-dev librapidcheck-dev

OBJ := $(BUILD)/$(CONFIG)
BIN := $(if $(filter release,$(CONFIG)),$(BUILD)/bin,$(OBJ)/bin)

CPPFLAGS += -I. -isystem /usr/include/eigen3 -MMD -MP -DKINTSUGI_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Wpedantic
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
# g++ 12 with AVX-512 spreads the first constant of a struct over all of a wide store: {2, 2, 2, 0}
# arrives as {2, 2, 2, 2}. Narrow stores of constants avoid it (tests/tensor/test_compiler.cpp).
NARROW := -mmove-max=128 -mstore-max=128
NARROW := $(shell $(CXX) $(NARROW) -fsyntax-only -xc++ /dev/null 2> /dev/null && echo $(NARROW))
OPTIMISE := $(if $(SANITIZE_$(CONFIG)),-O1 -g,-O3)
CXXFLAGS += -std=c++20 -march=$(MARCH) $(OPTIMISE) $(NARROW) -fopenmp -fno-math-errno $(WARNINGS) \
            $(SANITIZE_$(CONFIG))
LDFLAGS += -fopenmp $(SANITIZE_$(CONFIG))
LDLIBS += -lfmt

# ---- sources -----------------------------------------------------------------------------------
TENSOR := $(wildcard tensor/*.cpp tensor/cpu/*.cpp tensor/io/*.cpp)
AUTOGRAD := $(wildcard autograd/*.cpp autograd/ops/*.cpp)
LAYERS := $(wildcard layers/*.cpp)
CUDA := cuda/none.cpp
LIBRARY := $(TENSOR) $(AUTOGRAD) $(LAYERS) $(CUDA)
GLCIC := $(filter-out glcic/main.cpp,$(wildcard glcic/*.cpp))
TESTS := $(wildcard tests/*.cpp tests/tensor/*.cpp tests/autograd/*.cpp tests/layers/*.cpp \
                    tests/glcic/*.cpp)
HEADERS := $(wildcard tensor/*.h tensor/io/*.h autograd/*.h layers/*.h)

objects = $(patsubst %.cpp,$(OBJ)/%.o,$(1))
LIB := $(OBJ)/libkintsugi.a
PROGRAMS := $(BIN)/glcic $(BIN)/gradcheck $(BIN)/parity $(BIN)/demo

.PHONY: all lib test test-install gradcheck demo parity bench bench-pytorch deps asan ubsan format format-check \
        lint install uninstall compile_commands.json clean help
.DEFAULT_GOAL := all

all: $(LIB) $(PROGRAMS)  ## the library and its programs
lib: $(LIB)  ## the library alone

$(LIB): $(call objects,$(LIBRARY))
	@rm -f $@
	@ar rcs $@ $^

$(OBJ)/%.o: %.cpp | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

define link
@mkdir -p $(@D)
@echo "  $@"
@$(CXX) $(LDFLAGS) $^ $(LDLIBS) -o $@
endef

$(BIN)/glcic: $(call objects,glcic/main.cpp $(GLCIC)) $(LIB)
	$(link)
$(BIN)/demo: $(call objects,examples/demo.cpp $(GLCIC)) $(LIB)
	$(link)
$(BIN)/parity: $(call objects,tests/parity/parity.cpp $(GLCIC)) $(LIB)
	$(link)
BENCH := tests/bench/layer_table.cpp tests/bench/network_work.cpp
$(BIN)/bench_layers: LDLIBS += -lbenchmark
$(BIN)/bench_layers: $(call objects,tests/bench/layers.cpp tests/bench/peak.cpp \
                       tests/bench/table_reporter.cpp $(BENCH) $(GLCIC)) $(LIB)
	$(link)
$(call objects,tests/bench/layers.cpp tests/bench/table_reporter.cpp): | $(BUILD)/deps-bench
$(BIN)/bench_scaling: $(call objects,tests/bench/scaling.cpp $(BENCH) $(GLCIC)) $(LIB)
	$(link)
$(BIN)/bench_work: $(call objects,tests/bench/work.cpp tests/bench/request.cpp $(BENCH) $(GLCIC)) $(LIB)
	$(link)
$(BIN)/bench_onednn: LDLIBS += -ldnnl
$(BIN)/bench_onednn: $(call objects,tests/bench/onednn.cpp tests/bench/request.cpp $(BENCH) $(GLCIC)) $(LIB)
	$(link)
$(BIN)/conv_error: $(call objects,tests/bench/conv_error.cpp $(BENCH) $(GLCIC)) $(LIB)
	$(link)
# Programs that walk the registry of ops link the objects themselves: the linker drops from an
# archive what nothing refers to.
$(BIN)/gradcheck: $(call objects,tests/gradcheck/main.cpp $(LIBRARY))
	$(link)
$(BIN)/tests: LDLIBS += -lrapidcheck
$(BIN)/tests: $(call objects,$(TESTS) $(GLCIC) $(LIBRARY))
	$(link)

# ---- what a person types -----------------------------------------------------------------------
demo: $(BIN)/demo  ## train a small network for a few minutes and look at completed faces
	$(BIN)/demo --out $(BUILD)/demo

test: $(BIN)/tests test-install  ## every test
	$(BIN)/tests

gradcheck: $(BIN)/gradcheck  ## numerical against analytical gradients, every op and layer
	$(BIN)/gradcheck

parity: $(BIN)/parity  ## one training step against PyTorch (needs python3-torch)
	/usr/bin/python3 tests/parity/run.py --parity $(BIN)/parity

bench: $(BIN)/bench_layers $(BIN)/bench_scaling  ## every layer in GFLOP/s and of the machine's peak; scaling
	$(BIN)/bench_layers
	$(BIN)/bench_layers --size 64 --batch 16
	$(BIN)/bench_scaling

# oneDNN's own Winograd is compared where its header is found.
ONEDNN := $(if $(wildcard /usr/include/dnnl.hpp),$(BIN)/bench_onednn)
bench-pytorch: $(BIN)/bench_work $(ONEDNN) | $(BUILD)/deps-pytorch  ## the same work here and in PyTorch, in turn
	/usr/bin/python3 tests/bench/pytorch.py --programs $(BIN) --json $(BUILD)/bench-pytorch.json

asan:  ## the tests under the address and undefined-behaviour sanitizers
	+$(MAKE) CONFIG=asan $(BUILD)/asan/bin/tests
	$(BUILD)/asan/bin/tests

ubsan:  ## the tests under the undefined-behaviour sanitizer alone
	+$(MAKE) CONFIG=ubsan $(BUILD)/ubsan/bin/tests
	$(BUILD)/ubsan/bin/tests

deps: $(BUILD)/deps  ## the Debian packages that building takes

# Installs what is missing where it may, else says what to install.
$(BUILD)/deps: packages = $(PACKAGES)
$(BUILD)/deps-bench: packages = libbenchmark-dev
$(BUILD)/deps-pytorch: packages = python3-torch libopenblas0-openmp
$(BUILD)/deps-bench: | $(BUILD)/deps
$(BUILD)/deps-pytorch: | $(BUILD)/deps
$(BUILD)/deps $(BUILD)/deps-bench $(BUILD)/deps-pytorch: Makefile
	@mkdir -p $(@D)
	@missing=""; \
	for package in $(packages); do \
	  dpkg -s $$package > /dev/null 2>&1 || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then touch $@; exit 0; fi; \
	sudo=""; \
	if [ $$(id -u) -ne 0 ]; then \
	  if sudo -n true 2> /dev/null; then sudo=sudo; \
	  else echo "Please install:$$missing   (apt-get install$$missing)" >&2; exit 1; fi; \
	fi; \
	echo "installing:$$missing"; \
	$$sudo apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing > $(BUILD)/apt.log 2>&1 || \
	{ tail -n 5 $(BUILD)/apt.log >&2; exit 1; }; \
	touch $@

# ---- installing --------------------------------------------------------------------------------
DEST := $(DESTDIR)$(PREFIX)

define PKG_CONFIG_FILE
prefix=$(PREFIX)
Name: kintsugi
Description: A deep-learning library to read: tensors, autograd, layers
Version: $(VERSION)
Cflags: -std=c++20 -I$${prefix}/include/kintsugi
Libs: -L$${prefix}/lib -lkintsugi -lfmt -fopenmp
endef
export PKG_CONFIG_FILE

install: $(LIB)  ## headers, library and pkg-config file under PREFIX
	@for header in $(HEADERS); do \
	  install -D -m 644 $$header $(DEST)/include/kintsugi/$$header || exit 1; done
	@install -D -m 644 $(LIB) $(DEST)/lib/libkintsugi.a
	@mkdir -p $(DEST)/lib/pkgconfig
	@echo "$$PKG_CONFIG_FILE" > $(DEST)/lib/pkgconfig/kintsugi.pc
	@echo "installed to $(DEST)"

uninstall:  ## take away what install put there
	rm -rf $(DEST)/include/kintsugi $(DEST)/lib/libkintsugi.a $(DEST)/lib/pkgconfig/kintsugi.pc

# Builds a program of another project's against the installed library, with one pkg-config line.
test-install: $(LIB)
	@+$(MAKE) --no-print-directory install PREFIX=$(abspath $(OBJ)/installed) DESTDIR=
	@cd $(OBJ) && export PKG_CONFIG_PATH=$(abspath $(OBJ)/installed)/lib/pkgconfig && \
	$(CXX) $(SANITIZE_$(CONFIG)) $(abspath tests/install/consumer.cpp) \
	  $$(pkg-config --cflags --libs kintsugi) -o consumer && ./consumer

# ---- the state of the sources ------------------------------------------------------------------
FORMATTED := $(shell git ls-files '*.h' '*.cpp' 2> /dev/null)

format:  ## clang-format on every source
	@clang-format -i $(FORMATTED)
format-check:
	@clang-format --dry-run --Werror $(FORMATTED)

# Each floor includes only what lies below it.
lint: $(BUILD)/deps  ## clang-tidy, and no include that runs up a floor
	@! grep -nE '#include "(autograd|layers|glcic)/' $(wildcard tensor/*.* tensor/*/*.*)
	@! grep -nE '#include "(layers|glcic)/' $(wildcard autograd/*.* autograd/ops/*)
	@! grep -nE '#include "glcic/' $(wildcard layers/*)
	@! grep -rnE '#include "cuda/' tensor autograd layers glcic
	@printf '%s\n' $(LIBRARY) $(GLCIC) | xargs -P $(JOBS) -n 8 sh -c \
	  'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -I. -isystem /usr/include/eigen3 \
	   -std=c++20 -fopenmp' sh

compile_commands.json:  ## for editors and clang tools
	@{ echo '['; for file in $(LIBRARY) $(GLCIC) glcic/main.cpp $(TESTS); do \
	  printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}' "$$comma" '$(CURDIR)' \
	    "$$file" '$(CXX) -I. -isystem /usr/include/eigen3 -std=c++20 -fopenmp' "$$file"; \
	  comma=','; echo; done; echo ']'; } > $@

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@grep -hE '^[a-z_.-]+:.*##' Makefile | sed -E 's/:.*##/:/' | \
	  awk -F: '{ printf "  %-22s%s\n", "make " $$1, $$2 }'

-include $(shell find $(OBJ) -name '*.d' 2> /dev/null)
