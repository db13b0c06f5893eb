#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// y = f(x), elementwise; a and b are the numbers the function takes beside x.
enum class Unary {
  negate,
  exp,
  log,
  sqrt,
  square,
  reciprocal,
  abs,
  sign,  ///< −1, 0, 1
  tanh,
  sigmoid,     ///< 1 / (1 + exp(−x)), without overflow
  softplus,    ///< log(1 + exp(x)), without overflow
  relu,        ///< max(x, 0)
  leaky_relu,  ///< x > 0 ? x : a·x
  clamp,       ///< min(max(x, a), b)
  in_range,    ///< a < x < b ? 1 : 0
  affine,      ///< a·x + b
};

/// y = f(a, b), elementwise with broadcasting.
enum class Binary {
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  equal,            ///< a == b ? 1 : 0
  greater,          ///< a > b ? 1 : 0
  relu_grad,        ///< b > 0 ? a : 0; a = dy, b = y
  leaky_relu_grad,  ///< b > 0 ? a : slope·a; a = dy, b = y
};

enum class Reduction { sum, max };

/// How far one element is from its target: ℓ(x, t).
enum class LossTerm {
  squared_error,    ///< (x − t)²
  absolute_error,   ///< |x − t|
  bce_with_logits,  ///< −t·log σ(x) − (1 − t)·log(1 − σ(x)), without overflow
};

/// What a loss looks at.
struct LossInput {
  Tensor x;
  Tensor targets = {};  ///< t, of x's shape; undefined: `target` for all
  double target = 0;
  Tensor weights = {};  ///< w, of x's shape or with one channel [..., 1]; undefined: 1
};

/// How a two-dimensional window walks over a map. Rows and columns alike, as everywhere in GLCIC.
struct Window {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
};

enum class Interpolation { nearest, bilinear };

/// What happens to a convolution's output while it is still in the cache: y ← max(y + bias, 0).
struct Epilogue {
  Tensor bias;        ///< [out], or undefined
  bool relu = false;  ///< clamp below at 0
};

/// A device's own forms of one convolution's weights (Winograd's transforms), kept from call to
/// call while the weights do not change. Give the same object with the same weights alone; for one
/// thread at a time.
class KeptWeights {
 public:
  /// The form called `key`, made by make() when it is first asked for.
  template <class Make>
  const Tensor& get(const std::vector<int64_t>& key, Make&& make) {
    Tensor& form = forms_[key];
    if (!form.defined()) form = make();
    return form;
  }

 private:
  std::map<std::vector<int64_t>, Tensor> forms_;
};

/// Work that a device has recorded (Backend::record).
class Recording {
 public:
  virtual ~Recording() = default;
  /// Asks for all of it once more: the same functions of the same tensors, whose numbers may be
  /// others by now. Returns at once.
  virtual void replay() = 0;
};

/// A parameter in an optimiser's step: its weight changes against its gradient, and so does what
/// the method keeps for it from step to step. All of one shape.
struct ParameterStep {
  Tensor weight, grad;
  std::array<Tensor, 2> slots;  ///< undefined where the method keeps fewer
};

/// Everything that a device must be able to do: the whole list. Arguments are checked and outputs
/// allocated by tensor/ops.cpp; all tensors of a call live on this device and share one dtype (but
/// beside bfloat16 maps biases, scales and statistics are float32). An output never aliases an
/// input. Every function gives the same bits for the same input, for any number of threads.
class Backend {
 public:
  virtual ~Backend() = default;
  /// What people call it: "cpu", "NVIDIA H100 80GB HBM3 (compute capability 9.0)", "CUDA emulator".
  virtual std::string name() const = 0;

  // Memory. allocate returns nullptr where memory runs out.
  virtual size_t capacity() const = 0;  ///< bytes that the device has in all
  virtual void* allocate(size_t bytes) = 0;
  virtual void deallocate(void* block, size_t bytes) = 0;
  // The caching allocator cuts blocks off that memory; a memory checker hears when one is handed
  // out (its contents are nobody's) and when it comes back (nobody may touch it).
  virtual size_t guard_bytes() const { return 0; }  ///< behind each block, for nobody to touch
  virtual void block_taken(void* /*block*/, size_t /*bytes*/) {}
  virtual void block_returned(void* /*block*/, size_t /*bytes*/) {}
  virtual void copy_to_host(const void* from, void* to, size_t bytes) = 0;
  virtual void copy_from_host(const void* from, void* to, size_t bytes) = 0;
  /// copy_from_host beside the device's other work: `from` is read before it returns, but `to` is
  /// not to be touched, nor given back, before finish_uploads().
  virtual void start_upload(const void* from, void* to, size_t bytes) {
    copy_from_host(from, to, bytes);
  }
  /// What the device is asked for from here on sees all uploads that were started.
  virtual void finish_uploads() {}
  virtual void copy(const Tensor& from, Tensor& to) = 0;
  virtual void fill(Tensor& x, double value) = 0;
  virtual void cast(const Tensor& x, Tensor& y) = 0;  ///< y has another dtype
  /// to[to_offset + i·to_strides] = from[from_offset + i·from_strides] for every index i of
  /// `extent`: permute, slice, flip (negative stride), broadcast (stride 0), concat and pad.
  struct StridedView {
    int64_t offset = 0;
    std::array<int64_t, Shape::kMaxRank> strides{};
  };
  virtual void copy_strided(const Tensor& from, const StridedView& from_view, Tensor& to,
                            const StridedView& to_view, const Shape& extent) = 0;

  /// Records what `work` asks of this device, without doing it. What work() does on the CPU happens
  /// now and once: so it must read nothing back, and must leave the tensors that it reads and
  /// writes at their places. The memory that it allocates belongs to the recording and the tensors
  /// that are left of it. Returns nullptr, without having called `work`, where the device cannot
  /// record.
  virtual std::unique_ptr<Recording> record(const std::function<void()>&) { return nullptr; }

  /// Waits until the device has done all that it was asked for.
  virtual void synchronize() {}

  // Random numbers as random.h fixes them, from block generator.counter on.
  virtual void uniform(Tensor& x, double low, double high, const Generator& generator) = 0;
  virtual void normal(Tensor& x, double mean, double deviation, const Generator& generator) = 0;

  // Elementwise.
  virtual void unary(Unary op, const Tensor& x, double a, double b, Tensor& y) = 0;
  virtual void binary(Binary op, const Tensor& a, const Tensor& b, double slope, Tensor& y) = 0;
  /// y = condition ≠ 0 ? a : b, all of one shape.
  virtual void where(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) = 0;

  // Reductions: x seen as [outer, reduced, inner], y as [outer, inner].
  virtual void reduce(Reduction op, const Tensor& x, int64_t outer, int64_t reduced, int64_t inner,
                      Tensor& y) = 0;
  /// Over the last axis, less its maximum first; log_softmax where `logarithm`.
  virtual void softmax(const Tensor& x, bool logarithm, Tensor& y) = 0;

  // Losses in one pass: y = mean over all elements of w·ℓ(x, t), one element.
  virtual void loss(LossTerm term, const LossInput& in, Tensor& y) = 0;
  /// dx = dy·w·∂ℓ/∂x / n: dy one element, n the number of x's elements.
  virtual void loss_grad(LossTerm term, const LossInput& in, const Tensor& dy, Tensor& dx) = 0;

  /// y[b] = op(a[b]) · op(b[b]): a [batch, M, K] (or [batch, K, M] transposed), b [batch, K, N]
  /// (or [batch, N, K]), y [batch, M, N].
  virtual void matmul(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b,
                      Tensor& y) = 0;

  // The convolution family (autograd/ops/conv2d.cpp has the mathematics):
  // x [N, H, W, in], w [kh, kw, in, out], y [N, OH, OW, out]; `kept` may be nullptr.
  virtual void conv2d(const Tensor& x, const Tensor& w, const Window& window,
                      const Epilogue& epilogue, KeptWeights* kept, Tensor& y) = 0;
  /// The transposed convolution: dy [N, OH, OW, out] → dx [N, H, W, in].
  virtual void conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                                 const Epilogue& epilogue, KeptWeights* kept, Tensor& dx) = 0;
  /// dw [kh, kw, in, out].
  virtual void conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                                  Tensor& dw) = 0;

  // Pooling and resizing, [N, H, W, C]. Each is linear given its choice of elements; the *_grad
  // functions are the transposed maps.
  /// `index` gets, for each output, the position (row·W + column) of its maximum in the map.
  virtual void max_pool2d(const Tensor& x, const Window& window, Tensor& y, Tensor& index) = 0;
  /// y[o] = x[index[o]]
  virtual void max_pool2d_gather(const Tensor& x, const Tensor& index, Tensor& y) = 0;
  /// dx[index[o]] += dy[o]
  virtual void max_pool2d_grad(const Tensor& dy, const Tensor& index, Tensor& dx) = 0;
  /// The mean over the kernel's kh·kw entries, padding counted as zeros.
  virtual void avg_pool2d(const Tensor& x, const Window& window, Tensor& y) = 0;
  virtual void avg_pool2d_grad(const Tensor& dy, const Window& window, Tensor& dx) = 0;
  /// Source of row i: (i + ½)·scale − ½ (bilinear), ⌊i·scale⌋ (nearest), scale = H / OH.
  virtual void resize2d(const Tensor& x, Interpolation mode, Tensor& y) = 0;
  virtual void resize2d_grad(const Tensor& dy, Interpolation mode, Tensor& dx) = 0;
  /// y[n] = x[n, row … row + h − 1, column … column + w − 1]: x [N, H, W, C], y [N, h, w, C],
  /// (row, column) = corners[n] [N, 2], moved inside where the patch would leave the picture.
  virtual void crop_patches(const Tensor& x, const Tensor& corners, Tensor& y) = 0;
  /// dx [N, H, W, C] is dy [N, h, w, C] at its corners, 0 elsewhere.
  virtual void crop_patches_grad(const Tensor& dy, const Tensor& corners, Tensor& dx) = 0;

  // Normalisation over the middle axis of x [G, M, C]: batch norm has G = 1, M = N·H·W, instance
  // norm G = N, M = H·W. mean, rstd = 1/√(variance + eps): [G, C]; gamma, beta: [C].
  /// variance is the biased one (divided by M).
  virtual void norm_statistics(const Tensor& x, double eps, Tensor& mean, Tensor& variance,
                               Tensor& rstd) = 0;
  /// y = (x − mean)·rstd·gamma + beta, then max(y, 0) where `relu`.
  virtual void norm_apply(const Tensor& x, const Tensor& mean, const Tensor& rstd,
                          const Tensor& gamma, const Tensor& beta, bool relu, Tensor& y) = 0;
  /// sums [2, G, C] = Σ_M dy and Σ_M dy·x̂, x̂ = (x − mean)·rstd. Where y is defined, dy counts
  /// only where y > 0 (the gradient of a fused ReLU).
  virtual void norm_grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean,
                              const Tensor& rstd, const Tensor& y, Tensor& sums) = 0;
  /// dx = gamma·rstd·(dy − (sums[0] + x̂·sums[1]) / M), y as above.
  virtual void norm_grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean,
                               const Tensor& rstd, const Tensor& gamma, const Tensor& sums,
                               const Tensor& y, Tensor& dx) = 0;

  // Optimiser steps, in place, over a whole list of parameters, no two of which share a storage;
  // layers/optimizer.h has the formulas.
  /// slots: velocity.
  virtual void sgd_step(std::span<const ParameterStep> parameters, double rate, double momentum,
                        double weight_decay) = 0;
  /// slots: mean, square; `step` counts from 1.
  virtual void adam_step(std::span<const ParameterStep> parameters, double rate, double beta1,
                         double beta2, double eps, double weight_decay, int64_t step) = 0;
  /// slots: average of g², average of Δ².
  virtual void adadelta_step(std::span<const ParameterStep> parameters, double rate, double rho,
                             double eps, double weight_decay) = 0;
  /// weight ← weight + rate·(grad − weight): moves running averages, `weight`, towards their newest
  /// values, `grad`. No slots.
  virtual void average_step(std::span<const ParameterStep> averages, double rate) = 0;
};

/// The backend of a device. Throws Error where the library is built without CUDA, or there is no
/// CUDA device.
Backend& backend(Device device);

/// Made by cuda/backend.cu, or by cuda/none.cpp, which throws "built without CUDA".
Backend& cuda_backend();
/// Made by tensor/cpu/backend.cpp.
Backend& cpu_backend();

/// The kernels for convolutions, each faster than the one before: the CPU's are naive, patches,
/// blocked, narrow and winograd (docs/fast-convolution.md), CUDA's naive, patches, implicit and
/// winograd (docs/cuda.md).
enum class ConvAlgorithm { automatic, naive, patches, blocked, narrow, implicit, winograd };
std::string to_string(ConvAlgorithm algorithm);
/// The algorithm of that name, or none.
std::optional<ConvAlgorithm> conv_algorithm_named(std::string_view name);
/// Forces one for all convolutions, as KINTSUGI_CONV=NAME in the environment does from the start.
/// One that a device does not have means automatic there. What Winograd cannot do (a 1x1 or 5x5
/// kernel of stride 1, …) blocked takes on the CPU, and so what narrow cannot (a stride); CUDA
/// takes what it guesses to be the fastest. Automatic: the fastest for each shape, by
/// tensor/cpu/conv_choice.h and cuda/conv_choice.h. Changes speed and rounding.
void set_conv_algorithm(ConvAlgorithm algorithm);
/// Throws Error where KINTSUGI_CONV holds something else.
ConvAlgorithm conv_algorithm();

/// Number of CPU threads that kernels use (OpenMP); changes speed, never results.
void set_num_threads(int threads);
int num_threads();

}  // namespace kintsugi
