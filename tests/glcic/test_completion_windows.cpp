#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "glcic/completer.h"
#include "glcic/completion_windows.h"
#include "glcic/photograph_completion.h"
#include "layers/summary.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/storage.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;

namespace {

/// A network whose output depends on far-away pixels: first weights let a signal die out on its way
/// through 17 layers, these keep it about as strong as it is.
Model lively_model(int64_t width, DType dtype) {
  Generator generator{.seed = 5};
  Model model;
  model.completion = std::make_shared<CompletionNetwork>(width, generator);
  for (const StateEntry& entry : model.completion->state()) {
    Variable variable = entry.variable;
    if (entry.name.ends_with("conv.weight"))
      variable.set_value(ops::affine(variable.value(), 9.8, 0.0));
    if (entry.name.ends_with("norm.bias"))
      variable.set_value(uniform(variable.shape(), 0.0, 0.5, generator));
  }
  model.completion->to(dtype);
  model.completion->eval();
  model.completion->set_frozen(true);
  model.mean_pixel = Tensor::from({0.5, 0.4, 0.3}, {3}, {.dtype = dtype});
  return moved_to(test_device(), model);
}

ReadWindow reader_of(const Tensor& picture) {
  return [picture](const Hole& window) {
    return ops::slice(ops::slice(picture, 0, window.y, window.height), 1, window.x, window.width);
  };
}

struct Comparison {
  double difference = 0;  ///< the largest in the hole, between windows and the whole picture
  size_t windows = 0;
};

Comparison compare(const Model& model, const Tensor& picture, const PixelMask& mask,
                   int64_t max_pixels = 1 << 24) {
  const Hole frame{0, 0, mask.width(), mask.height()};
  std::vector<Hole> windows;
  const Tensor part = complete_part(model, reader_of(picture), mask, frame, max_pixels, windows);
  const Tensor whole = complete(model, picture, mask.tensor(frame)).composite;
  const Tensor difference = ops::abs(ops::subtract(part, whole));
  return {ops::max(difference).item(), windows.size()};
}

Tensor picture_of(int64_t height, int64_t width, DType dtype, Generator& generator) {
  return uniform({height, width, 3}, 0, 1, generator).to(dtype);
}

PixelMask holes_in(int64_t height, int64_t width, const std::vector<Hole>& holes) {
  PixelMask mask(height, width);
  for (const Hole& hole : holes) mask.add(hole);
  return mask;
}

}  // namespace

TEST_CASE("the reach of GLCIC is its receptive field, and what is beyond it is never seen") {
  const Model model = lively_model(2, DType::float64);
  const Reach reach = reach_of(model).value();
  CHECK(reach == Reach{153, 150, 4});
  const int64_t field = receptive_field(model.completion->footprints());
  CHECK(field == 303);
  CHECK(reach.before + reach.after + 1 - field <= 1);

  Generator generator{.seed = 1};
  const Tensor picture = picture_of(8, 400, DType::float64, generator);
  const PixelMask mask = holes_in(8, 400, {{200, 2, 4, 4}});
  const auto filled = [&](const Tensor& x) {
    const Tensor output = network_output(model, x, mask.tensor({0, 0, 400, 8}));
    return reader_of(output)({200, 2, 4, 4}).to_vector();
  };
  const auto changed = [&](int64_t first, int64_t count) {
    Tensor other = picture.clone();
    for (int64_t y = 0; y < 8; ++y)
      std::fill_n(other.data<double>() + (y * 400 + first) * 3, 3 * count, 0.123);
    return other;
  };
  CHECK(filled(changed(0, 200 - 153)) == filled(picture));
  CHECK(filled(changed(204 + 150, 400 - 354)) == filled(picture));
  CHECK(filled(changed(60, 40)) != filled(picture));
  CHECK(filled(changed(300, 40)) != filled(picture));
}

TEST_CASE("windows give the pixels of the full run, wherever the holes are (float64)") {
  const Model model = lively_model(2, DType::float64);
  for (uint64_t seed = 0; seed < 16; ++seed) {
    Generator generator{.seed = seed};
    int64_t height = generator.integer(1, 9), width = generator.integer(300, 500);
    if (seed % 2 == 1) std::swap(height, width);
    PixelMask mask(height, width);
    for (const Hole& hole :
         random_holes(static_cast<int>(generator.integer(1, 3)), {1, 1}, height, width, generator))
      mask.add(hole);
    const Tensor picture = picture_of(height, width, DType::float64, generator);
    INFO("seed ", seed, ", mask of ", height, " x ", width);
    CHECK(compare(model, picture, mask).difference < 1e-12);
  }
}

TEST_CASE("windows give the pixels of the full run at corners, borders and odd sizes (float32)") {
  const Model model = lively_model(4, DType::float32);
  Generator generator{.seed = 2};
  const Tensor picture = picture_of(341, 371, DType::float32, generator);
  const std::vector<std::vector<Hole>> cases{
      {{0, 0, 20, 12}},                       // a corner
      {{350, 330, 21, 11}, {0, 180, 5, 30}},  // the padded corner, and a border
      {{3, 3, 10, 10}, {360, 320, 10, 10}}};  // far apart
  const auto difference = [&](const std::vector<Hole>& holes) {
    return compare(model, picture, holes_in(341, 371, holes)).difference;
  };
  for (const std::vector<Hole>& holes : cases) {
    CHECK(difference(holes) < 4e-6);  // Winograd's tiles lie otherwise in a window
    const ConvAlgorithmGuard plain(ConvAlgorithm::blocked);
    CHECK(difference(holes) < 1e-6);
  }
}

TEST_CASE("a bound on a window's pixels splits a hole into tiles that give the same pixels") {
  const Model model = lively_model(2, DType::float64);
  Generator generator{.seed = 3};
  const Tensor picture = picture_of(9, 900, DType::float64, generator);
  const PixelMask mask = holes_in(9, 900, {{100, 1, 700, 7}});
  const Comparison whole = compare(model, picture, mask);
  CHECK(whole.windows == 1);
  const Comparison tiled = compare(model, picture, mask, 5000);
  CHECK(tiled.windows >= 3);
  CHECK(tiled.difference < 1e-12);
  CHECK(sentence_of([&] { compare(model, picture, mask, 2000); }).find("takes a window of") !=
        std::string::npos);
}

TEST_CASE("a margin smaller than the reach would be noticed by these tests") {
  const Model model = lively_model(2, DType::float64);
  Generator generator{.seed = 4};
  const Tensor picture = picture_of(12, 600, DType::float64, generator);
  const PixelMask mask = holes_in(12, 600, {{300, 4, 4, 4}});
  const Hole frame{0, 0, 600, 12}, box{300, 4, 4, 4};
  const auto filled = [&](const Reach& reach) {
    const Hole window = window_around(box, reach, 12, 600);
    const Tensor output = network_output(model, reader_of(picture)(window), mask.tensor(window));
    return reader_of(output)({box.x - window.x, box.y - window.y, 4, 4});
  };
  const Tensor whole = reader_of(network_output(model, picture, mask.tensor(frame)))(box);
  const auto error = [&](const Reach& reach) {
    return ops::max(ops::abs(ops::subtract(filled(reach), whole))).item();
  };
  CHECK(error({153, 150, 4}) < 1e-12);
  CHECK(error({100, 150, 4}) > 1e-9);
  CHECK(error({153, 100, 4}) > 1e-9);
}

TEST_CASE("holes far apart get windows of their own, holes close by share one") {
  const Reach reach{153, 150, 4};
  const auto boxes = [&](const std::vector<Hole>& holes) {
    const PixelMask mask = holes_in(2000, 3000, holes);
    return split_hole(mask, {0, 0, 3000, 2000}, {.reach = reach});
  };
  const Hole a{100, 100, 40, 30}, b{2500, 1700, 20, 50}, c{160, 110, 40, 30};
  CHECK(boxes({a}) == std::vector<Hole>{a});
  CHECK(boxes({a, b}) == std::vector<Hole>{a, b});
  CHECK(boxes({a, c}) == std::vector<Hole>{{100, 100, 100, 40}});
  CHECK(boxes({a, b, c}) == std::vector<Hole>{{100, 100, 100, 40}, b});
  CHECK(boxes({}).empty());
  // A frame, where no single cut is cheaper.
  double pixels = 0;
  for (const Hole& box :
       boxes({{0, 0, 3000, 2}, {0, 1998, 3000, 2}, {0, 0, 2, 2000}, {2998, 0, 2, 2000}})) {
    const Hole window = window_around(box, reach, 2000, 3000);
    pixels += static_cast<double>(window.width * window.height);
  }
  CHECK(pixels < 0.35 * 2000 * 3000);
}

TEST_CASE("boxes are disjoint, hold every pixel of the hole, and keep to bound and gap") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(20, 120), width = generator.integer(20, 120);
    const PixelMask mask(free_form_mask(height, width, generator));
    const Reach reach{generator.integer(0, 9), generator.integer(0, 9), 4};
    const int64_t gap = generator.integer(0, 3);
    const int64_t bound = gap > 0 ? 1 << 20 : generator.integer(30 * 30, 60 * 60);
    const std::vector<Hole> boxes =
        split_hole(mask, {0, 0, width, height}, {.reach = reach, .gap = gap, .max_pixels = bound});
    PixelMask covered(height, width);
    int64_t area = 0;
    for (const Hole& box : boxes) {
      covered.add(box);
      area += box.width * box.height;
      const Hole window = window_around(box, reach, height, width);
      RC_ASSERT(window.width * window.height <= bound);
    }
    RC_ASSERT(covered.count() == area);  // disjoint
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) RC_ASSERT(covered.row(y)[x] >= mask.row(y)[x]);
    if (gap == 0) return;
    for (const Hole& a : boxes) {  // what is within the gap of a box is its own
      const Hole near = window_around(a, {gap, gap, 1}, height, width);
      for (const Hole& b : boxes) {
        const bool meets = near.x < b.x + b.width && b.x < near.x + near.width &&
                           near.y < b.y + b.height && b.y < near.y + near.height;
        RC_ASSERT(!meets || a == b);
      }
    }
  }));
}

TEST_CASE("a window takes the memory that was foretold") {
  const Model model = lively_model(16, DType::float32);
  Generator generator{.seed = 8};
  const Tensor picture = picture_of(128, 160, DType::float32, generator);
  const Tensor mask = holes_in(128, 160, {{40, 50, 60, 60}}).tensor({0, 0, 160, 128});
  network_output(model, picture, mask);  // weights are prepared once
  reset_peak_memory(test_device());
  const size_t before = memory_statistics(test_device()).current;
  network_output(model, picture, mask);
  const double taken = static_cast<double>(memory_statistics(test_device()).peak - before);
  const double foretold = bytes_per_pixel(model) * 128 * 160;
  CHECK(taken < 1.1 * foretold);
  CHECK(taken > 0.7 * foretold);
}
