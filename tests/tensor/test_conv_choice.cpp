// Which algorithm a convolution on the CPU takes, by itself and forced.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tensor/cpu/conv_choice.h"
#include "tests/tensor/conv_algorithm_guard.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

constexpr ConvAlgorithm kAll[] = {ConvAlgorithm::naive, ConvAlgorithm::patches,
                                  ConvAlgorithm::blocked, ConvAlgorithm::narrow,
                                  ConvAlgorithm::winograd};

/// What a convolution of a map [1, size, size, in] takes, of a kernel x kernel window.
ConvAlgorithm choice(int64_t size, int64_t in, int64_t out, const Window& window,
                     DType dtype = DType::float32) {
  const int64_t y = ops::conv_output_size("test", size, window.kernel_h, window);
  const cpu::PatchGrid grid = cpu::forward_grid({1, size, size, in}, {1, y, y, out}, window);
  return cpu::choose_algorithm(grid, out, cpu::WinogradPlan(grid, out), dtype);
}

constexpr Window k3x3{3, 3, 1, 1, 1}, k1x1{1, 1, 1, 0, 1}, k5x5{5, 5, 1, 2, 1},
    kDilated{3, 3, 1, 4, 4}, kDilatedStrided{3, 3, 2, 4, 4};

/// Everything that a shell command prints.
std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  ::pclose(pipe);
  return text;
}

/// What a process of its own prints that is started with KINTSUGI_CONV=`value` and asks for the
/// algorithm in force.
std::string output_with(const std::string& value) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  return output_of("KINTSUGI_CONV='" + value + "' '" + self +
                   "' --no-skip --test-case='process: prints the algorithm in force'");
}

}  // namespace

TEST_CASE(
    "a convolution in float32 takes Winograd where that saves more than its transforms cost") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::automatic);
  CHECK(choice(64, 256, 256, k3x3) == ConvAlgorithm::winograd);
  CHECK(choice(64, 256, 256, kDilated) == ConvAlgorithm::winograd);
  CHECK(choice(2, 512, 512, k3x3) != ConvAlgorithm::winograd);  // a tile; weights are all the work
  CHECK(choice(64, 3, 8, k3x3) == ConvAlgorithm::blocked);
}

TEST_CASE("few output channels take the narrow kernel, what Winograd cannot do the blocked one") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::automatic);
  CHECK(choice(64, 32, 3, k3x3) == ConvAlgorithm::narrow);
  CHECK(choice(64, 256, 256, k1x1) == ConvAlgorithm::blocked);
  CHECK(choice(64, 256, 256, k5x5) == ConvAlgorithm::blocked);
  CHECK(choice(64, 256, 256, kDilatedStrided) == ConvAlgorithm::blocked);
}

TEST_CASE("a convolution in float64 is blocked, whatever its shape") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::automatic);
  for (const Window& window : {k3x3, k1x1, k5x5, kDilated})
    for (const int64_t channels : {3, 256}) {
      CAPTURE(channels);
      CHECK(choice(64, 256, channels, window, DType::float64) == ConvAlgorithm::blocked);
    }
}

TEST_CASE("an algorithm that is forced is taken, and the blocked one for what it cannot do") {
  for (const ConvAlgorithm forced : kAll)
    for (const DType dtype : kDTypes) {
      const ConvAlgorithmGuard guard(forced);
      CHECK(conv_algorithm() == forced);
      CHECK(choice(64, 3, 8, k3x3, dtype) == forced);
      const bool special = forced == ConvAlgorithm::narrow || forced == ConvAlgorithm::winograd;
      CHECK(choice(64, 256, 256, kDilatedStrided, dtype) ==
            (special ? ConvAlgorithm::blocked : forced));
    }
}

TEST_CASE("the CPU chooses by itself where CUDA's implicit rung is forced") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::implicit);
  CHECK(choice(64, 256, 256, k3x3) == ConvAlgorithm::winograd);
  CHECK(choice(64, 32, 3, k3x3) == ConvAlgorithm::narrow);
  CHECK(choice(64, 256, 256, k3x3, DType::float64) == ConvAlgorithm::blocked);
}

TEST_CASE("every algorithm has a name, which leads back to it") {
  for (const ConvAlgorithm algorithm :
       {ConvAlgorithm::automatic, ConvAlgorithm::naive, ConvAlgorithm::patches,
        ConvAlgorithm::blocked, ConvAlgorithm::narrow, ConvAlgorithm::implicit,
        ConvAlgorithm::winograd})
    CHECK(conv_algorithm_named(to_string(algorithm)) == algorithm);
  CHECK(!conv_algorithm_named("fastest"));
}

TEST_CASE("process: prints the algorithm in force" * doctest::skip()) {
  std::printf("in force: %d\n", static_cast<int>(conv_algorithm()));
}

TEST_CASE("KINTSUGI_CONV forces an algorithm from the start of a process") {
  const auto in_force = [](ConvAlgorithm algorithm) {
    return "in force: " + std::to_string(static_cast<int>(algorithm));
  };
  CHECK(output_with("naive").find(in_force(ConvAlgorithm::naive)) != std::string::npos);
  CHECK(output_with("patches").find(in_force(ConvAlgorithm::patches)) != std::string::npos);
  CHECK(output_with("blocked").find(in_force(ConvAlgorithm::blocked)) != std::string::npos);
  CHECK(output_with("narrow").find(in_force(ConvAlgorithm::narrow)) != std::string::npos);
  CHECK(output_with("implicit").find(in_force(ConvAlgorithm::implicit)) != std::string::npos);
  CHECK(output_with("winograd").find(in_force(ConvAlgorithm::winograd)) != std::string::npos);
  CHECK(output_with("automatic").find(in_force(ConvAlgorithm::automatic)) != std::string::npos);
  CHECK(output_with("").find(in_force(ConvAlgorithm::automatic)) != std::string::npos);
}

TEST_CASE("KINTSUGI_CONV that names no algorithm is refused in one sentence") {
  const std::string output = output_with("fastest");
  CAPTURE(output);
  CHECK(output.find("KINTSUGI_CONV=fastest: there is naive, patches, blocked, narrow, implicit, "
                    "winograd and automatic") != std::string::npos);
  CHECK(output.find("in force: ") == std::string::npos);
}
