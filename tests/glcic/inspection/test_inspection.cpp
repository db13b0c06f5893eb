#include <doctest/doctest.h>

#include <cmath>

#include "glcic/completer.h"
#include "glcic/inspection/inspection.h"
#include "glcic/settings.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

Photograph photograph_of(const TemporaryFolder& folder, int64_t height, int64_t width) {
  Generator generator{.seed = 9};
  write_png(folder / "picture.png", uniform({height, width, 3}, 0, 1, generator));
  return Photograph::read(folder / "picture.png");
}

PixelMask hole_of(const Photograph& picture, const Hole& hole) {
  PixelMask mask(picture.height(), picture.width());
  mask.add(hole);
  return mask;
}

Model small_model(int64_t size = 16) {
  Model model = make_model(size, 8, 7, Tensor::from({0.5, 0.4, 0.3}, {3}));
  model.completion->eval();
  model.completion->set_frozen(true);
  model.discriminators->eval();
  model.discriminators->set_frozen(true);
  return model;
}

}  // namespace

TEST_CASE("a picture within the limit is shown as it is, its last row and column repeated to fit") {
  const TemporaryFolder folder;
  const Photograph photograph = photograph_of(folder, 10, 13);
  const PixelMask hole = hole_of(photograph, {4, 5, 9, 3});
  const InspectedPicture picture = inspected_picture(photograph, hole, small_model(), 16);
  CHECK(picture.note.empty());
  REQUIRE(picture.rgb.shape() == Shape{12, 16, 3});
  const Tensor inner = ops::slice(ops::slice(picture.rgb, 0, 0, 10), 1, 0, 13);
  CHECK(inner.to_vector() == photograph.rgb(photograph.frame()).to_vector());
  CHECK(ops::slice(picture.rgb, 0, 11, 1).to_vector() ==
        ops::slice(picture.rgb, 0, 9, 1).to_vector());
  CHECK(bounding_box(picture.mask) == Hole{4, 5, 12, 3});
}

TEST_CASE(
    "a larger picture is cut round the hole, or scaled where the hole is too large, and told") {
  const TemporaryFolder folder;
  const Photograph photograph = photograph_of(folder, 60, 100);
  const InspectedPicture cut =
      inspected_picture(photograph, hole_of(photograph, {50, 20, 12, 16}), small_model(), 32);
  CHECK(cut.rgb.to_vector() == photograph.rgb({40, 12, 32, 32}).to_vector());
  CHECK(bounding_box(cut.mask) == Hole{10, 8, 12, 16});
  CHECK(cut.note.find("columns 40 to 71 and rows 12 to 43,") != std::string::npos);
  CHECK(cut.note.find("scaled") == std::string::npos);

  const InspectedPicture scaled =
      inspected_picture(photograph, hole_of(photograph, {20, 10, 32, 24}), small_model(), 32);
  CHECK(scaled.rgb.shape() == Shape{32, 32, 3});
  const Hole box = bounding_box(scaled.mask);
  CHECK(box.width >= 16);
  CHECK(box.width <= 18);
  CHECK(scaled.note.find("scaled to 50 %") != std::string::npos);
}

TEST_CASE("the trace has the network's own output, and the loss's gradients at every layer") {
  const TemporaryFolder folder;
  const Model model = small_model();
  const Photograph photograph = photograph_of(folder, 24, 32);
  const InspectedPicture picture =
      inspected_picture(photograph, hole_of(photograph, {10, 6, 12, 8}), model, 32);
  const Inspection result =
      inspect(model, picture, nullptr, {.layer_samples = 1, .output_samples = 1});

  const Tensor expected = run_completion(model, picture.rgb.reshape({1, 24, 32, 3}),
                                         picture.mask.reshape({1, 24, 32, 1}));
  const Tensor difference = ops::subtract(result.output, expected.reshape({24, 32, 3}));
  CHECK(ops::max(ops::abs(difference)).item() < 1e-5);

  // L = Σ M·(C − x)² / n, so ∂L/∂C = 2·M·(C − x) / n.
  const double n = 24 * 32 * 3;
  const Tensor error =
      ops::multiply(picture.mask, ops::subtract(result.output, picture.rgb));  // [H, W, 3]
  CHECK(result.trace.loss == doctest::Approx(ops::sum(ops::square(error)).item() / n));
  const Tensor gradient =
      ops::subtract(result.trace.layers.back().gradient, ops::affine(error, 2 / n, 0));
  CHECK(ops::max(ops::abs(gradient)).item() < 1e-8);
  REQUIRE(result.trace.layers.size() == 17);
  for (const LayerTrace& layer : result.trace.layers) {
    CAPTURE(layer.name);
    CHECK(layer.activation.shape() == layer.gradient.shape());
    CHECK(ops::max(ops::abs(layer.gradient)).item() > 0);
  }
  CHECK(result.trace.input_gradient.shape() == Shape{24, 32, 4});
  CHECK(result.field->side == 303);
  CHECK(result.plain->side == 95);
  CHECK(result.field->effective.size() == 17);
}

TEST_CASE("the discriminators' probabilities are those of the judge, and traced to its pictures") {
  Model model = small_model(32);
  auto& judge = dynamic_cast<Discriminators&>(*model.discriminators);
  Generator generator{.seed = 10};
  const Tensor rgb = uniform({32, 32, 3}, 0, 1, generator);
  const Tensor completed = uniform({32, 32, 3}, 0, 1, generator);
  const Hole hole{14, 8, 8, 10};
  const Tensor mask = mask_from_holes({&hole, 1}, 32, 32);
  const JudgeTrace trace = trace_judge(judge, rgb, completed, mask);

  const Corner corner = local_patch_corner(hole, 32);
  const auto probability = [&](const Tensor& picture) {
    const Tensor patch = ops::slice(ops::slice(picture, 0, corner.y, 16), 1, corner.x, 16);
    const double logit = judge
                             .judge(Variable(picture.reshape({1, 32, 32, 3})),
                                    Variable(patch.reshape({1, 16, 16, 3})))
                             .item();
    return 1 / (1 + std::exp(-logit));
  };
  CHECK(trace.real == doctest::Approx(probability(rgb)).epsilon(1e-5));
  CHECK(trace.completed == doctest::Approx(probability(completed)).epsilon(1e-5));
  REQUIRE(trace.parts.size() == 2);
  CHECK(trace.parts[0].sees.to_vector() == completed.to_vector());
  CHECK(trace.parts[1].sees.shape() == Shape{16, 16, 3});
  CHECK(trace.parts[1].features.size() == 128);
  for (const JudgePartTrace& part : trace.parts)
    CHECK(ops::max(ops::abs(part.trace.input_gradient)).item() > 0);
}

TEST_CASE("the size that discriminators were trained for is read off their file") {
  for (const int64_t size : {16, 32, 48, 80}) {
    CAPTURE(size);
    const SafeTensors bare{.tensors = save_model(small_model(size)), .metadata = {}};
    CHECK(judged_size(bare) == size);
  }
  const StateDict weights = save_model(small_model(32));
  TrainSettings settings;
  settings.size = 28;
  CHECK(judged_size({.tensors = weights, .metadata = {{"settings", to_json(settings)}}}) == 28);
  Model without = small_model();
  without.discriminators = nullptr;
  CHECK(judged_size({.tensors = save_model(without), .metadata = {}}) == 0);
}
