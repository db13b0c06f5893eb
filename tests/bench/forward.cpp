// Times the completion network at inference, normalisation folded, as `glcic complete` runs it:
//   forward [SIZE = 256] [BATCH = 1] [WIDTH = 64] [THREADS = all] [REPEATS = 7]
// prints the median seconds of one forward pass, and nothing else.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "glcic/completer.h"
#include "tensor/backend.h"

int main(int argc, char** argv) {
  using namespace kintsugi;
  using Clock = std::chrono::steady_clock;
  auto argument = [&](int index, int preset) {
    return argc > index ? std::atoi(argv[index]) : preset;
  };
  const int64_t size = argument(1, 256), batch = argument(2, 1);
  if (argc > 4) set_num_threads(argument(4, 1));

  Model model = make_model(256, argument(3, 64), 1, Tensor::full({3}, 0.5));
  model.completion->set_frozen(true);
  Generator generator{.seed = 1};
  const Tensor images = uniform({batch, size, size, 3}, 0, 1, generator);
  const Tensor masks = Tensor::zeros({batch, size, size, 1});
  run_completion(model, images, masks);  // takes its memory

  std::vector<double> seconds;
  for (int i = 0; i < argument(5, 7); ++i) {
    const auto start = Clock::now();
    run_completion(model, images, masks);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  fmt::print("{:.6f}\n", seconds[seconds.size() / 2]);
}
