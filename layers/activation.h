#pragma once
#include <string>

#include "layers/module.h"

/// Activations as layers, each the function of the same name in autograd/ops.h, and Flatten.
namespace kintsugi {

/// max(x, 0)
class Relu final : public Module {
 public:
  Variable forward(const Variable& x) override;
  std::string describe() const override { return "ReLU"; }
};

/// x > 0 ? x : slope·x
class LeakyRelu final : public Module {
 public:
  explicit LeakyRelu(double slope = 0.01) : slope_(slope) {}
  Variable forward(const Variable& x) override;
  std::string describe() const override;

 private:
  double slope_;
};

/// 1 / (1 + exp(−x))
class Sigmoid final : public Module {
 public:
  Variable forward(const Variable& x) override;
  std::string describe() const override { return "sigmoid"; }
};

class Tanh final : public Module {
 public:
  Variable forward(const Variable& x) override;
  std::string describe() const override { return "tanh"; }
};

/// log(1 + exp(x))
class Softplus final : public Module {
 public:
  Variable forward(const Variable& x) override;
  std::string describe() const override { return "softplus"; }
};

/// [N, …] → [N, product of the others], in memory's order: H, W, C for maps. A linear layer behind
/// it is told the maps' extents (LinearOptions::maps), so that its file has PyTorch's order.
class Flatten final : public Module {
 public:
  Variable forward(const Variable& x) override;
  std::string describe() const override { return "flatten"; }
  Shape output_shape(const Shape& input) const override;
};

}  // namespace kintsugi
