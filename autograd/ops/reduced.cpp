#include "autograd/ops/reduced.h"

#include <string>
#include <utility>

namespace kintsugi {

std::vector<Sample> reduction_samples(Variable (*reduce)(const Variable&, const std::vector<int>&,
                                                         bool)) {
  const auto sample = [&](const Shape& shape, const std::vector<int>& axes, bool keep_axes,
                          std::string label) {
    return Sample{.inputs = {{.shape = shape}},
                  .apply = [=](const Variables& in) { return reduce(in[0], axes, keep_axes); },
                  .label = std::move(label)};
  };
  return {sample({2, 3, 4}, {}, false, "all axes"),
          sample({2, 3, 4}, {}, true, "all axes, kept"),
          sample({2, 3, 4}, {1}, false, "the middle axis"),
          sample({2, 3, 4}, {-1}, true, "the last axis, kept"),
          sample({2, 3, 2, 2}, {2, 0}, false, "two axes apart, in any order"),
          sample({2, 3, 2, 2}, {0, -1}, true, "two axes apart, kept"),
          sample({1}, {0}, false, "one element"),
          sample({}, {}, false, "scalar")};
}

}  // namespace kintsugi
