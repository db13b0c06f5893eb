#include "tensor/cpu/conv_choice.h"

#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "tensor/error.h"

namespace kintsugi {

namespace {

constexpr std::pair<std::string_view, ConvAlgorithm> kNames[] = {
    {"automatic", ConvAlgorithm::automatic}, {"naive", ConvAlgorithm::naive},
    {"patches", ConvAlgorithm::patches},     {"blocked", ConvAlgorithm::blocked},
    {"narrow", ConvAlgorithm::narrow},       {"implicit", ConvAlgorithm::implicit},
    {"winograd", ConvAlgorithm::winograd}};

ConvAlgorithm from_environment() {
  const char* wanted = std::getenv("KINTSUGI_CONV");
  if (wanted == nullptr || *wanted == '\0') return ConvAlgorithm::automatic;
  if (const auto algorithm = conv_algorithm_named(wanted)) return *algorithm;
  throw Error(
      fmt::format("KINTSUGI_CONV={}: there is naive, patches, blocked, narrow, implicit, winograd "
                  "and automatic",
                  wanted));
}

std::atomic<ConvAlgorithm>& forced() {
  static std::atomic<ConvAlgorithm> algorithm{from_environment()};
  return algorithm;
}

}  // namespace

std::string to_string(ConvAlgorithm wanted) {
  for (const auto& [name, algorithm] : kNames)
    if (algorithm == wanted) return std::string(name);
  return "";
}

std::optional<ConvAlgorithm> conv_algorithm_named(std::string_view wanted) {
  for (const auto& [name, algorithm] : kNames)
    if (name == wanted) return algorithm;
  return std::nullopt;
}

void set_conv_algorithm(ConvAlgorithm algorithm) { forced() = algorithm; }
ConvAlgorithm conv_algorithm() { return forced(); }

namespace cpu {

namespace {

constexpr int64_t kNarrow = 8, kWide = 16;  // channels

/// What is forced on the CPU, which has no implicit rung.
ConvAlgorithm forced_here() {
  const ConvAlgorithm algorithm = conv_algorithm();
  return algorithm == ConvAlgorithm::implicit ? ConvAlgorithm::automatic : algorithm;
}

bool narrow_possible(const PatchGrid& grid) {
  return grid.step == 1 && grid.patch_size() > 0 && grid.pixels() > 0;
}

}  // namespace

bool joins(const WinogradPlan& plan, double plain, DType dtype) {
  if (const ConvAlgorithm wanted = forced_here(); wanted != ConvAlgorithm::automatic)
    return wanted == ConvAlgorithm::winograd && plan.possible();
  return dtype == DType::float32 && plan.possible() && plan.cost < plain;
}

ConvAlgorithm choose_algorithm(const PatchGrid& grid, int64_t out, const WinogradPlan& plan,
                               DType dtype) {
  switch (const ConvAlgorithm wanted = forced_here()) {
    case ConvAlgorithm::automatic:
      break;
    case ConvAlgorithm::winograd:
      return plan.possible() ? wanted : ConvAlgorithm::blocked;
    case ConvAlgorithm::narrow:
      return narrow_possible(grid) ? wanted : ConvAlgorithm::blocked;
    default:
      return wanted;
  }
  if (dtype == DType::float64) return ConvAlgorithm::blocked;
  if (out <= kNarrow && grid.channels >= kWide && narrow_possible(grid))
    return ConvAlgorithm::narrow;
  const auto plain = static_cast<double>(grid.pixels() * grid.patch_size() * out);
  return joins(plan, plain, dtype) ? ConvAlgorithm::winograd : ConvAlgorithm::blocked;
}

}  // namespace cpu
}  // namespace kintsugi
