// Precision bf16 from a layer's cast to a training run: bfloat16 maps and operands, and parameters,
// gradients, statistics and losses in float32.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops.h"
#include "glcic/completer.h"
#include "glcic/trainer.h"
#include "glcic/training_step.h"
#include "layers/activation.h"
#include "layers/conv_norm_relu.h"
#include "layers/linear.h"
#include "layers/precision.h"
#include "layers/sequential.h"
#include "tensor/ops.h"
#include "tests/cuda/bfloat16.h"
#include "tests/cuda/precision_guard.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 32, kWidth = 4;

/// A network of all layers that multiply, and something between them.
std::shared_ptr<Sequential> small_network() {
  Generator generator{.seed = 5};
  const auto conv = std::make_shared<Conv2d>(
      ConvolutionOptions{.in = 3, .out = 8, .stride = 2, .padding = 1}, generator);
  const auto deconv = std::make_shared<ConvTranspose2d>(
      ConvolutionOptions{.in = 8, .out = 4, .kernel = 4, .stride = 2, .padding = 1}, generator);
  return std::make_shared<Sequential>(NamedModules{
      {"encode", std::make_shared<ConvNormRelu>(conv)},
      {"decode", deconv},
      {"relu", std::make_shared<Relu>()},
      {"flatten", std::make_shared<Flatten>()},
      {"fc", std::make_shared<Linear>(LinearOptions{.in = 8 * 8 * 4, .out = 6}, generator)}});
}

struct AfterStep {
  StepReport report;
  StateDict state;
};

/// One step of phase 3 on the device.
AfterStep take_step(Precision precision) {
  const PrecisionGuard guard(precision);
  Generator generator{.seed = 2};
  const Model model =
      moved_to(Device::cuda, make_model(kSize, kWidth, 11, Tensor::from({0.5, 0.4, 0.3}, {3})));
  Model trained = model;
  Adadelta completion(model.completion->state()), judges(model.discriminators->state());
  const std::vector<Hole> holes{{2, 3, 12, 14}, {20, 18, 12, 14}},
      real{{9, 1, 15, 12}, {0, 0, 8, 8}};
  const TrainingBatch batch = make_training_batch(uniform({2, kSize, kSize, 3}, 0, 1, generator),
                                                  masks_from_holes(holes, kSize, kSize), holes,
                                                  real, {.device = Device::cuda});
  const StepReport report = read(train_jointly(trained, batch, completion, judges, 0.0004));
  return {report, save_model(model)};
}

}  // namespace

// ---- gradients and layers -----------------------------------------------------------------------

TEST_CASE("the gradient of a cast is the gradient, in the dtype that was cast") {
  const Variable x(Tensor::from({1, 2, 3}, {3}, {.device = Device::cuda}), true);
  const Variable y = cast(x, DType::bfloat16);
  CHECK(y.value().dtype() == DType::bfloat16);
  y.backward(Variable(Tensor::from({4, 5, 6}, {3}, kBfloat16OnCuda)));
  CHECK(x.grad().value().dtype() == DType::float32);
  CHECK(x.grad().value().to_vector() == std::vector<double>{4, 5, 6});
}

TEST_CASE("layers multiply in bfloat16 only under that precision, on CUDA, from float32") {
  const Tensor x = Tensor::zeros({2});
  CHECK(operand_dtype(on_cuda(x)) == DType::float32);
  const PrecisionGuard guard(Precision::bf16);
  CHECK(operand_dtype(on_cuda(x)) == DType::bfloat16);
  CHECK(operand_dtype(x) == DType::float32);
  CHECK(operand_dtype(on_cuda(x.to(DType::float64))) == DType::float64);
  CHECK(as_result(Variable(halved(x))).value().dtype() == DType::float32);
}

TEST_CASE("in bf16 a network's gradients are float32, and near those of float32") {
  const Tensor x = rounded_random({4, 8, 8, 3}, 1), dy = rounded_random({4, 6}, 2);
  const auto gradients = [&](Precision precision) {
    const PrecisionGuard guard(precision);
    const auto network = small_network();
    network->to(Device::cuda);
    const Variable input(on_cuda(x), true);
    const Variable y = (*network)(input);
    const bool halved = precision == Precision::bf16;
    CHECK(y.value().dtype() == (halved ? DType::bfloat16 : DType::float32));
    as_result(y).backward(Variable(on_cuda(dy)));
    std::vector<Tensor> all{input.grad().value()};
    for (const StateEntry& entry : network->state()) {
      CAPTURE(entry.name);
      CHECK(entry.variable.value().dtype() == DType::float32);
      // A bias before a normalisation has none but rounding.
      if (!entry.is_buffer && entry.name != "encode.conv.bias")
        all.push_back(entry.variable.grad().value());
    }
    return all;
  };
  const std::vector<Tensor> got = gradients(Precision::bf16),
                            expected = gradients(Precision::float32);
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i].dtype() == DType::float32);
    check_close(got[i], expected[i].to(Device::cpu), 0.1);  // a ReLU may be on its other side
  }
}

TEST_CASE("batch norm at inference takes bfloat16 maps, and gives gradients of all it was given") {
  const Tensor x = rounded_random({6, 8}, 1), dy = rounded_random({6, 8}, 2);
  const Tensor mean = random_tensor({8}, DType::float32, 3), ones = Tensor::full({8}, 1);
  const auto run = [&](const Tensor& x, const Tensor& dy, Device device) {
    Variables in{Variable(x, true), Variable(ones.to(device), true),
                 Variable(ones.to(device), true)};
    batch_norm_inference(in[0], in[1], in[2], mean.to(device), ones.to(device))
        .backward(Variable(dy));
    return in;
  };
  const Variables expected = run(x, dy, Device::cpu),
                  got = run(halved(x), halved(dy), Device::cuda);
  check_rounded(got[0].grad().value(), expected[0].grad().value());
  check_close(got[1].grad().value(), expected[1].grad().value());
  check_close(got[2].grad().value(), expected[2].grad().value());
}

// ---- the system ---------------------------------------------------------------------------------

TEST_CASE("a training step in bf16 stays near that in float32, the same bits each time") {
  const AfterStep first = take_step(Precision::bf16), second = take_step(Precision::bf16),
                  exact = take_step(Precision::float32);
  const StepReport &got = first.report, &wanted = exact.report;
  CHECK(got.completion_loss == doctest::Approx(wanted.completion_loss).epsilon(0.02));
  CHECK(got.discriminator_loss == doctest::Approx(wanted.discriminator_loss).epsilon(0.02));
  CHECK(got.completion_loss != wanted.completion_loss);
  CHECK(got.completion_loss == second.report.completion_loss);
  CHECK(got.adversarial_gradient == second.report.adversarial_gradient);
  for (const auto& [name, value] : first.state) {
    CAPTURE(name);
    CHECK(value.dtype() == DType::float32);
    CHECK(value.to_vector() == second.state.at(name).to_vector());
  }
}

TEST_CASE("what a network keeps for its backward pass takes about half the memory in bf16") {
  const auto kept_bytes = [](Precision precision) {
    const PrecisionGuard guard(precision);
    Generator generator{.seed = 5};
    NamedModules layers;
    for (const char* name : {"1", "2", "3", "4", "5", "6", "7", "8"})
      layers.emplace_back(name,
                          std::make_shared<ConvNormRelu>(std::make_shared<Conv2d>(
                              ConvolutionOptions{.in = 8, .out = 8, .padding = 1}, generator)));
    Sequential network(layers);
    network.to(Device::cuda);
    const Variable x(Tensor::full({1, 32, 32, 8}, 0.5, {.device = Device::cuda}));
    const size_t before = memory_statistics(Device::cuda).current;
    const Variable y = network(x);
    return static_cast<double>(memory_statistics(Device::cuda).current - before);
  };
  // Beside its nine maps, the network keeps its input and its weights in bfloat16.
  CHECK(kept_bytes(Precision::bf16) < 0.6 * kept_bytes(Precision::float32));
}

TEST_CASE("a run in bf16, its steps recorded and replayed, leaves a float32 checkpoint") {
  const PrecisionGuard guard(Precision::bf16);
  const TemporaryFolder folder;
  std::FILE* nowhere = std::fopen("/dev/null", "w");
  TrainOptions options;
  options.settings = {.size = 16, .width = 2, .batch = 2, .steps = {3, 0, 3}, .seed = 3};
  options.run = folder / "run";
  options.device = Device::cuda;
  options.progress = nowhere;
  CHECK(train(options).phase == 4);
  std::fclose(nowhere);
  const TrainState end = read_checkpoint(folder / "run/checkpoint.safetensors", Device::cpu);
  for (const auto& [name, value] : save_model(end.model)) {
    CAPTURE(name);
    CHECK(value.dtype() == DType::float32);
    for (const double number : value.to_vector()) CHECK(std::isfinite(number));
  }
}

TEST_CASE("completion in bf16 is near that in float32, and follows the precision as it changes") {
  const Model model = moved_to(Device::cuda, small_model());
  const Tensor pictures = rounded_random({1, 16, 16, 3}, 3);
  const Tensor masks = Tensor::full({1, 16, 16, 1}, 1);
  const auto completed = [&](Precision precision) {
    const PrecisionGuard guard(precision);
    return run_completion(model, pictures, masks);
  };
  const Tensor exact = completed(Precision::float32), rounded = completed(Precision::bf16);
  check_close(rounded, exact, 0.02);
  CHECK(rounded.to_vector() != exact.to_vector());
  CHECK(completed(Precision::float32).to_vector() == exact.to_vector());
}
