// Lab 10, extension. `make lab-run LAB=10` builds this with your files and runs it.
//
// Trains a small GLCIC for some seconds on faces that the program draws, and prints in phase 3 how
// strong the two terms of the completion network's loss are: the norms of their gradients by its
// output.
#include <fmt/core.h>

#include <cstdio>
#include <vector>

#include "glcic/faces/faces.h"
#include "glcic/training_step.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 32, kPictures = 4;

TrainingBatch batch_of_faces(Generator& generator) {
  std::vector<Tensor> faces;
  std::vector<Hole> holes, real;
  for (int64_t i = 0; i < kPictures; ++i) {
    const auto seed = static_cast<uint64_t>(generator.integer(0, 1000));
    faces.push_back(draw_face(seed, kSize).reshape({1, kSize, kSize, 3}));
    holes.push_back(random_hole(default_hole_range(kSize), kSize, kSize, generator));
    real.push_back(random_hole(default_hole_range(kSize), kSize, kSize, generator));
  }
  return make_training_batch(ops::concat(faces, 0), masks_from_holes(holes, kSize, kSize), holes,
                             real, {});
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // lines as they come
  Generator generator{.seed = 1};
  Model model = make_model(kSize, 8, 2, Tensor::from({0.5, 0.4, 0.3}, {3}));
  Adadelta completion(model.completion->state()), judges(model.discriminators->state());
  for (int step = 1; step <= 60; ++step) {
    const StepReport report = read(train_completion(model, batch_of_faces(generator), completion));
    if (step % 20 == 0) fmt::print("phase 1, step {}: L {:.4g}\n", step, report.completion_loss);
  }
  for (int step = 1; step <= 20; ++step) {
    const StepReport report = read(train_discriminators(model, batch_of_faces(generator), judges));
    if (step % 20 == 0)
      fmt::print("phase 2, step {}: real {:.2f}, completed {:.2f}\n", step, report.real_mean,
                 report.fake_mean);
  }
  for (int step = 1; step <= 20; ++step) {
    const StepReport report =
        read(train_jointly(model, batch_of_faces(generator), completion, judges, 0.0004));
    if (step % 4 > 0) continue;
    fmt::print("phase 3, step {:2}: L {:.4g}, |g_L| {:.3g}, |g_A| {:.3g}: equal at alpha {:.3g}\n",
               step, report.completion_loss, report.completion_gradient,
               report.adversarial_gradient,
               report.completion_gradient / report.adversarial_gradient);
  }
}
