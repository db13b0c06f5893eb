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
            doctest-dev librapidcheck-dev libboost-context-dev libpng-dev libjpeg-dev zlib1g-dev \
            nettle-dev libprotobuf-dev protobuf-compiler python3

OBJ := $(BUILD)/$(CONFIG)
BIN := $(if $(filter release,$(CONFIG)),$(BUILD)/bin,$(OBJ)/bin)

CPPFLAGS += -I. -isystem /usr/include/eigen3 -MMD -MP -DKINTSUGI_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Wpedantic
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
SANITIZE_tsan := -fsanitize=thread
# clang++'s: without OpenMP, of which it would need its own.
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
  -fno-openmp -w
# g++ 12 with AVX-512 spreads the first constant of a struct over all of a wide store: {2, 2, 2, 0}
# arrives as {2, 2, 2, 2}. Narrow stores of constants avoid it (tests/tensor/test_compiler.cpp).
# Where there is no compiler yet, the one that deps brings takes them.
NARROW := -mmove-max=128 -mstore-max=128
NARROW := $(shell { ! command -v $(firstword $(CXX)) || $(CXX) $(NARROW) -fsyntax-only -xc++ /dev/null; } \
  > /dev/null 2>&1 && echo $(NARROW))
OPTIMISE := $(if $(SANITIZE_$(CONFIG)),-O1 -g,-O3)
CXXFLAGS += -std=c++20 -march=$(MARCH) $(OPTIMISE) $(NARROW) -fopenmp -fno-math-errno $(WARNINGS) \
            $(SANITIZE_$(CONFIG))
LDFLAGS += -fopenmp $(SANITIZE_$(CONFIG))
LDLIBS += -lfmt

# ---- sources -----------------------------------------------------------------------------------
TENSOR := $(wildcard tensor/*.cpp tensor/cpu/*.cpp tensor/io/*.cpp)
AUTOGRAD := $(wildcard autograd/*.cpp autograd/ops/*.cpp)
LAYERS := $(wildcard layers/*.cpp)
FLOORS := $(TENSOR) $(AUTOGRAD) $(LAYERS)
CUDA_SOURCES := $(wildcard cuda/*.cu)
RECIPES := $(sort $(wildcard glcic/recipes/*.json))
# Made of RECIPES, in the build folder.
EMBEDDED := glcic/recipes/embedded.cpp
# Formats that protoc writes the readers and writers of, in the build folder.
PROTOS := $(wildcard glcic/*/*.proto)
PROTO_HEADERS := $(PROTOS:%.proto=$(OBJ)/%.pb.h)
GENERATED := $(EMBEDDED) $(PROTOS:.proto=.pb.cpp)
GLCIC := $(filter-out glcic/main.cpp,$(wildcard glcic/*.cpp glcic/*/*.cpp)) $(GENERATED)
# What training, completing and measuring take: the demo builds these alone, which is sooner done.
TRAINING := $(filter-out $(foreach room,commands inspection interchange properties,glcic/$(room)/%),$(GLCIC))
# Other systems than GLCIC, for the command.
EXAMPLES := $(filter-out examples/support/% examples/by_hand/%,$(wildcard examples/*/*.cpp))
# Reverse mode without an engine; lab 2 is cut from it.
BY_HAND := $(wildcard examples/by_hand/*.cpp)
# The small examples, a program and a page in docs/examples each; what they share.
SMALL_EXAMPLES := linear_regression xor layer_table digits autoencoder dcgan wgan_gp
SMALL_PROGRAMS = $(SMALL_EXAMPLES:%=$(BIN)/%)
SUPPORT := $(wildcard examples/support/*.cpp) glcic/chart.cpp glcic/html.cpp glcic/image_ops.cpp \
           glcic/commands/command_options.cpp
TESTS := $(wildcard tests/*.cpp tests/tensor/*.cpp tests/autograd/*.cpp tests/layers/*.cpp \
                    tests/glcic/*.cpp tests/glcic/*/*.cpp tests/examples/*.cpp tests/fuzz/target.cpp \
                    tests/gradcheck/test_*.cpp \
                    tests/fuzz/targets/*.cpp tests/fuzz/replay/*.cpp)
# The gradient check as data, and the pages made of it.
GRADCHECK := $(filter-out %main.cpp tests/gradcheck/test_%,$(wildcard tests/gradcheck/*.cpp)) glcic/networks.cpp
GRADCHECK_REPORT := $(wildcard tests/gradcheck/report/*.cpp) tests/gradcheck/run_json.cpp glcic/html.cpp
FUZZ_TARGETS := $(patsubst tests/fuzz/targets/%.cpp,%,$(wildcard tests/fuzz/targets/*.cpp))
CUDA_TESTS := $(wildcard tests/cuda/*.cpp)
EMULATOR_TESTS := $(wildcard tests/cuda/emulator/*.cu)
HEADERS := $(wildcard tensor/*.h tensor/io/*.h autograd/*.h layers/*.h)

objects = $(patsubst %.cpp,$(OBJ)/%.o,$(1))

# ---- CUDA: for a GPU (nvcc), on the CPU (the emulator), or not at all ----------------------------
# CUDA=1 builds with it, CUDA=0 without; unsaid, a machine that has both a GPU and nvcc builds with.
NVCC := $(or $(NVCC),$(shell command -v nvcc),$(wildcard /usr/local/cuda/bin/nvcc))
GPU := $(if $(NVCC),$(shell nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | \
  head -1 | tr -d .))
CUDA ?= $(if $(GPU),1,0)
# CUDA_ARCH=90, or sm_90, builds for that one; else for the GPU found, else for all from Turing on.
CUDA_ARCH ?= $(GPU)
override CUDA_ARCH := $(patsubst sm_%,%,$(CUDA_ARCH))
comma := ,
GENCODE := $(if $(CUDA_ARCH),-gencode arch=compute_$(CUDA_ARCH)$(comma)code=sm_$(CUDA_ARCH),\
  -gencode arch=compute_75$(comma)code=sm_75 -gencode arch=compute_80$(comma)code=sm_80 \
  -gencode arch=compute_90$(comma)code=[sm_90$(comma)compute_90])
NVCCFLAGS := -std=c++20 -O3 -I. -DFMT_USE_CONSTEXPR=1 $(GENCODE) --threads 0 -MMD -MP \
  -Xcompiler -Wall,-Wextra,-fopenmp
CUDA_HOME := $(patsubst %/bin/nvcc,%,$(NVCC))
GPU_OBJECTS := $(patsubst cuda/%.cu,$(OBJ)/cuda/%.o,$(CUDA_SOURCES))
ifeq ($(CUDA),1)
CUDA_OBJECTS := $(GPU_OBJECTS)
CUDA_LIBS := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(CUDA_HOME)/lib64 -lcublas -lcudart
LDLIBS += $(CUDA_LIBS)
WITH_CUDA := with CUDA, $(if $(CUDA_ARCH),for compute capability $(CUDA_ARCH),for any GPU from Turing on)
else
CUDA_OBJECTS := $(OBJ)/cuda/none.o
WITH_CUDA := without CUDA$(if $(NVCC),; "make cuda" builds with it,: there is no nvcc)
endif
LIBRARY := $(call objects,$(FLOORS)) $(CUDA_OBJECTS)
# Changes when CUDA does; what is linked from the library depends on it.
FLAVOUR := $(OBJ)/cuda/flavour
# The same kernels as the emulator runs them, every access checked (docs/cuda.md): the hooks that
# g++ calls for its thread sanitizer are the emulator's own, so libtsan is not linked.
EMULATE := -xc++ -Icuda/emulator -O2 -g -fsanitize=thread,bounds-strict,alignment \
  -fnon-call-exceptions --param tsan-instrument-func-entry-exit=0 -Wno-unknown-pragmas
EMULATED := $(patsubst cuda/%.cu,$(OBJ)/emulated/%.o,$(CUDA_SOURCES)) \
  $(patsubst cuda/emulator/%.cpp,$(OBJ)/emulated/emulator/%.o,$(wildcard cuda/emulator/*.cpp))
LIB := $(OBJ)/libkintsugi.a
PROGRAMS := $(BIN)/glcic $(BIN)/gradcheck $(BIN)/parity $(BIN)/demo $(BIN)/properties $(BIN)/by_hand

.PHONY: all lib examples test test-install test-cuda test-emulated cuda always gradcheck gradcheck-report demo parity \
        bench bench-pytorch deps asan ubsan tsan fuzz test-kill format format-check lint install uninstall \
        docs docs-check docs-listings docs-figures docs-library docs-emulated docs-flags compile_commands.json clean help
.DEFAULT_GOAL := all

all: $(LIB) $(PROGRAMS)  ## the library and its programs
lib: $(LIB)  ## the library alone

$(FLAVOUR): always
	@mkdir -p $(@D)
	@echo '$(WITH_CUDA)' | cmp -s - $@ || { echo 'building $(WITH_CUDA)'; echo '$(WITH_CUDA)' > $@; }
always:

$(LIB): $(LIBRARY) $(FLAVOUR)
	@rm -f $@
	@ar rcs $@ $(filter %.o,$^)

$(OBJ)/%.o: %.cpp | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

# Tests compile in two thirds of the time without -O3, which does little for what they do themselves.
$(call objects,$(filter-out %/test_compiler.cpp %/naive.cpp,$(TESTS))): OPTIMISE := -O1 $(filter -g,$(OPTIMISE))

# Each recipe as a raw string, so that the program has them wherever it is run.
$(OBJ)/$(EMBEDDED): $(RECIPES)
	@mkdir -p $(@D)
	@{ printf '#include "glcic/recipe.h"\n\nnamespace kintsugi {\n\n'; \
	  printf 'std::span<const EmbeddedRecipe> embedded_recipes() {\n'; \
	  printf '  static constexpr EmbeddedRecipe recipes[] = {\n'; \
	  for recipe in $(RECIPES); do \
	    printf '{"%s", R"recipe(' $$(basename $$recipe .json); cat $$recipe; printf ')recipe"},\n'; \
	  done; printf '  };\n  return recipes;\n}\n\n}  // namespace kintsugi\n'; } > $@

$(OBJ)/$(EMBEDDED:.cpp=.o): $(OBJ)/$(EMBEDDED) | $(BUILD)/deps
	@echo "  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

$(OBJ)/%.pb.cc $(OBJ)/%.pb.h: %.proto | $(BUILD)/deps
	@mkdir -p $(@D)
	@protoc --cpp_out=$(OBJ) $<

$(PROTOS:%.proto=$(OBJ)/%.pb.o): %.pb.o: %.pb.cc
	@echo "  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

# The rooms that read or write these formats.
FORMATS := $(call objects,$(wildcard glcic/interchange/*.cpp glcic/logs/*.cpp \
  tests/glcic/interchange/*.cpp tests/glcic/logs/*.cpp)) $(PROTOS:%.proto=$(OBJ)/%.pb.o)
$(FORMATS): CPPFLAGS += -isystem $(OBJ)
$(FORMATS): | $(PROTO_HEADERS)

$(OBJ)/cuda/%.o: cuda/%.cu | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $<"
	@$(NVCC) $(NVCCFLAGS) -c $< -o $@

$(OBJ)/emulated/%.o: cuda/%.cu | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $< (emulated)"
	@$(CXX) $(CPPFLAGS) $(filter-out -O3,$(CXXFLAGS)) $(EMULATE) -c $< -o $@

$(OBJ)/emulated/tests/%.o: tests/%.cu | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $< (emulated)"
	@$(CXX) $(CPPFLAGS) $(filter-out -O3,$(CXXFLAGS)) $(EMULATE) -c $< -o $@

$(OBJ)/emulated/emulator/%.o: cuda/emulator/%.cpp | $(BUILD)/deps
	@mkdir -p $(@D)
	@echo "  $<"
	@$(CXX) $(CPPFLAGS) -Icuda/emulator $(CXXFLAGS) -g -c $< -o $@

define link
@mkdir -p $(@D)
@echo "  $@"
@$(CXX) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@
endef

$(BIN)/glcic: $(call objects,glcic/main.cpp $(EXAMPLES) $(GLCIC)) $(LIB)
	$(link)
$(BIN)/demo: $(call objects,examples/demo.cpp $(TRAINING)) $(LIB)
	$(link)
$(BIN)/properties: $(call objects,examples/properties.cpp $(EXAMPLES) $(GLCIC)) $(LIB)
	$(link)
$(BIN)/by_hand: $(call objects,examples/by_hand.cpp $(BY_HAND)) $(LIB)
	$(link)
$(SMALL_PROGRAMS): $(BIN)/%: $(OBJ)/examples/%.o $(call objects,$(SUPPORT)) $(LIB)
	$(link)
$(BIN)/parity: $(call objects,tests/parity/parity.cpp $(TRAINING)) $(LIB)
	$(link)
# For every program that has glcic in it: photographs (glcic/pictures) and the formats of
# $(PROTOS); the library does without.
GLCIC_LIBS := -lpng -ljpeg -lz -lnettle -lprotobuf-lite
$(addprefix $(BIN)/,glcic demo parity properties tests tests-emulated bench_layers bench_scaling bench_work \
  bench_onednn conv_error fuzz_%): LDLIBS += $(GLCIC_LIBS)
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
$(BIN)/gradcheck: $(call objects,tests/gradcheck/main.cpp $(GRADCHECK)) $(LIBRARY) $(FLAVOUR)
	$(link)
$(BIN)/gradcheck-emulated: LDLIBS += -lboost_context
$(BIN)/gradcheck-emulated: $(call objects,tests/gradcheck/main.cpp $(GRADCHECK) $(FLOORS)) $(EMULATED)
	$(link)
$(BIN)/gradcheck_report: LDLIBS += -lz
$(BIN)/gradcheck_report: $(call objects,tests/gradcheck/report_main.cpp $(GRADCHECK_REPORT)) $(LIB)
	$(link)
$(BIN)/tests: LDLIBS += -lrapidcheck
# Tests of the small examples run the programs.
$(BIN)/tests $(BIN)/tests-emulated: | \
  $(if $(filter tests/examples/test_small_examples.cpp,$(TESTS)),$(SMALL_PROGRAMS))
$(BIN)/tests: $(call objects,$(TESTS) $(EXAMPLES) $(BY_HAND) $(SUPPORT) $(GLCIC) $(GRADCHECK) $(GRADCHECK_REPORT) $(if $(filter 1,$(CUDA)),$(CUDA_TESTS))) $(LIBRARY) \
              $(FLAVOUR)
	$(link)
$(BIN)/fuzz_%: LDFLAGS += -fsanitize=fuzzer
$(BIN)/fuzz_%: LDLIBS += -lgomp
$(BIN)/fuzz_%: $(OBJ)/tests/fuzz/targets/%.o $(OBJ)/tests/fuzz/target.o $(OBJ)/tests/fuzz/fuzzer.o \
               $(call objects,$(GLCIC)) $(LIB)
	$(link)
$(BIN)/tests-emulated: LDLIBS += -lrapidcheck -lboost_context
$(BIN)/tests-emulated: $(call objects,$(TESTS) $(CUDA_TESTS) $(EXAMPLES) $(BY_HAND) $(SUPPORT) $(GLCIC) $(GRADCHECK) $(GRADCHECK_REPORT) $(FLOORS)) \
                       $(EMULATED) $(patsubst %.cu,$(OBJ)/emulated/%.o,$(EMULATOR_TESTS))
	$(link)

# ---- what a person types -----------------------------------------------------------------------
demo: $(BIN)/demo  ## train a small network for a few minutes and look at completed faces
	$(BIN)/demo --out $(BUILD)/demo

# All of them run, and all pictures show, where one misses what it claims.
examples: $(SMALL_PROGRAMS)  ## the small examples, a minute or two in all, and a page with their pictures
	@mkdir -p $(BUILD)/examples
	@cd $(BUILD)/examples; status=0; \
	for name in $(SMALL_EXAMPLES); do echo "== $$name"; "$(abspath $(BIN))"/$$name || status=1; done; \
	{ echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Small examples</title>'; \
	  echo '<meta name="viewport" content="width=device-width">'; \
	  echo '<style>body { font: 17px/1.5 system-ui, sans-serif; color: #23211d; background: #fbfaf7;'; \
	  echo 'max-width: 66rem; margin: 2rem auto; padding: 0 1rem } img { max-width: 100% }</style>'; \
	  echo '<h1>Small examples</h1>'; \
	  for picture in $(SMALL_EXAMPLES:%=%.*); do name=$${picture%.*}; \
	    echo "<h2>$$name</h2><p>Source: examples/$$name.cpp; page: docs/examples/$$name.md</p>"; \
	    echo "<img src=\"$$picture\" alt=\"what $$name ends with\">"; done; echo '</html>'; \
	} > index.html; echo "open $(BUILD)/examples/index.html"; exit $$status

test: $(BIN)/tests test-install  ## every test
	$(BIN)/tests

# DEVICE=cuda runs the same tests on the GPU, in a build that has CUDA in it.
test-cuda: $(BIN)/tests $(BIN)/gradcheck  ## the tests and gradient checks on the GPU, then under compute-sanitizer
	DEVICE=cuda $(BIN)/tests
	DEVICE=cuda $(BIN)/gradcheck
	for tool in memcheck racecheck initcheck; do DEVICE=cuda compute-sanitizer --tool $$tool \
	  --error-exitcode 1 $(BIN)/tests -sf='*tests/cuda/*' || exit 1; done

# Two processes side by side: what compares the two devices, and the tests of all floors.
test-emulated: $(BIN)/tests-emulated $(BIN)/gradcheck-emulated  ## every kernel on the CPU, each access checked
	DEVICE=emulated $(BIN)/tests-emulated -sf='*tests/cuda/*' & kernels=$$!; \
	DEVICE=emulated $(BIN)/tests-emulated -sfe='*tests/cuda/*' && \
	DEVICE=emulated $(BIN)/gradcheck-emulated; rest=$$?; wait $$kernels && exit $$rest

cuda:  ## the library and its programs for a GPU (needs nvcc, not a GPU)
	+$(MAKE) CUDA=1 all $(BIN)/tests

gradcheck: $(BIN)/gradcheck  ## numerical against analytical gradients, every op and layer
	$(BIN)/gradcheck

# DEVICES="cpu emulated cuda" says where the gradients are computed, side by side on the page; unsaid,
# the CPU, and what else has been built.
REPORT := $(BUILD)/gradcheck
DEVICES ?= cpu $(if $(wildcard $(BIN)/gradcheck-emulated),emulated) $(if $(filter 1,$(CUDA)),cuda)
gradcheck-report: $(BIN)/gradcheck_report $(DEVICES:%=$(REPORT)/%.json) $(REPORT)/mutations.json  ## the same as a page with pictures, and what broken gradients look like
	$(BIN)/gradcheck_report --out $(REPORT) $(filter %.json,$^)
$(REPORT)/cpu.json $(REPORT)/cuda.json: $(REPORT)/%.json: $(BIN)/gradcheck
	@mkdir -p $(@D)
	DEVICE=$* $< --json $@
$(REPORT)/emulated.json: $(BIN)/gradcheck-emulated
	@mkdir -p $(@D)
	DEVICE=emulated $< --json $@
$(REPORT)/mutations.json: $(BIN)/gradcheck
	@mkdir -p $(@D)
	DEVICE=cpu $< --mutations $@

parity: $(BIN)/parity | $(BUILD)/deps-pytorch  ## one training step of each phase against PyTorch
	/usr/bin/python3 tests/parity/run.py --parity $(BIN)/parity

bench: $(BIN)/bench_layers $(BIN)/bench_scaling  ## every layer in GFLOP/s and of the machine's peak; scaling
	$(BIN)/bench_layers
	$(BIN)/bench_layers --size 64 --batch 16
	$(BIN)/bench_scaling

# oneDNN's own Winograd is compared where its header is found.
ONEDNN := $(if $(wildcard /usr/include/dnnl.hpp),$(BIN)/bench_onednn)
PYTHON ?= python3
ifeq ($(DEVICE),cuda)
# PYTHON: one with a PyTorch for this GPU, which no Debian package is.
bench-pytorch: $(BIN)/bench_work
	$(PYTHON) tests/bench/pytorch_cuda.py --programs $(BIN) --json $(BUILD)/bench-pytorch-cuda.json
else
bench-pytorch: $(BIN)/bench_work $(ONEDNN) | $(BUILD)/deps-pytorch  ## the same work here and in PyTorch, in turn (on the GPU with DEVICE=cuda)
	/usr/bin/python3 tests/bench/pytorch.py --programs $(BIN) --json $(BUILD)/bench-pytorch.json
endif

asan:  ## the tests under the address and undefined-behaviour sanitizers
	+$(MAKE) CONFIG=asan $(BUILD)/asan/bin/tests
	$(BUILD)/asan/bin/tests

ubsan:  ## the tests under the undefined-behaviour sanitizer alone
	+$(MAKE) CONFIG=ubsan $(BUILD)/ubsan/bin/tests
	$(BUILD)/ubsan/bin/tests

# The thread sanitizer does not see how g++'s OpenMP hands work to its threads and would report all of
# it as races; with one OpenMP thread what it reports is between the threads that we start ourselves:
# the loader's, beside the trainer's own.
TSAN_TESTS := tests/main.cpp $(addprefix tests/glcic/test_,loader.cpp trainer.cpp dataset.cpp)
tsan:  ## the loader's and the trainer's tests under the thread sanitizer
	+$(MAKE) CONFIG=tsan TESTS="$(TSAN_TESTS)" $(BUILD)/tsan/bin/tests
	OMP_NUM_THREADS=1 $(BUILD)/tsan/bin/tests

KILLS ?= 50
test-kill: $(BIN)/tests  ## training, killed KILLS times at random moments, against a run left alone
	KILLS=$(KILLS) $(BIN)/tests -sf='*test_kill.cpp' -s

# FUZZ_SECONDS each, from the corpus of tests/fuzz; what fails is left in BUILD/fuzz/TARGET.
FUZZ_SECONDS ?= 60
fuzz: | $(BUILD)/deps-fuzz  ## the readers of files under libFuzzer, FUZZ_SECONDS each (clang)
	+$(MAKE) CONFIG=fuzz CXX=clang++ CUDA=0 $(FUZZ_TARGETS:%=$(BUILD)/fuzz/bin/fuzz_%)
	for target in $(FUZZ_TARGETS); do \
	  mkdir -p $(BUILD)/fuzz/$$target; \
	  $(BUILD)/fuzz/bin/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
	    -rss_limit_mb=1024 -malloc_limit_mb=256 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/$$target/fault- $(BUILD)/fuzz/$$target \
	    tests/fuzz/corpus/$$target || exit 1; done

# ---- the course labs (docs/instructors.md) -----------------------------------------------------
.PHONY: lab lab-check lab-run lab-grade labs-test lab-objects
LABS := python3 examples/labs/tool/lab.py
lab: | $(BUILD)/deps  ## a working copy of lab LAB=7, with holes to fill, in labs/07
	@$(LABS) start '$(LAB)'
lab-check: | $(BUILD)/deps  ## grade labs/07: LAB=7
	+@$(LABS) check '$(LAB)' --make '$(MAKE)'
lab-run: | $(BUILD)/deps  ## run the extension of labs/07: LAB=7
	+@$(LABS) run '$(LAB)' --make '$(MAKE)'
lab-grade: | $(BUILD)/deps  ## grade a folder of submissions: LAB=7 SUBMISSIONS=DIR OUT=DIR
	+@$(LABS) grade '$(LAB)' '$(SUBMISSIONS)' '$(OUT)' --make '$(MAKE)' --jobs $(JOBS)
labs-test: | $(BUILD)/deps  ## every lab proves itself, or LAB="1 4 7": untouched, solved, answered wrongly
	@python3 -m unittest discover -q -s examples/labs/tool
	+@$(LABS) prove $(LAB) --make '$(MAKE)' --jobs $(JOBS)

# What the tool calls: the objects that labs LAB="01 07" of kind LAB_KIND are linked with, and the
# commands to go on with, as lines KEY=WORDS in LAB_FLAGS_FILE.
LAB_KIND ?= library
LAB_SOURCES := $(wildcard examples/labs/support/*.cpp)
LAB_OBJECTS_library := $(call objects,$(FLOORS) $(BY_HAND)) $(OBJ)/cuda/none.o
LAB_OBJECTS_glcic := $(LAB_OBJECTS_library) $(call objects,$(GLCIC))
LAB_OBJECTS_emulated := $(call objects,$(FLOORS)) $(EMULATED)
LAB_LIBS_glcic = $(GLCIC_LIBS)
LAB_LIBS_emulated := -lboost_context
define LAB_FLAGS
compile=$(CXX) $(CPPFLAGS) $(CXXFLAGS)
compile_emulated=$(CXX) $(CPPFLAGS) $(filter-out -O3,$(CXXFLAGS)) $(EMULATE)
link=$(CXX) $(LDFLAGS)
libraries=$(LDLIBS) $(LAB_LIBS_$(LAB_KIND))
objects=$(LAB_OBJECTS_$(LAB_KIND))
support=$(call objects,$(LAB_SOURCES))
object_folder=$(OBJ)
build=$(BUILD)
endef
lab-objects: export LAB_FLAGS := $(LAB_FLAGS)
lab-objects: $(LAB_OBJECTS_$(LAB_KIND)) \
             $(call objects,$(LAB_SOURCES) $(foreach lab,$(LAB),$(wildcard examples/labs/$(lab)_*/tests.cpp)))
	@echo "$$LAB_FLAGS" > '$(LAB_FLAGS_FILE)'

deps: $(BUILD)/deps  ## the Debian packages that building takes

# Installs what is missing where it may, else says what to install. The shell that shows apt-get's last
# line every few seconds ends with the one that started it.
APT_LOG := $(BUILD)/apt.log
$(BUILD)/deps: packages = $(PACKAGES)
$(BUILD)/deps-bench: packages = libbenchmark-dev
$(BUILD)/deps-fuzz: packages = clang
$(BUILD)/deps-docs: packages = mkdocs-material libjs-katex
$(BUILD)/deps-pytorch: packages = python3-torch libopenblas0-openmp
$(BUILD)/deps-bench: | $(BUILD)/deps
$(BUILD)/deps-pytorch: | $(BUILD)/deps
$(BUILD)/deps-fuzz: | $(BUILD)/deps
$(BUILD)/deps-docs: | $(BUILD)/deps
$(BUILD)/deps $(BUILD)/deps-bench $(BUILD)/deps-pytorch $(BUILD)/deps-fuzz $(BUILD)/deps-docs: Makefile
	@mkdir -p $(@D)
	@missing=""; \
	for package in $(packages); do \
	  dpkg-query -Wf '$${db:Status-Status}' $$package 2> /dev/null | grep -qx installed || \
	    missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then touch $@; exit 0; fi; \
	sudo=""; [ $$(id -u) -eq 0 ] || sudo="sudo -n"; \
	if ! command -v apt-get > /dev/null || ! $$sudo true 2> /dev/null; then \
	  echo "Packages are missing. Please install them, then run make again:" >&2; \
	  echo "  sudo apt-get install$$missing" >&2; \
	  echo "(Where they are there by another way than Debian's: touch $@)" >&2; exit 1; \
	fi; \
	echo "installing:$$missing"; \
	: > $(APT_LOG); \
	while sleep 4 && kill -0 $$$$ 2> /dev/null; do echo "  $$(tail -n 1 $(APT_LOG))"; done & progress=$$!; \
	{ $$sudo apt-get update -q && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q $$missing; } > $(APT_LOG) 2>&1; \
	status=$$?; kill $$progress; \
	[ $$status -eq 0 ] || { tail -n 5 $(APT_LOG); echo "all that apt-get said: $(APT_LOG)"; exit 1; } >&2; \
	touch $@

# ---- the book ----------------------------------------------------------------------------------
# For programs in docs/, which may use GLCIC, too.
LIBGLCIC := $(OBJ)/libglcic.a
$(LIBGLCIC): $(call objects,$(GLCIC))
	@rm -f $@
	@ar rcs $@ $^

# docs/figures/NAME.cpp draws into the folder that is its argument; it may walk the registry of ops.
$(BIN)/figure_%: $(OBJ)/docs/figures/%.o $(LIBRARY) $(FLAVOUR) $(LIBGLCIC)
	$(link)
$(BIN)/figure_%: LDLIBS += $(GLCIC_LIBS)
FIGURES := $(patsubst docs/figures/%.cpp,%,$(wildcard docs/figures/*.cpp))
.SECONDARY: $(FIGURES:%=$(OBJ)/docs/figures/%.o)

DOCS := docs/tools
docs: | $(BUILD)/deps-docs  ## the book as a site: build/docs/site/index.html
	@PYTHONWARNINGS=ignore /usr/bin/mkdocs build --strict --config-file $(DOCS)/mkdocs.yml \
	  --site-dir "$(abspath $(BUILD)/docs/site)"
	@echo '$(BUILD)/docs/site/index.html'

# TEXT=1: fences, listings and links alone, in a second.
docs-check: | $(BUILD)/deps  ## every listing, program, command, figure and link in docs/ and README.md
	@python3 -m unittest discover -q -s docs/tools
	@+$(DOCS)/check.py --build $(BUILD) --jobs $(JOBS) $(if $(TEXT),--text)

docs-listings:  ## bring the listings in docs/ up to date with the sources
	@$(DOCS)/refresh.py

docs-figures: $(FIGURES:%=$(BIN)/figure_%)  ## draw docs/figures/*.svg again
	@for figure in $^; do $$figure docs/figures || exit 1; done

# What docs/tools asks for: libraries, programs, and the flags to compile a program of a chapter.
docs-library: $(LIB) $(LIBGLCIC)
docs-program-%: $(BIN)/% ;
LIBEMULATED := $(OBJ)/libemulated.a
$(LIBEMULATED): $(call objects,$(FLOORS)) $(EMULATED)
	@rm -f $@
	@ar rcs $@ $^
docs-emulated: $(LIBEMULATED)
docs-flags:
	@:$(info compile=$(CXX) $(filter-out -MMD -MP,$(CPPFLAGS)) -isystem $(OBJ) $(CXXFLAGS))
	@:$(info link=$(CXX) $(LDFLAGS))
	@:$(info compile_emulated=$(CXX) $(filter-out -MMD -MP,$(CPPFLAGS)) $(filter-out -O3,$(CXXFLAGS)) $(EMULATE))
	@:$(info link_emulated=$(CXX) $(LDFLAGS) -Wl$(comma)--whole-archive $(LIBEMULATED) -Wl$(comma)--no-whole-archive)
	@:$(info libraries_emulated=$(LDLIBS) -lboost_context)
	@:$(info libraries=-Wl$(comma)--whole-archive $(LIB) -Wl$(comma)--no-whole-archive $(LIBGLCIC) $(LDLIBS) $(GLCIC_LIBS))

# ---- installing --------------------------------------------------------------------------------
DEST := $(DESTDIR)$(PREFIX)

# It says where it lies itself, so that the folder may be moved.
define PKG_CONFIG_FILE
prefix=$${pcfiledir}/../..
Name: kintsugi
Description: A deep-learning library to read: tensors, autograd, layers
Version: $(VERSION)
Cflags: -std=c++20 -I$${prefix}/include/kintsugi
Libs: -L$${prefix}/lib -lkintsugi -lfmt -fopenmp $(CUDA_LIBS)
endef
export PKG_CONFIG_FILE

install: $(LIB)  ## headers, library and pkg-config file under PREFIX
	@mkdir -p "$(DEST)/lib/pkgconfig" 2> /dev/null && [ -w "$(DEST)/lib/pkgconfig" ] || \
	  { echo 'cannot write to $(DEST): try "sudo make install", or "make install PREFIX=$$HOME/.local"' >&2; \
	  exit 1; }
	@for header in $(HEADERS); do \
	  install -D -m 644 $$header "$(DEST)/include/kintsugi/$$header" || exit 1; done
	@install -D -m 644 $(LIB) "$(DEST)/lib/libkintsugi.a"
	@echo "$$PKG_CONFIG_FILE" > "$(DEST)/lib/pkgconfig/kintsugi.pc"
	@echo "installed to $(DEST)"
	@[ -n "$(DESTDIR)" ] || \
	  [ "$$(pkg-config --variable=pcfiledir kintsugi 2> /dev/null)" -ef "$(DEST)/lib/pkgconfig" ] || \
	  echo "so that pkg-config finds it: export PKG_CONFIG_PATH="$$(cd "$(DEST)" && pwd)/lib/pkgconfig""

uninstall:  ## take away what install put there
	rm -rf "$(DEST)/include/kintsugi" "$(DEST)/lib/libkintsugi.a" "$(DEST)/lib/pkgconfig/kintsugi.pc"

# Builds a program of another project's against the installed library, with one pkg-config line.
test-install: export PKG_CONFIG_PATH := $(OBJ)/installed/lib/pkgconfig
test-install: $(LIB)
	@+$(MAKE) --no-print-directory install PREFIX=$(OBJ)/installed DESTDIR=
	@$(CXX) $(SANITIZE_$(CONFIG)) tests/install/consumer.cpp \
	  $$(pkg-config --cflags --libs kintsugi) -o $(OBJ)/consumer && $(OBJ)/consumer

# ---- the state of the sources ------------------------------------------------------------------
FORMATTED := $(shell git ls-files '*.h' '*.cpp' '*.cu' 2> /dev/null)

format:  ## clang-format on every source
	@clang-format -i $(FORMATTED)
format-check:
	@clang-format --dry-run --Werror $(FORMATTED)

# Each floor includes only what lies below it.
lint: $(BUILD)/deps $(PROTO_HEADERS)  ## clang-tidy, and no include that runs up a floor
	@! grep -nE '#include "(autograd|layers|glcic)/' $(wildcard tensor/*.* tensor/*/*.*)
	@! grep -nE '#include "(layers|glcic)/' $(wildcard autograd/*.* autograd/ops/*)
	@! grep -nE '#include "glcic/' $(wildcard layers/*)
	@! grep -rnE '#include "cuda/' tensor autograd layers glcic
	@printf '%s\n' $(FLOORS) cuda/none.cpp $(filter-out $(GENERATED),$(GLCIC)) $(EXAMPLES) \
	  $(wildcard examples/support/*.cpp) $(BY_HAND) $(SMALL_EXAMPLES:%=examples/%.cpp) examples/by_hand.cpp | xargs -P $(JOBS) -n 8 sh -c \
	  'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -I. -isystem $(OBJ) -isystem /usr/include/eigen3 \
	   -std=c++20 -fopenmp' sh

compile_commands.json:  ## for editors and clang tools
	@{ echo '['; for file in $(FLOORS) cuda/none.cpp $(filter-out $(GENERATED),$(GLCIC)) \
	    glcic/main.cpp $(EXAMPLES) $(wildcard examples/*.cpp examples/support/*.cpp) $(BY_HAND) $(TESTS); do \
	  printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}' "$$comma" '$(CURDIR)' \
	    "$$file" '$(CXX) -I. -isystem $(OBJ) -isystem /usr/include/eigen3 -std=c++20 -fopenmp' "$$file"; \
	  comma=','; echo; done; echo ']'; } > $@

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@sed -nE 's/^([a-z_.-]+):.*##  */\1\t/p' Makefile | \
	  awk -F '\t' '{ printf "  %-28s%s\n", "make " $$1, $$2 }'

-include $(shell find $(OBJ) -name '*.d' 2> /dev/null)
