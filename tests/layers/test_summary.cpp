#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "layers/activation.h"
#include "layers/conv_norm_relu.h"
#include "layers/linear.h"
#include "layers/sequential.h"
#include "layers/summary.h"

using namespace kintsugi;

namespace {

Footprint conv(int64_t kernel, int64_t stride, int64_t padding, int64_t dilation = 1) {
  return {kernel, stride, padding, dilation, false};
}
Footprint deconv(int64_t kernel, int64_t stride, int64_t padding) {
  return {kernel, stride, padding, 1, true};
}

/// GLCIC's completion network (table 2) with other dilations in layers 7 to 10.
std::vector<Footprint> completion_network(const std::vector<int64_t>& dilations) {
  std::vector<Footprint> steps{conv(5, 1, 2), conv(3, 2, 1), conv(3, 1, 1),
                               conv(3, 2, 1), conv(3, 1, 1), conv(3, 1, 1)};
  for (int64_t dilation : dilations) steps.push_back(conv(3, 1, dilation, dilation));
  for (const Footprint& step : {conv(3, 1, 1), conv(3, 1, 1), deconv(4, 2, 1), conv(3, 1, 1),
                                deconv(4, 2, 1), conv(3, 1, 1), conv(3, 1, 1)})
    steps.push_back(step);
  return steps;
}

/// The same number, by marking pixels: which of a long line of inputs does each output reach?
int64_t receptive_field_by_marking(const std::vector<Footprint>& steps) {
  constexpr int64_t kPixels = 1200;  // inputs of outputs 100 … 115 stay inside
  int64_t widest = 0;
  for (int64_t pixel = 100; pixel < 116; ++pixel) {
    std::vector<bool> marked(kPixels);
    marked[static_cast<size_t>(pixel)] = true;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      std::vector<bool> inputs(kPixels);
      for (int64_t tap = 0; tap < step->kernel; ++tap)
        for (int64_t i = 0; i < kPixels; ++i) {
          // conv: output o sees o·s + tap·d − p; transposed: input i reaches i·s + tap·d − p.
          int64_t far = i * step->stride + tap * step->dilation - step->padding;
          if (far < 0 || far >= kPixels) continue;
          auto near_pixel = static_cast<size_t>(i), far_pixel = static_cast<size_t>(far);
          if (step->transposed && marked[far_pixel]) inputs[near_pixel] = true;
          if (!step->transposed && marked[near_pixel]) inputs[far_pixel] = true;
        }
      marked = inputs;
    }
    auto first = std::find(marked.begin(), marked.end(), true);
    auto last = std::find(marked.rbegin(), marked.rend(), true);
    if (first != marked.end())
      widest =
          std::max<int64_t>(widest, kPixels - (first - marked.begin()) - (last - marked.rbegin()));
  }
  return widest;
}

}  // namespace

TEST_CASE("GLCIC's completion network sees 303 pixels, and 95 without its dilations") {
  CHECK(receptive_field(completion_network({2, 4, 8, 16})) == 303);
  CHECK(receptive_field(completion_network({1, 1, 1, 1})) == 95);
}

TEST_CASE("receptive fields of single steps") {
  CHECK(receptive_field({}) == 1);
  CHECK(receptive_field({conv(5, 1, 2)}) == 5);
  CHECK(receptive_field({conv(3, 1, 4, 4)}) == 9);
  CHECK(receptive_field({conv(3, 2, 1), conv(3, 1, 1)}) == 7);
  CHECK(receptive_field({deconv(4, 2, 1)}) == 2);
  CHECK(receptive_field({deconv(3, 2, 1)}) == 2);  // one pixel or two, as it lies
}

TEST_CASE("the receptive field is what marking the pixels one by one finds") {
  CHECK(rc::check([] {
    std::vector<Footprint> steps;
    int64_t count = *rc::gen::inRange<int64_t>(1, 4);
    for (int64_t i = 0; i < count; ++i) {
      bool transposed = *rc::gen::inRange(0, 2) == 1;
      int64_t stride = *rc::gen::inRange<int64_t>(1, 3);
      // A transposed step with a kernel below its stride leaves pixels that see nothing.
      int64_t kernel = *rc::gen::inRange<int64_t>(transposed ? stride : 1, 5);
      steps.push_back({kernel, stride, *rc::gen::inRange<int64_t>(0, 3), 1, transposed});
    }
    RC_ASSERT(receptive_field(steps) == receptive_field_by_marking(steps));
  }));
}

TEST_CASE("parameters and multiply-adds of GLCIC's layers are those of the reference table") {
  struct Row {
    ConvolutionOptions options;
    bool transposed;
    int64_t map, parameters;
    double million_multiply_adds;
  };
  const Row rows[] = {
      {{.in = 4, .out = 64, .kernel = 5, .padding = 2}, false, 256, 6464, 419},
      {{.in = 64, .out = 128, .stride = 2, .padding = 1}, false, 256, 73856, 1208},
      {{.in = 128, .out = 256, .stride = 2, .padding = 1}, false, 128, 295168, 1208},
      {{.in = 256, .out = 256, .padding = 8, .dilation = 8}, false, 64, 590080, 2416},
      {{.in = 256, .out = 128, .kernel = 4, .stride = 2, .padding = 1}, true, 64, 524416, 2147},
      {{.in = 64, .out = 32, .padding = 1}, false, 256, 18464, 1208},
      {{.in = 32, .out = 3, .padding = 1}, false, 256, 867, 57},
  };
  for (const Row& row : rows) {
    CAPTURE(row.parameters);
    std::shared_ptr<Convolution> layer;
    if (row.transposed)
      layer = std::make_shared<ConvTranspose2d>(row.options);
    else
      layer = std::make_shared<Conv2d>(row.options);
    Shape input{1, row.map, row.map, row.options.in};
    CHECK(layer->parameter_count() == row.parameters);
    CHECK(static_cast<double>(layer->multiply_adds(input)) / 1e6 ==
          doctest::Approx(row.million_multiply_adds).epsilon(0.01));
    CHECK(ConvNormRelu(layer).parameter_count() == row.parameters + 2 * row.options.out);
  }
}

TEST_CASE("a network prints itself as a table with its totals") {
  ConvolutionOptions first{.in = 3, .out = 8, .kernel = 5, .stride = 2, .padding = 2};
  ConvolutionOptions second{.in = 8, .out = 4, .padding = 2, .dilation = 2};
  Sequential network({{"first", std::make_shared<ConvNormRelu>(std::make_shared<Conv2d>(first))},
                      {"second", std::make_shared<Conv2d>(second)},
                      {"flatten", std::make_shared<Flatten>()},
                      {"judge", std::make_shared<Linear>(LinearOptions{.in = 1024, .out = 10})}});
  CHECK(network.output_shape({1, 32, 32, 3}) == Shape{1, 10});
  CHECK(network.multiply_adds({1, 32, 32, 3}) == 153600 + 73728 + 10240);
  CHECK(
      network.table({1, 32, 32, 3}) ==
      R"(layer    kind                                         output          parameters  million multiply-adds  receptive field
first    conv 5x5, stride 2, 3 → 8, batch norm, ReLU  [1, 16, 16, 8]         624                    0.2                5
second   conv 3x3, dilation 2, 8 → 4                  [1, 16, 16, 4]         292                    0.1               13
flatten  flatten                                      [1, 1024]                0                    0.0               32
judge    linear, 1024 → 10                            [1, 10]             10,250                    0.0               32
total                                                                     11,166                    0.2
)");
}
