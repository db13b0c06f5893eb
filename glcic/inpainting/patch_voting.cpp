#include "glcic/inpainting/patch_voting.h"

#include <algorithm>
#include <cmath>

namespace kintsugi {
namespace {

double percentile_75(std::vector<float> values) {
  const auto nth = values.begin() + static_cast<int64_t>(values.size() * 3 / 4);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

/// ln w of each target: sums of many small weights then keep their proportions.
std::vector<double> log_weights(const PatchSet& patches, const PatchField& field,
                                const std::vector<int32_t>& rim, const VoteOptions& options) {
  constexpr double kSmallest = 1e-6;  // of 2σ²: all distances may be 0
  const double spread = std::max(2.0 * percentile_75(field.distance), kSmallest);
  const int64_t to_middle = patches.size / 2 * (patches.width + 1);
  std::vector<double> weights(field.distance.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const int32_t steps = rim[static_cast<size_t>(patches.targets[i] + to_middle)];
    weights[i] =
        options.sharpness * (-field.distance[i] / spread - steps * std::log(options.falloff));
  }
  return weights;
}

/// A pixel of a source, and the weight of its colour.
struct Ballot {
  double log_weight;
  int64_t place;
};

/// What the targets that cover the pixel (y, x) propose for it.
void collect(const PatchSet& patches, const PatchField& field, const std::vector<double>& weights,
             int64_t y, int64_t x, std::vector<Ballot>& ballots) {
  ballots.clear();
  const int64_t size = patches.size;
  for (int64_t row = std::max<int64_t>(y - size + 1, 0); row <= std::min(y, patches.height - size);
       ++row)
    for (int64_t column = std::max<int64_t>(x - size + 1, 0);
         column <= std::min(x, patches.width - size); ++column) {
      const int64_t corner = row * patches.width + column;
      const auto target = static_cast<size_t>(patches.number[static_cast<size_t>(corner)]);
      const int64_t offset = (y - row) * patches.width + (x - column);
      ballots.push_back({weights[target], field.source[target] + offset});
    }
}

}  // namespace

void vote(Tensor& picture, const PatchSet& patches, const PatchField& field,
          const std::vector<int32_t>& rim, const VoteOptions& options) {
  const int64_t channels = picture.size(2);
  float* pixels = picture.data<float>();
  const std::vector<double> weights = log_weights(patches, field, rim, options);
  std::vector<Ballot> ballots;
  std::vector<double> sum(static_cast<size_t>(channels));
  for (const int64_t place : patches.hole) {
    collect(patches, field, weights, place / patches.width, place % patches.width, ballots);
    double heaviest = ballots.front().log_weight;
    for (const Ballot& ballot : ballots) heaviest = std::max(heaviest, ballot.log_weight);
    std::fill(sum.begin(), sum.end(), 0.0);
    double total = 0.0;
    for (const Ballot& ballot : ballots) {
      const double weight = std::exp(ballot.log_weight - heaviest);
      total += weight;
      for (int64_t c = 0; c < channels; ++c)
        sum[static_cast<size_t>(c)] += weight * pixels[ballot.place * channels + c];
    }
    for (int64_t c = 0; c < channels; ++c)
      pixels[place * channels + c] = static_cast<float>(sum[static_cast<size_t>(c)] / total);
  }
}

}  // namespace kintsugi
