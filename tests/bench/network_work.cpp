#include "tests/bench/network_work.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "glcic/step_runner.h"

namespace kintsugi::bench {
namespace {

constexpr double kAlpha = 0.0004;      // GLCIC §3.4
constexpr int64_t kLeastPicture = 16;  // that discriminators exist for

Model fresh_model(int64_t size, int64_t width, Device device) {
  Model model = make_model(size, width, 1, Tensor::full({3}, 0.5));
  model.completion->to(device);
  model.discriminators->to(device);
  model.mean_pixel = model.mean_pixel.to(device);
  return model;
}

Tensor random_pictures(int64_t size, int64_t batch) {
  Generator generator{.seed = 1};
  return uniform({batch, size, size, 3}, 0, 1, generator);
}

/// What stays the same and what moves from one training step to the next.
struct Training {
  Training(int64_t size, int64_t batch_size, int64_t width, Device device)
      : model(fresh_model(size, width, device)),
        completion(model.completion->state()),
        discriminators(model.discriminators->state()),
        steps(model, completion, discriminators) {
    const std::vector<Hole> holes(static_cast<size_t>(batch_size), centre_hole(size));
    batch =
        make_training_batch(random_pictures(size, batch_size), masks_from_holes(holes, size, size),
                            holes, holes, {.device = device});
  }
  Model model;
  Adadelta completion, discriminators;
  StepRunner steps;
  TrainingBatch batch;
};

}  // namespace

Work completion_work(int64_t size, int64_t batch, int64_t width, Device device) {
  const Model model = fresh_model(kLeastPicture, width, device);
  model.completion->eval();
  const Tensor images = random_pictures(size, batch).to(device);
  const Tensor masks = Tensor::zeros({batch, size, size, 1}, {.device = device});
  return [=] {
    const NoGrad no_grad;
    (*model.completion)(Variable(completion_input(images, masks, model.mean_pixel)));
    backend(device).synchronize();
  };
}

Work training_work(int64_t size, int64_t batch, int64_t width, Device device) {
  constexpr int kPhase = 3;
  auto training = std::make_shared<Training>(size, batch, width, device);
  return [training] { training->steps.run(kPhase, training->batch, kAlpha); };
}

double median_seconds(const Work& work, double least_seconds) {
  using Clock = std::chrono::steady_clock;
  work();
  std::vector<double> seconds;
  for (double total = 0; seconds.empty() || total < least_seconds; total += seconds.back()) {
    const auto start = Clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  const auto middle = seconds.begin() + static_cast<int64_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

}  // namespace kintsugi::bench
