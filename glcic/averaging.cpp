#include "glcic/averaging.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "layers/own_value.h"
#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

constexpr std::string_view kEma = "ema:";

}  // namespace

Averaging averaging_from_string(const std::string& text) {
  if (text == "polynomial") return {};
  if (text == "none") return {.kind = Averaging::Kind::none};
  double decay = 0;
  if (text.starts_with(kEma)) {
    const char* end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data() + kEma.size(), end, decay);
    if (fault != std::errc{} || rest != end) decay = 0;
  }
  check(decay > 0 && decay < 1,
        "\"{}\" is no way to average weights: polynomial, none, or ema:D with D between 0 and 1, "
        "such as ema:0.999",
        text);
  return {.kind = Averaging::Kind::ema, .decay = decay};
}

std::string to_string(const Averaging& averaging) {
  switch (averaging.kind) {
    case Averaging::Kind::polynomial:
      return "polynomial";
    case Averaging::Kind::ema:
      return fmt::format("{}{}", kEma, averaging.decay);
    default:
      return "none";
  }
}

double averaging_part(const Averaging& averaging, int64_t steps) {
  const double polynomial = 9.0 / (static_cast<double>(steps) + 8.0);
  switch (averaging.kind) {
    case Averaging::Kind::polynomial:
      return polynomial;
    case Averaging::Kind::ema:
      return std::max(1 - averaging.decay, polynomial);
    default:
      return 1;
  }
}

void average_weights(Module& average, const Module& network, double part) {
  const std::vector<StateEntry> from = network.state();
  std::vector<StateEntry> to = average.state();
  std::vector<ParameterStep> averages;
  for (size_t i = 0; i < to.size(); ++i)
    averages.push_back(
        {.weight = own_value(to[i].variable), .grad = from[i].variable.value(), .slots = {}});
  backend(averages.front().weight.device()).average_step(averages, part);
}

}  // namespace kintsugi
