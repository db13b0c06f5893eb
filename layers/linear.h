#pragma once
#include <string>

#include "layers/init.h"
#include "layers/module.h"

namespace kintsugi {

struct LinearOptions {
  int64_t in = 0, out = 0;
  bool bias = true;
  /// Where the input is flattened maps, their extents [H, W, C], in = H·W·C: a file counts such
  /// inputs in C, H, W order.
  Shape maps{};
};

/// y = x·weight + bias: x [N, in], weight [in, out], bias [out] → [N, out]; on disk the weight is
/// [out, in]. PyTorch's default initialisation.
///   Linear fc({.in = 4 * 4 * 512, .out = 1024, .maps = {4, 4, 512}});
class Linear final : public Module {
 public:
  /// Throws Error where in or out is not positive, or maps do not make up `in`.
  explicit Linear(const LinearOptions& options, Generator& generator = default_generator());
  /// Throws ShapeError where x is not [N, in].
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  /// Maps [N, H, W, C] count as flattened.
  Shape output_shape(const Shape& input) const override;
  int64_t multiply_adds(const Shape& input) const override;

  const LinearOptions& options() const { return options_; }
  const Variable& weight() const { return weight_; }
  const Variable& bias() const { return bias_; }

 private:
  LinearOptions options_;
  Variable weight_;
  Variable bias_;  ///< undefined without bias
};

}  // namespace kintsugi
