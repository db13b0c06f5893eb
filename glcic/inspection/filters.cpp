#include "glcic/inspection/filters.h"

#include <algorithm>
#include <cmath>

#include "tensor/ops.h"

namespace kintsugi {
namespace {

FilterUse use_of(int64_t channel, const std::vector<double>& squares, int64_t in) {
  const auto begin = squares.begin() + channel * in, end = begin + in;
  const auto most = std::max_element(begin, end);
  double total = 0;
  for (auto square = begin; square != end; ++square) total += *square;
  return {.channel = channel,
          .norm = std::sqrt(total),
          .most_used = most - begin,
          .share = total > 0 ? *most / total : 0.0};
}

}  // namespace

Tensor weights_by_input(const Convolution& conv) {
  const Tensor weight = conv.weight().value().to(Device::cpu).to(DType::float32);
  const bool transposed = dynamic_cast<const ConvTranspose2d*>(&conv) != nullptr;
  return transposed ? ops::permute(weight, {0, 1, 3, 2}) : weight;
}

FilterSummary summarise_filters(const Convolution& conv) {
  const Tensor squared = ops::square(weights_by_input(conv));        // [kh, kw, in, out]
  const Tensor by_pair = ops::transpose(ops::sum(squared, {0, 1}));  // [out, in]
  const Tensor taps = ops::sum(squared, {2, 3});
  const double total = ops::sum(taps).item();
  FilterSummary summary{.norms = ops::sqrt(by_pair),
                        .taps = total > 0 ? ops::affine(taps, 1 / total, 0) : taps};
  const std::vector<double> squares = by_pair.to_vector();
  for (int64_t channel = 0; channel < by_pair.size(0); ++channel)
    summary.uses.push_back(use_of(channel, squares, by_pair.size(1)));
  std::stable_sort(summary.uses.begin(), summary.uses.end(),
                   [](const FilterUse& a, const FilterUse& b) { return a.norm > b.norm; });
  return summary;
}

}  // namespace kintsugi
