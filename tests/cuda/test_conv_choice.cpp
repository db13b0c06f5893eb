// Which rung a convolution on CUDA takes, and how that is remembered.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "cuda/conv_choice.h"
#include "tests/temporary_folder.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;
using namespace kintsugi::cuda;

namespace {

constexpr Window k3x3{3, 3, 1, 1, 1}, k5x5{5, 5, 1, 2, 1}, kStrided{3, 3, 2, 1, 1};

ConvKind kind_of(const Window& window, int64_t channels = 64, DType dtype = DType::float32,
                 Precision precision = Precision::tf32) {
  const int64_t size = 32 / window.stride;
  return {ConvPass::forward,
          {8, 32, 32, channels},
          {8, size, size, channels},
          window,
          dtype,
          precision,
          false};
}

void nothing(ConvAlgorithm, KeptWeights*) {}

std::string text_of(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("cuda: the kind of a convolution says everything that the choice depends on") {
  const ConvKind kind{ConvPass::input_grad,
                      {8, 32, 32, 64},
                      {8, 16, 16, 128},
                      kStrided,
                      DType::float32,
                      Precision::tf32,
                      true};
  CHECK(kind.str() ==
        "input_grad float32 tf32 [8, 32, 32, 64] [8, 16, 16, 128] 3x3 stride 2 padding 1 dilation "
        "1 kept");
}

TEST_CASE("cuda: a rung that is forced is taken where it can run") {
  for (const ConvAlgorithm rung : {ConvAlgorithm::naive, ConvAlgorithm::patches,
                                   ConvAlgorithm::implicit, ConvAlgorithm::winograd}) {
    const ConvAlgorithmGuard guard(rung);
    CHECK(choose_algorithm(kind_of(k3x3), nothing) == rung);
    const bool possible = rung != ConvAlgorithm::winograd;
    for (const Window& window : {k5x5, kStrided})
      CHECK(choose_algorithm(kind_of(window), nothing) ==
            (possible ? rung : ConvAlgorithm::implicit));
  }
}

TEST_CASE("cuda: a convolution of nothing takes the plainest rung") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::winograd);
  CHECK(choose_algorithm(kind_of(k3x3, 0), nothing) == ConvAlgorithm::naive);
}

TEST_CASE("cuda: the guess is Winograd for exact float32 of many channels, patches for float64") {
  CHECK(likely_fastest(kind_of(k3x3)) == ConvAlgorithm::implicit);
  CHECK(likely_fastest(kind_of(k3x3, 64, DType::float32, Precision::float32)) ==
        ConvAlgorithm::winograd);
  CHECK(likely_fastest(kind_of(k3x3, 3, DType::float32, Precision::float32)) ==
        ConvAlgorithm::implicit);
  CHECK(likely_fastest(kind_of(kStrided, 64, DType::float32, Precision::float32)) ==
        ConvAlgorithm::implicit);
  CHECK(likely_fastest(kind_of(k3x3, 64, DType::float64)) == ConvAlgorithm::patches);
}

TEST_CASE("cuda: of the candidates the one that takes the least time wins, of equals the first") {
  const auto seconds = [](ConvAlgorithm algorithm) {
    return algorithm == ConvAlgorithm::naive ? 2.0 : 1.0;
  };
  CHECK(fastest_of({ConvAlgorithm::naive, ConvAlgorithm::patches, ConvAlgorithm::implicit},
                   seconds) == ConvAlgorithm::patches);
  CHECK(fastest_of({ConvAlgorithm::naive}, seconds) == ConvAlgorithm::naive);
}

TEST_CASE("cuda: a call is timed after one that warms up") {
  int calls = 0;
  const double time = least_milliseconds([&] { ++calls; });
  CHECK(calls == 4);
  CHECK(std::isfinite(time));
  CHECK(time >= 0);
}

TEST_CASE("cuda: choices are remembered in a file, from one process to the next") {
  const TemporaryFolder folder;
  const std::string file = folder / "a/b/conv-GPU";
  ConvChoices first(file);
  CHECK(!first.find("forward 1"));
  first.remember("forward 1", ConvAlgorithm::winograd);
  first.remember("forward 2", ConvAlgorithm::patches);
  CHECK(first.find("forward 1") == ConvAlgorithm::winograd);

  const ConvChoices second(file);
  CHECK(second.find("forward 1") == ConvAlgorithm::winograd);
  CHECK(second.find("forward 2") == ConvAlgorithm::patches);
  CHECK(text_of(file) == "winograd forward 1\npatches forward 2\n");
}

TEST_CASE("cuda: two processes that choose at the same time agree on the first from then on") {
  const TemporaryFolder folder;
  const std::string file = folder / "conv-GPU";
  ConvChoices first(file), second(file);
  first.remember("forward 1", ConvAlgorithm::patches);
  second.remember("forward 1", ConvAlgorithm::implicit);
  CHECK(second.find("forward 1") == ConvAlgorithm::implicit);
  CHECK(ConvChoices(file).find("forward 1") == ConvAlgorithm::patches);
}

TEST_CASE("cuda: lines that make no sense are passed over, and so is a file that cannot be") {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "\nwinograd\nfastest forward 1\npatches forward 2\n\x01\x02 x";
  const ConvChoices choices(folder / "file");
  CHECK(!choices.find("forward 1"));
  CHECK(choices.find("forward 2") == ConvAlgorithm::patches);

  ConvChoices nowhere(folder / "file/below/a/file");
  nowhere.remember("forward 1", ConvAlgorithm::patches);
  CHECK(nowhere.find("forward 1") == ConvAlgorithm::patches);
}

TEST_CASE("cuda: the file of choices is the GPU's own, in the user's cache") {
  const std::string path = conv_choices_file("NVIDIA H100 80GB/HBM3").string();
  const std::string name = "/kintsugi/conv-NVIDIA-H100-80GB-HBM3";
  const bool has_place = std::getenv("XDG_CACHE_HOME") || std::getenv("HOME");
  CHECK((has_place ? path.ends_with(name) : path.empty()));
}
