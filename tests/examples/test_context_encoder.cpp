#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "autograd/ops.h"
#include "examples/context_encoder/context_encoder.h"
#include "glcic/completer.h"
#include "glcic/trainer.h"
#include "glcic/training_step.h"
#include "tensor/error.h"
#include "tests/device.h"
#include "tests/glcic/run_glcic.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

namespace kintsugi {

namespace {

/// As glcic/main.cpp does, for the commands below.
const bool is_registered = [] {
  register_architecture(context_encoder_architecture());
  return true;
}();

const Architecture& context_encoder() { return find_architecture("context-encoder"); }

Model small_encoder(uint64_t seed = 7) {
  return moved_to(test_device(),
                  make_model(16, 3, seed, Tensor::from({0.5, 0.4, 0.3}, {3}), context_encoder()));
}

/// A batch of four with their holes, and optimisers for both networks.
struct Setup {
  Model model = small_encoder();
  Adadelta completion{model.completion->state()};
  Adadelta judge{model.discriminators->state()};
  TrainingBatch batch = make_batch();

  static TrainingBatch make_batch() {
    Generator generator{.seed = 2};
    const std::vector<Hole> holes{{1, 2, 6, 7}, {4, 4, 8, 8}, {0, 8, 8, 6}, {9, 3, 6, 6}};
    return make_training_batch(uniform({4, 16, 16, 3}, 0, 1, generator),
                               masks_from_holes(holes, 16, 16), holes, holes,
                               {.device = test_device()});
  }
};

/// Every number of a network.
std::vector<double> numbers_of(const Module& network) {
  std::vector<double> all;
  for (const auto& [name, value] : network.save()) {
    const std::vector<double> numbers = value.to_vector();
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

int64_t conv_parameters(int64_t in, int64_t out, int64_t kernel = 4) {
  return in * out * kernel * kernel + out;
}

TrainOptions small_run(const std::string& folder, std::FILE* progress) {
  TrainOptions options;
  options.run = folder;
  options.device = test_device();
  options.progress = progress;
  options.settings = {.architecture = "context-encoder",
                      .size = 16,
                      .width = 2,
                      .batch = 4,
                      .steps = {4, 2, 2},
                      .alpha = context_encoder().alpha};
  return options;
}

}  // namespace

TEST_CASE("the Context Encoder has the paper's layers and as many parameters as they make up") {
  const ContextEncoder network(128, 64);
  const int64_t channels[] = {4, 64, 64, 128, 256, 512};
  int64_t expected = 0;
  for (int n = 1; n <= 5; ++n) {
    expected += conv_parameters(channels[n - 1], channels[n]);
    expected += n > 1 ? 2 * channels[n] : 0;  // batch norm
  }
  expected += 512 * 16 * 16 + 512 * 16;  // a 16 × 16 matrix and 16 biases a channel
  expected += conv_parameters(512, 512, 1) + 2 * 512;
  for (int n = 5; n > 1; --n)
    expected += conv_parameters(channels[n], channels[n - 1]) + 2 * channels[n - 1];
  expected += conv_parameters(64, 3);
  CHECK(network.parameter_count() == expected);
  CHECK(encoder_depth(64) == 4);
  CHECK(encoder_channels(4, 2, 64) == 128);
}

TEST_CASE("its discriminator has as many parameters as its layers make up") {
  const ContextJudge judge(64, 64);
  CHECK(judge.parameter_count() == conv_parameters(3, 64) + conv_parameters(64, 128) +
                                       conv_parameters(128, 256) + conv_parameters(256, 512) +
                                       2 * (128 + 256 + 512) + 16 * 512 + 1);
}

TEST_CASE("it paints pictures of its size, for all powers of two from 16") {
  for (const int64_t size : {16, 32, 64}) {
    CAPTURE(size);
    ContextEncoder network(size, 2);
    ContextJudge judge(size, 2);
    const Variable pictures = network(Variable(Tensor::full({2, size, size, 4}, 0.5)));
    CHECK(pictures.shape() == Shape{2, size, size, 3});
    CHECK(judge.judge(pictures, {}).shape() == Shape{2, 1});
  }
  for (const int64_t size : {0, 8, 48, 80})
    CHECK_THROWS_WITH_AS(ContextEncoder(size, 2), doctest::Contains("halves the map"), Error);
}

TEST_CASE(
    "each of its pixels depends on the picture's far corner, which a layer between places "
    "alone can carry") {
  ContextEncoder network(64, 2);
  network.eval();
  Variable x(Tensor::full({1, 64, 64, 4}, 0.5), true);
  slice(slice(network(x), 1, 63, 1), 2, 63, 1).backward(Variable(Tensor::full({1, 1, 1, 3}, 1)));
  CHECK(slice(slice(x.grad(), 1, 0, 1), 2, 0, 1).value().to_vector() !=
        std::vector<double>{0, 0, 0, 0});
}

TEST_CASE("a step of each phase moves the network that it trains, and no other") {
  const auto moves = [](auto step, bool completion_moves, bool judge_moves) {
    Setup setup;
    const auto completion = numbers_of(*setup.model.completion);
    const auto judge = numbers_of(*setup.model.discriminators);
    step(setup);
    CHECK((numbers_of(*setup.model.completion) != completion) == completion_moves);
    CHECK((numbers_of(*setup.model.discriminators) != judge) == judge_moves);
  };
  moves([](Setup& s) { train_completion(s.model, s.batch, s.completion); }, true, false);
  moves([](Setup& s) { train_discriminators(s.model, s.batch, s.judge); }, false, true);
  moves([](Setup& s) { train_jointly(s.model, s.batch, s.completion, s.judge, 1); }, true, true);
}

TEST_CASE("its adversarial term alone changes it") {
  Setup with, without;
  train_jointly(with.model, with.batch, with.completion, with.judge, 10);
  train_jointly(without.model, without.batch, without.completion, without.judge, 0);
  CHECK(numbers_of(*with.model.completion) != numbers_of(*without.model.completion));
}

TEST_CASE("a file of its weights is recognised, with its size and width") {
  const Model model = small_encoder();
  const Model again = load_model(save_model(model), "file", 16);
  CHECK(again.architecture == &context_encoder());
  CHECK(again.only_size == 16);
  CHECK(numbers_of(*again.completion) == numbers_of(*model.completion));
  CHECK(numbers_of(*again.discriminators) == numbers_of(*model.discriminators));
  CHECK_THROWS_WITH_AS(load_model(save_model(model), "file", 32),
                       doctest::Contains("complete pictures of 16 x 16 alone"), Error);
}

TEST_CASE("it completes pictures of its size and refuses others, since its weights have places") {
  const Model model = small_encoder();
  const Tensor mask =
      masks_from_holes(std::vector<Hole>{{4, 4, 8, 8}}, 16, 16).reshape({16, 16, 1});
  const Completion result = complete(model, Tensor::full({16, 16, 3}, 0.25), mask);
  CHECK(result.composite.shape() == Shape{16, 16, 3});
  CHECK(result.composite.to_vector().front() == 0.25);
  const auto of_size = [&](int64_t height, int64_t width) {
    complete(model, Tensor::full({height, width, 3}, 0.25), Tensor::full({height, width, 1}, 1));
  };
  CHECK_THROWS_WITH_AS(of_size(20, 16),
                       "these weights of the Context Encoder complete pictures of 16 x 16 alone, "
                       "not 16 x 20: some of them belong to one place of the picture each",
                       Error);
  CHECK_THROWS_AS(of_size(15, 16), Error);
}

TEST_CASE("the trainer trains it, and a resumed run leaves the same bits") {
  TemporaryFolder folder;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> quiet(std::tmpfile(), std::fclose);
  train(small_run(folder / "whole", quiet.get()));
  TrainOptions options = small_run(folder / "halves", quiet.get());
  options.stop = [](const Position& position) { return position.step == 5; };
  CHECK(train(options).step == 5);
  options.resume = true;
  options.stop = {};
  CHECK(train(options).phase == 4);
  const auto weights = [&](const char* run) {
    return save_model(read_weights(folder / run + "/checkpoint.safetensors"));
  };
  const StateDict whole = weights("whole"), halves = weights("halves");
  REQUIRE(whole.size() == halves.size());
  for (const auto& [name, value] : whole) {
    CAPTURE(name);
    CHECK(halves.at(name).to_vector() == value.to_vector());
  }
}

TEST_CASE("glcic trains, measures and shows it by name, and says which sizes it takes") {
  TemporaryFolder folder;
  const std::string run = folder / "run", weights = run + "/checkpoint.safetensors";
  const GlcicOutcome trained =
      run_glcic({"train", "--architecture", "context-encoder", "--size", "16", "--width", "2",
                 "--batch", "2", "--steps", "2,1,1", "--run", run});
  CHECK_MESSAGE(trained.status == 0, trained.errors);
  CHECK(read_checkpoint(weights, Device::cpu).settings.alpha == 0.001 / 0.999);
  const GlcicOutcome shown = run_glcic({"info", "--weights", weights, "--size", "16"});
  CHECK_MESSAGE(shown.status == 0, shown.errors);
  CHECK(shown.output.find("channel-wise fully connected, 4 x 4") != std::string::npos);
  CHECK(shown.output.find("Context Encoder's discriminator for 16 x 16") != std::string::npos);
  const GlcicOutcome other =
      run_glcic({"train", "--architecture", "context-encoder", "--size", "48", "--run", run + "2"});
  CHECK(other.status == 2);
  CHECK(other.errors.find("size 48 is not 16, 32, 64, 128") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(run + "2"));
  const GlcicOutcome unknown = run_glcic({"info", "--architecture", "encoder"});
  CHECK(unknown.errors.find("there are: glcic, context-encoder") != std::string::npos);
}

}  // namespace kintsugi
