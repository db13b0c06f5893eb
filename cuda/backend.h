#pragma once
#include "tensor/backend.h"

namespace kintsugi {

/// The CUDA backend, on hand-written kernels and cuBLAS: one file of this folder a kernel family,
/// under the same names as in tensor/cpu. What each function computes is said in tensor/backend.h.
class CudaBackend final : public Backend {
 public:
  std::string name() const override;
  size_t capacity() const override;
  void* allocate(size_t bytes) override;
  void deallocate(void* block, size_t bytes) override;
  size_t guard_bytes() const override;
  void block_taken(void* block, size_t bytes) override;
  void block_returned(void* block, size_t bytes) override;
  std::unique_ptr<Recording> record(const std::function<void()>& work) override;
  void synchronize() override;
  void copy_to_host(const void* from, void* to, size_t bytes) override;
  void copy_from_host(const void* from, void* to, size_t bytes) override;
  void start_upload(const void* from, void* to, size_t bytes) override;
  void finish_uploads() override;
  void copy(const Tensor& from, Tensor& to) override;
  void fill(Tensor& x, double value) override;
  void cast(const Tensor& x, Tensor& y) override;
  void copy_strided(const Tensor& from, const StridedView& from_view, Tensor& to,
                    const StridedView& to_view, const Shape& extent) override;
  void uniform(Tensor& x, double low, double high, const Generator& generator) override;
  void normal(Tensor& x, double mean, double deviation, const Generator& generator) override;
  void unary(Unary op, const Tensor& x, double a, double b, Tensor& y) override;
  void binary(Binary op, const Tensor& a, const Tensor& b, double slope, Tensor& y) override;
  void where(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) override;
  void reduce(Reduction op, const Tensor& x, int64_t outer, int64_t reduced, int64_t inner,
              Tensor& y) override;
  void softmax(const Tensor& x, bool logarithm, Tensor& y) override;
  void loss(LossTerm term, const LossInput& in, Tensor& y) override;
  void loss_grad(LossTerm term, const LossInput& in, const Tensor& dy, Tensor& dx) override;
  void matmul(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b,
              Tensor& y) override;
  void conv2d(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
              KeptWeights* kept, Tensor& y) override;
  void conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                         const Epilogue& epilogue, KeptWeights* kept, Tensor& dx) override;
  void conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                          Tensor& dw) override;
  void max_pool2d(const Tensor& x, const Window& window, Tensor& y, Tensor& index) override;
  void max_pool2d_gather(const Tensor& x, const Tensor& index, Tensor& y) override;
  void max_pool2d_grad(const Tensor& dy, const Tensor& index, Tensor& dx) override;
  void avg_pool2d(const Tensor& x, const Window& window, Tensor& y) override;
  void avg_pool2d_grad(const Tensor& dy, const Window& window, Tensor& dx) override;
  void resize2d(const Tensor& x, Interpolation mode, Tensor& y) override;
  void resize2d_grad(const Tensor& dy, Interpolation mode, Tensor& dx) override;
  void crop_patches(const Tensor& x, const Tensor& corners, Tensor& y) override;
  void crop_patches_grad(const Tensor& dy, const Tensor& corners, Tensor& dx) override;
  void norm_statistics(const Tensor& x, double eps, Tensor& mean, Tensor& variance,
                       Tensor& rstd) override;
  void norm_apply(const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& gamma,
                  const Tensor& beta, bool relu, Tensor& y) override;
  void norm_grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
                      const Tensor& y, Tensor& sums) override;
  void norm_grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
                       const Tensor& gamma, const Tensor& sums, const Tensor& y,
                       Tensor& dx) override;
  void sgd_step(std::span<const ParameterStep> parameters, double rate, double momentum,
                double weight_decay) override;
  void adam_step(std::span<const ParameterStep> parameters, double rate, double beta1, double beta2,
                 double eps, double weight_decay, int64_t step) override;
  void adadelta_step(std::span<const ParameterStep> parameters, double rate, double rho, double eps,
                     double weight_decay) override;
  void average_step(std::span<const ParameterStep> averages, double rate) override;
};

}  // namespace kintsugi
