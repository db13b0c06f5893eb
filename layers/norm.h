#pragma once
#include <string>

#include "layers/module.h"

namespace kintsugi {

struct NormOptions {
  int64_t channels = 0;
  double eps = 1e-5;
  double momentum = 0.1;  ///< running ← (1 − momentum)·running + momentum·batch
  bool relu = false;      ///< max(y, 0) in the same op
};

/// Batch normalisation over all axes but the last (Ioffe & Szegedy 2015). In training mode by the
/// batch's statistics, moving running_mean and running_var (the unbiased variance, as PyTorch's
/// does) unless frozen or recomputing a checkpoint, each ghost batch by its own (module.h); at
/// inference by the running ones.
class BatchNorm2d final : public Module {
 public:
  explicit BatchNorm2d(const NormOptions& options);
  Variable forward(const Variable& x) override;
  std::string describe() const override;

  /// What inference amounts to, y = scale·x + shift: [channels] each.
  struct Affine {
    Tensor scale, shift;
  };
  Affine inference_affine() const;
  const NormOptions& options() const { return options_; }

 private:
  /// Towards those of a batch with `count` values a channel; its variance is the biased one.
  void move_running_statistics(const Tensor& mean, const Tensor& variance, int64_t count);

  NormOptions options_;
  Variable weight_, bias_, running_mean_, running_var_;
};

/// Instance normalisation over H and W of each picture (Ulyanov et al. 2016), with weight and bias;
/// the same in training and at inference.
class InstanceNorm2d final : public Module {
 public:
  explicit InstanceNorm2d(const NormOptions& options);
  Variable forward(const Variable& x) override;
  std::string describe() const override;

 private:
  NormOptions options_;
  Variable weight_, bias_;
};

}  // namespace kintsugi
