#include "autograd/ops/samples.h"

#include <string>
#include <utility>

namespace kintsugi {

std::vector<Sample> elementwise_samples(std::function<Variable(const Variable&)> f,
                                        SampleRange range) {
  const auto sample = [&](const Shape& shape, double low, std::string label) {
    return Sample{.inputs = {{.shape = shape, .low = low, .high = range.high}},
                  .apply = [f](const Variables& in) { return f(in[0]); },
                  .label = std::move(label)};
  };
  return {sample({2, 3, 2, 4}, range.low, ""), sample({1}, range.high / 2, "one element"),
          sample({}, range.high / 2, "scalar")};
}

std::vector<Sample> broadcasting_samples(
    std::function<Variable(const Variable&, const Variable&)> f, SampleRange a, SampleRange b) {
  const auto sample = [&](const Shape& left, const Shape& right, std::string label) {
    return Sample{.inputs = {{.shape = left, .low = a.low, .high = a.high},
                             {.shape = right, .low = b.low, .high = b.high}},
                  .apply = [f](const Variables& in) { return f(in[0], in[1]); },
                  .label = std::move(label)};
  };
  return {sample({2, 3, 4}, {2, 3, 4}, ""),
          sample({4}, {2, 3, 4}, "left side broadcast"),
          sample({2, 3, 4}, {2, 1, 4}, "right side broadcast"),
          sample({3, 1}, {2, 1, 4}, "both sides broadcast"),
          sample({2, 3}, {}, "a scalar on the right"),
          sample({}, {}, "scalars")};
}

}  // namespace kintsugi
