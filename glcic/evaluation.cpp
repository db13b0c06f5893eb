#include "glcic/evaluation.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>

#include "glcic/completer.h"
#include "glcic/inpainting/poisson.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// Calls f(difference) for every channel of every pixel of the hole; returns how many there were.
template <class F>
double over_hole(const char* op, const Tensor& a, const Tensor& b, const Tensor& mask, F&& f) {
  check_shape(a.rank() == 3 && a.shape() == b.shape() && mask.shape() == a.shape().with(2, 1),
              "{}: pictures {} and {} and mask {} do not fit together", op, a.shape(), b.shape(),
              mask.shape());
  const std::vector<double> x = a.to_vector(), y = b.to_vector(), hole = mask.to_vector();
  const size_t channels = x.size() / hole.size();
  double count = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (hole[i / channels] == 0.0) continue;
    f(x[i] - y[i]);
    count += 1.0;
  }
  check(count > 0.0, "{}: the mask is empty", op);
  return count;
}

/// work(0) … work(count − 1) on all threads; throws what the first of them, by number, threw.
void in_parallel(int64_t count, const std::function<void(int64_t)>& work) {
  std::vector<std::exception_ptr> errors(static_cast<size_t>(count));
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) {
    try {
      work(i);
    } catch (...) {
      errors[static_cast<size_t>(i)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

/// The scores of one method, one for each picture.
struct Scores {
  std::string name;
  std::vector<double> psnr, l1;

  Scores(std::string method, int64_t pictures)
      : name(std::move(method)),
        psnr(static_cast<size_t>(pictures)),
        l1(static_cast<size_t>(pictures)) {}
  void measure(int64_t i, const Tensor& filled, const Tensor& picture, const Tensor& mask) {
    psnr[static_cast<size_t>(i)] = hole_psnr(filled, picture, mask);
    l1[static_cast<size_t>(i)] = hole_l1(filled, picture, mask);
  }
};

/// Picture n of a batch [N, H, W, C], as [H, W, C].
Tensor picture_of(const Tensor& batch, int64_t n) {
  return ops::slice(batch, 0, n, 1).reshape({batch.size(1), batch.size(2), batch.size(3)});
}

}  // namespace

HoleRule hole_rule_from_string(const std::string& name) {
  if (name == "centre") return HoleRule::centre;
  if (name == "random") return HoleRule::random;
  throw Error(fmt::format("\"{}\" is not a rule for holes: centre or random", name));
}

std::string to_string(HoleRule rule) { return rule == HoleRule::centre ? "centre" : "random"; }

Estimate estimate(const std::vector<double>& values) {
  check(!values.empty(), "estimate: no values to take the mean of");
  const auto n = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() < 2 ? 0.0 : std::sqrt(squares / (n - 1.0) / n)};
}

double hole_psnr(const Tensor& a, const Tensor& b, const Tensor& mask) {
  constexpr double kLeast = 1e-10;  // 100 dB
  double squares = 0.0;
  const double count = over_hole("hole_psnr", a, b, mask, [&](double d) { squares += d * d; });
  return -10.0 * std::log10(std::max(squares / count, kLeast));
}

double hole_l1(const Tensor& a, const Tensor& b, const Tensor& mask) {
  double sum = 0.0;
  const double count = over_hole("hole_l1", a, b, mask, [&](double d) { sum += std::abs(d); });
  return sum / count;
}

Hole evaluation_hole(const EvaluationOptions& options, int64_t index) {
  if (options.hole == HoleRule::centre) return centre_hole(options.size);
  const HoleRange sides =
      options.hole_range == HoleRange{} ? default_hole_range(options.size) : options.hole_range;
  Generator generator{.seed = options.seed, .stream = static_cast<uint64_t>(index)};
  return random_hole(sides, options.size, options.size, generator);
}

Evaluation evaluate(const Model& model, const Dataset& dataset, EvaluationOptions options) {
  const int64_t size = options.size, all = dataset.size();
  check(size >= 4 && size % 4 == 0, "evaluate: size {} is not a multiple of 4", size);
  check(options.batch >= 1, "evaluate: a batch of {} pictures", options.batch);
  check(options.limit >= 0, "evaluate: a limit of {} pictures", options.limit);
  check(all > 0, "evaluate: there are no pictures in this split");
  if (options.hole == HoleRule::random && options.hole_range == HoleRange{})
    options.hole_range = default_hole_range(size);
  const int64_t count = options.limit == 0 ? all : std::min(all, options.limit);

  Scores glcic("GLCIC", count), mean_colour("mean colour", count), diffusion("diffusion", count);
  const Tensor colour = ops::broadcast_to(
      model.mean_pixel.to(Device::cpu).to(DType::float32).reshape({1, 1, 3}), {size, size, 3});
  for (int64_t first = 0; first < count; first += options.batch) {
    const int64_t batch = std::min(options.batch, count - first);
    std::vector<Tensor> pictures(static_cast<size_t>(batch)), masks(pictures);
    in_parallel(batch, [&](int64_t n) {
      const int64_t index = (first + n) * all / count;
      const Hole hole = evaluation_hole(options, index);
      const Tensor picture = evaluation_picture(dataset, index, size);
      const Tensor mask = mask_from_holes({&hole, 1}, size, size);
      if (options.baselines) {
        mean_colour.measure(first + n, colour, picture, mask);
        diffusion.measure(first + n, diffusion_fill(picture, mask), picture, mask);
      }
      pictures[static_cast<size_t>(n)] = picture.reshape({1, size, size, 3});
      masks[static_cast<size_t>(n)] = mask.reshape({1, size, size, 1});
    });
    const Tensor images = ops::concat(pictures, 0), holes = ops::concat(masks, 0);
    const Tensor completed = composite(run_completion(model, images, holes), images, holes);
    for (int64_t n = 0; n < batch; ++n)
      glcic.measure(first + n, picture_of(completed, n), picture_of(images, n),
                    picture_of(holes, n));
  }

  Evaluation evaluation{options, count, {}};
  const auto add = [&](const Scores& scores) {
    evaluation.methods.push_back({scores.name, estimate(scores.psnr), estimate(scores.l1)});
  };
  add(glcic);
  if (options.baselines) {
    add(mean_colour);
    add(diffusion);
  }
  return evaluation;
}

}  // namespace kintsugi
