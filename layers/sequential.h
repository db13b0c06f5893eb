#pragma once
#include <string>

#include "layers/module.h"
#include "layers/summary.h"

namespace kintsugi {

/// Layers one after the other: each takes the output of the one before.
///   Sequential net({{"conv", std::make_shared<Conv2d>(ConvolutionOptions{.in = 3, .out = 8})},
///                   {"relu", std::make_shared<Relu>()}});
///   fmt::print("{}", net.table({1, 32, 32, 3}));
class Sequential final : public Module {
 public:
  /// Throws Error where a name is empty, has a dot, or comes twice.
  explicit Sequential(const NamedModules& layers);
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override;

  /// One line a layer for an input of this shape: kind, output, parameters, multiply-adds,
  /// receptive field; then the totals.
  std::string table(const Shape& input) const;
};

}  // namespace kintsugi
