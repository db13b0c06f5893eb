# Kintsugi. `make help` lists what there is; `make demo` and `make test` do everything from a bare
# clone on Debian 12, packages included.

CONFIG ?= release
MARCH ?= native
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
MAKEFLAGS += -j$(JOBS)
VERSION := 0.1.0

OBJ := $(BUILD)/$(CONFIG)
BIN := $(if $(filter release,$(CONFIG)),$(BUILD)/bin,$(OBJ)/bin)

WARNINGS := -Wall -Wextra -Wpedantic
CPPFLAGS += -I. -isystem /usr/include/eigen3 -MMD -MP
CXXFLAGS_release := -O3 -march=$(MARCH)
CXXFLAGS_asan := -O1 -g -march=$(MARCH) -fsanitize=address,undefined -fno-sanitize-recover=all
CXXFLAGS_tsan := -O1 -g -march=$(MARCH) -fsanitize=thread
CXXFLAGS += -std=c++20 -fopenmp -fno-math-errno $(WARNINGS) $(CXXFLAGS_$(CONFIG))
LDFLAGS += -fopenmp $(filter -fsanitize%,$(CXXFLAGS_$(CONFIG)))
LDLIBS += -lfmt -lpthread

# ---- sources ---------------------------------------------------------------------------------
TENSOR := $(wildcard tensor/*.cpp tensor/cpu/*.cpp tensor/io/*.cpp)
AUTOGRAD := $(wildcard autograd/*.cpp autograd/ops/*.cpp)
LAYERS := $(wildcard layers/*.cpp)
GLCIC := $(filter-out glcic/main.cpp,$(wildcard glcic/*.cpp))
CUDA := cuda/none.cpp
LIBRARY := $(TENSOR) $(AUTOGRAD) $(LAYERS) $(CUDA)
TESTS := $(wildcard tests/*.cpp tests/tensor/*.cpp tests/autograd/*.cpp tests/layers/*.cpp \
                    tests/glcic/*.cpp)

objects = $(patsubst %.cpp,$(OBJ)/%.o,$(1))
LIB := $(OBJ)/libkintsugi.a
PROGRAMS := $(BIN)/glcic $(BIN)/gradcheck $(BIN)/parity

.PHONY: all lib test gradcheck demo parity deps format format-check lint asan ubsan tsan install \
        uninstall clean help compile_commands.json
.DEFAULT_GOAL := all

all: $(LIB) $(PROGRAMS)  ## the library and its programs
lib: $(LIB)  ## the library alone

$(LIB): $(call objects,$(LIBRARY))
	@rm -f $@
	ar rcs $@ $^

$(OBJ)/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

define link
@mkdir -p $(@D)
$(CXX) $(LDFLAGS) $^ $(LDLIBS) -o $@
endef

$(BIN)/glcic: $(call objects,glcic/main.cpp $(GLCIC)) $(LIB)
	$(link)
$(BIN)/parity: $(call objects,tests/parity/parity.cpp $(GLCIC)) $(LIB)
	$(link)
# Programs that walk the registry of ops link the objects themselves: the linker drops from an
# archive what nothing refers to.
$(BIN)/gradcheck: $(call objects,tests/gradcheck/main.cpp $(LIBRARY))
	$(link)
$(BIN)/tests: $(call objects,$(TESTS) $(GLCIC) $(LIBRARY))
	$(link) $(if $(findstring rapidcheck,$(LDLIBS)),,-lrapidcheck)

clean:  ## remove what was built
	rm -rf $(BUILD)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
