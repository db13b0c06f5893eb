#include "glcic/completer.h"

#include <algorithm>

#include "autograd/variable.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// Inference for as long as it lives, then the mode from before.
class EvalGuard {
 public:
  explicit EvalGuard(Module& module) : module_(module), before_(module.is_training()) {
    module_.eval();
  }
  ~EvalGuard() { module_.train(before_); }
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  Module& module_;
  bool before_;
};

constexpr int64_t kMultiple = 4;  // C halves the map twice and doubles it twice

Tensor as_batch_of_one(const Tensor& x) { return x.reshape({1, x.size(0), x.size(1), x.size(2)}); }

}  // namespace

Tensor pad_by_repetition(const Tensor& x) {
  Tensor padded = x;
  for (const int axis : {0, 1}) {
    const Tensor last = ops::slice(padded, axis, padded.size(axis) - 1, 1);
    while (padded.size(axis) % kMultiple != 0) padded = ops::concat({padded, last}, axis);
  }
  return padded;
}

Tensor run_completion(const Model& model, const Tensor& images, const Tensor& masks) {
  check_fits(model, images.size(1), images.size(2));
  const NoGrad no_grad;
  const EvalGuard eval(*model.completion);
  const Tensor& mean = model.mean_pixel;
  const Tensor input =
      completion_input(images.to(mean.dtype()).to(mean.device()),
                       masks.to(mean.dtype()).to(mean.device()), mean, model.mean_subtracted);
  return (*model.completion)(Variable(input)).value().to(Device::cpu).to(images.dtype());
}

Tensor network_output(const Model& model, const Tensor& picture, const Tensor& mask) {
  const Tensor padded = run_completion(model, as_batch_of_one(pad_by_repetition(picture)),
                                       as_batch_of_one(pad_by_repetition(mask)));
  return ops::slice(ops::slice(padded, 1, 0, picture.size(0)), 2, 0, picture.size(1))
      .reshape(picture.shape());
}

Completion complete(const Model& model, const Tensor& picture, const Tensor& mask,
                    CompleteOptions options) {
  check_shape(picture.rank() == 3 && picture.size(2) == 3 && picture.numel() > 0,
              "complete: a picture is [H, W, 3], not {}", picture.shape());
  check_shape(mask.shape() == picture.shape().with(2, 1),
              "complete: mask {} does not fit picture {}", mask.shape(), picture.shape());
  check_fits(model, picture.size(0), picture.size(1));
  check(ops::max(mask).item() > 0.0, "complete: the mask is empty, there is nothing to fill");

  Completion result;
  result.raw = network_output(model, picture, mask);
  result.composite = post_process(options.post, picture, mask, result.raw);
  return result;
}

}  // namespace kintsugi
