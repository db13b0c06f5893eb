// Several batches a step, against one large batch.
#include <doctest/doctest.h>

#include <cmath>

#include "glcic/loader.h"
#include "glcic/training_step.h"
#include "layers/optimizer.h"
#include "tensor/ops.h"
#include "tests/glcic/small_model.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 16;
constexpr TensorOptions kFloat64{.dtype = DType::float64, .device = Device::cpu};

/// A model in float64. `batch_statistics`: normalises as in training, else by running statistics.
struct Training {
  Model model;
  Adadelta completion, judges;

  explicit Training(bool batch_statistics)
      : model(in_float64(batch_statistics)),
        completion(model.completion->state()),
        judges(model.discriminators->state()) {}

  static Model in_float64(bool batch_statistics) {
    Model model = make_model(kSize, 2, 11, Tensor::from({0.5, 0.4, 0.3}, {3}));
    for (Module* network :
         std::initializer_list<Module*>{model.completion.get(), model.discriminators.get()}) {
      network->to(DType::float64);
      network->train(batch_statistics);
    }
    model.mean_pixel = model.mean_pixel.to(DType::float64);
    return model;
  }

  StateDict state() const {
    StateDict all = save_model(model);
    all.merge(completion.save("completion optimizer "));
    all.merge(judges.save("judges' optimizer "));
    return all;
  }
};

/// Pictures `first` to `first + count` of an endless row.
TrainingBatch pictures(int64_t first, int64_t count) {
  std::vector<Tensor> images;
  std::vector<Hole> holes, real;
  for (int64_t i = first; i < first + count; ++i) {
    Generator generator{.seed = static_cast<uint64_t>(i)};
    images.push_back(uniform({1, kSize, kSize, 3}, 0, 1, generator, kFloat64));
    holes.push_back({i % 5, 3, 6, 7});
    real.push_back({5, i % 4, 6, 6});
  }
  return make_training_batch(ops::concat(images, 0), masks_from_holes(holes, kSize, kSize), holes,
                             real, kFloat64);
}

std::vector<double> figures(const StepReport& report) {
  return {report.completion_loss,     report.discriminator_loss, report.adversarial_loss,
          report.real_mean,           report.fake_mean,          report.completion_gradient,
          report.adversarial_gradient};
}

/// The largest difference between two runs of two steps on six pictures each, relative to the
/// largest number of its tensor: figures and everything that training changes.
double difference(int phase, bool batch_statistics, int64_t batch, int64_t other_batch) {
  Training one(batch_statistics), other(batch_statistics);
  const Tensor alpha = Tensor::full({1}, 0.5, kFloat64);
  double worst = 0;
  for (const int64_t first : {0, 6}) {
    std::vector<double> seen[2];
    for (auto& [training, size, at] :
         {std::tuple<Training&, int64_t, size_t>{one, batch, 0}, {other, other_batch, 1}}) {
      std::vector<TrainingBatch> batches;
      for (int64_t i = 0; i < 6; i += size) batches.push_back(pictures(first + i, size));
      seen[at] = figures(read(
          train_step(phase, training.model, batches, training.completion, training.judges, alpha)));
    }
    for (size_t i = 0; i < seen[0].size(); ++i)
      if (!std::isnan(seen[0][i]) || !std::isnan(seen[1][i]))
        worst = std::max(worst, std::abs(seen[0][i] / seen[1][i] - 1));
  }
  const StateDict expected = one.state(), got = other.state();
  for (const auto& [name, tensor] : expected) {
    const double scale = ops::max(ops::abs(tensor)).item();
    const double apart = ops::max(ops::abs(ops::subtract(tensor, got.at(name)))).item();
    worst = std::max(worst, apart / std::max(scale, 1e-12));
  }
  return worst;
}

}  // namespace

TEST_CASE("without batch statistics, a step on several batches is that on one large batch") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    CHECK(difference(phase, false, 6, 2) < 1e-9);
    CHECK(difference(phase, false, 6, 1) < 1e-9);
  }
}

TEST_CASE("batch statistics are each batch's own") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    CHECK(difference(phase, true, 6, 2) > 1e-6);
  }
}

TEST_CASE("fault: a frozen network that moves: on several batches phase 2 leaves C as it is") {
  Training training(true);
  const StateDict before = training.model.completion->save();
  const std::vector<TrainingBatch> batches{pictures(0, 2), pictures(2, 2)};
  train_discriminators(training.model, batches, training.judges);
  const StateDict after = training.model.completion->save();
  for (const auto& [name, tensor] : before) CHECK(after.at(name).to_vector() == tensor.to_vector());
}

TEST_CASE("in phase 3 running statistics move once a batch, though C runs twice") {
  Training together(true), alone(true);
  const std::vector<TrainingBatch> batches{pictures(0, 2), pictures(2, 2)};
  train_jointly(together.model, batches, together.completion, together.judges, 0.5);
  train_completion(alone.model, batches, alone.completion);
  const StateDict expected = alone.model.completion->save(),
                  got = together.model.completion->save();
  const std::string name = "layer01.norm.running_mean";
  CHECK(got.at(name).to_vector() == expected.at(name).to_vector());
}

TEST_CASE("the batches of a step are the large batch in parts: same pictures, holes and regions") {
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::train);
  LoaderOptions options{.size = kSize, .batch = 4};
  const Batch large = make_batch(*faces, options, 3);
  options.batch = 2;
  const Batch first = make_batch(*faces, options, 6), second = make_batch(*faces, options, 7);
  CHECK(ops::concat({first.images, second.images}, 0).to_vector() == large.images.to_vector());
  CHECK(ops::concat({first.masks, second.masks}, 0).to_vector() == large.masks.to_vector());
  CHECK(second.real_regions ==
        std::vector(large.real_regions.begin() + 2, large.real_regions.end()));
}
