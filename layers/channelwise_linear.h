#pragma once
#include <string>

#include "layers/init.h"
#include "layers/module.h"

namespace kintsugi {

struct ChannelwiseLinearOptions {
  int64_t height = 0, width = 0, channels = 0;  ///< of the maps, before and after
};

/// The channel-wise fully connected layer of Pathak et al., "Context Encoders", 2016, §3.1: every
/// channel's map times a matrix of its own, plus a bias:
///   y[n, q, c] = Σ_p x[n, p, c]·weight[c, p, q] + bias[q, c]
/// x [N, H, W, C], weight [C, H·W, H·W], bias [H, W, C] → [N, H, W, C]; on disk as in memory.
/// Uniform in ±1/√(H·W) at first. Each weight belongs to two places, so that the maps have one
/// size for ever. Maps in bfloat16 come out in float32: what it costs is small beside its memory.
///   ChannelwiseLinear bottleneck({.height = 4, .width = 4, .channels = 512});
class ChannelwiseLinear final : public Module {
 public:
  /// Throws Error where an extent is not positive.
  explicit ChannelwiseLinear(const ChannelwiseLinearOptions& options,
                             Generator& generator = default_generator());
  /// Throws ShapeError where x is not [N, H, W, C].
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  int64_t multiply_adds(const Shape& input) const override;
  /// All of the map.
  std::vector<Footprint> footprints() const override;

 private:
  ChannelwiseLinearOptions options_;
  Variable weight_, bias_;
};

}  // namespace kintsugi
