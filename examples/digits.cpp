#include "examples/support/digits.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "autograd/ops.h"
#include "examples/support/example.h"
#include "glcic/image_ops.h"
#include "layers/activation.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/loss.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"
#include "tensor/io/image.h"

/// A small convolutional network reads digits that the program draws. docs/examples/digits.md.
namespace {

using namespace kintsugi;

constexpr int64_t kBatch = 64, kUnseen = 2000;
/// A hand in a hurry.
constexpr Handwriting kHand{.turn = 0.35, .slant = 0.35, .wobble = 0.1};

Sequential make_network(Generator& generator) {
  return Sequential(
      {{"conv1", std::make_shared<Conv2d>(
                     ConvolutionOptions{.in = 1, .out = 16, .stride = 2, .padding = 1}, generator)},
       {"relu1", std::make_shared<Relu>()},
       {"conv2",
        std::make_shared<Conv2d>(ConvolutionOptions{.in = 16, .out = 32, .stride = 2, .padding = 1},
                                 generator)},
       {"relu2", std::make_shared<Relu>()},
       {"flatten", std::make_shared<Flatten>()},
       {"fc", std::make_shared<Linear>(LinearOptions{.in = 512, .out = 10, .maps = {4, 4, 32}},
                                       generator)}});
}

void train(Module& network, int64_t steps, Generator& generator) {
  Adam optimizer(network.state(), {.rate = 0.002});
  for (int64_t step = 1; step <= steps; ++step) {
    const DigitBatch batch = draw_digits(kBatch, generator, kHand);
    const Variable loss = cross_entropy(network(Variable(batch.pictures)), batch.labels);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (step == 1 || step % 50 == 0) fmt::print("step {:4}  loss {:.4f}\n", step, loss.item());
  }
}

/// The digit with the largest logit, for each picture.
std::vector<int64_t> read(Module& network, const Tensor& pictures) {
  const NoGrad no_grad;
  const std::vector<double> logits = network(Variable(pictures)).value().to_vector();  // [N, 10]
  std::vector<int64_t> digits;
  for (auto row = logits.begin(); row != logits.end(); row += 10)
    digits.push_back(std::max_element(row, row + 10) - row);
  return digits;
}

/// Pictures of digit t that were read as r, by t and r.
using Confusion = std::array<std::array<std::vector<Tensor>, 10>, 10>;

void print(const Confusion& confusion) {
  fmt::print("read as    0   1   2   3   4   5   6   7   8   9\n");
  for (size_t digit = 0; digit < 10; ++digit) {
    fmt::print("digit {} ", digit);
    for (const std::vector<Tensor>& pictures : confusion[digit])
      fmt::print("{:4}", pictures.size());
    fmt::print("\n");
  }
}

/// The same as pictures: row t and column r show a digit t that was read as r, blank where there is
/// none.
Tensor draw(const Confusion& confusion) {
  const int64_t size = 3 * kDigitSize;
  std::vector<Tensor> cells;
  for (const auto& row : confusion)
    for (const std::vector<Tensor>& pictures : row)
      cells.push_back(pictures.empty() ? Tensor::full({size, size, 1}, 0.85)
                                       : ops::affine(pictures.front(), -1, 1));
  return contact_sheet(cells, 10, 2, 0.7);
}

bool run(const ExampleOptions& options) {
  Generator generator{.seed = options.seed};
  Sequential network = make_network(generator);
  fmt::print("{}", network.table({kBatch, kDigitSize, kDigitSize, 1}));
  train(network, options.steps, generator);

  const DigitBatch unseen = draw_digits(kUnseen, generator, kHand);
  const std::vector<int64_t> answers = read(network, unseen.pictures);
  const std::vector<Tensor> pictures = separate(unseen.pictures, 3);
  Confusion confusion;
  int64_t right = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const int64_t digit = unseen.labels[i], answer = answers[i];
    confusion[size_t(digit)][size_t(answer)].push_back(pictures[i]);
    right += digit == answer;
  }
  print(confusion);
  write_png(options.out, draw(confusion));
  return claim("accuracy", double(right) / kUnseen, {.at_least = 0.95});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "digits",
                                .about = "Learns to read digits that the program draws.",
                                .out = "digits.png",
                                .steps = 500,
                                .run = run});
}
