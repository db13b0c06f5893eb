#include "tensor/cpu/conv_choice.h"

#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "tensor/error.h"

namespace kintsugi {

namespace {

constexpr std::pair<std::string_view, ConvAlgorithm> kNames[] = {
    {"automatic", ConvAlgorithm::automatic},
    {"naive", ConvAlgorithm::naive},
    {"patches", ConvAlgorithm::patches},
    {"blocked", ConvAlgorithm::blocked},
    {"winograd", ConvAlgorithm::winograd}};

ConvAlgorithm from_environment() {
  const char* wanted = std::getenv("KINTSUGI_CONV");
  if (wanted == nullptr || *wanted == '\0') return ConvAlgorithm::automatic;
  for (const auto& [name, algorithm] : kNames)
    if (name == wanted) return algorithm;
  throw Error(fmt::format(
      "KINTSUGI_CONV={}: there is naive, patches, blocked, winograd and automatic", wanted));
}

std::atomic<ConvAlgorithm>& forced() {
  static std::atomic<ConvAlgorithm> algorithm{from_environment()};
  return algorithm;
}

}  // namespace

void set_conv_algorithm(ConvAlgorithm algorithm) { forced() = algorithm; }
ConvAlgorithm conv_algorithm() { return forced(); }

namespace cpu {

ConvAlgorithm choose_algorithm(const PatchGrid& grid, int64_t out, const WinogradPlan& plan,
                               DType dtype) {
  const ConvAlgorithm wanted = conv_algorithm();
  if (wanted == ConvAlgorithm::winograd)
    return plan.possible() ? ConvAlgorithm::winograd : ConvAlgorithm::blocked;
  if (wanted != ConvAlgorithm::automatic) return wanted;
  const double plain = static_cast<double>(grid.pixels() * grid.patch_size() * out);
  return plan.possible() && dtype == DType::float32 && plan.cost < plain ? ConvAlgorithm::winograd
                                                                         : ConvAlgorithm::blocked;
}

}  // namespace cpu
}  // namespace kintsugi
