// What recordings do with the device's memory, which the emulator can measure and limit.
#include <doctest/doctest.h>

#include "cuda/check.h"
#include "cuda/emulator/memory.h"
#include "glcic/step_runner.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/glcic/small_model.h"

using namespace kintsugi;

namespace {

const TensorOptions kCuda{.device = Device::cuda};
constexpr int64_t kFloatsOfMebibyte = int64_t{1} << 18;

struct Memory {
  size_t free = 0, total = 0;
};
Memory memory() {
  release_cached_memory(Device::cuda);
  Memory memory;
  cuda::check(cudaMemGetInfo(&memory.free, &memory.total), "cudaMemGetInfo");
  return memory;
}
size_t bytes_in_use() { return memory().total - memory().free; }

/// Leaves the device this many free bytes, for as long as it lives.
class MemoryLimit {
 public:
  explicit MemoryLimit(size_t free) : before_(emulator::set_memory_limit(bytes_in_use() + free)) {}
  ~MemoryLimit() { emulator::set_memory_limit(before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  size_t before_;
};

constexpr double kAlpha = 0.0004;

struct Training {
  Model model = moved_to(Device::cuda, make_model(16, 2, 11, Tensor::full({3}, 0.5)));
  Adadelta completion{model.completion->state()}, judges{model.discriminators->state()};
};

TrainingBatch batch() {
  Generator generator{.seed = 1};
  const std::vector<Hole> holes{{2, 3, 6, 7}, {5, 1, 6, 6}};
  return make_training_batch(uniform({2, 16, 16, 3}, 0, 1, generator),
                             masks_from_holes(holes, 16, 16), holes, holes, kCuda);
}

}  // namespace

TEST_CASE("a recording's memory goes back when it and the tensors left of it are gone") {
  const Tensor x = Tensor::full({4}, 2, kCuda);
  const size_t before = bytes_in_use();
  Tensor y;
  auto recording = backend(Device::cuda).record([&] { y = ops::square(x); });
  CHECK(bytes_in_use() > before);
  SUBCASE("the tensors first") {
    y = Tensor();
    recording->replay();
    CHECK(bytes_in_use() > before);
    recording = nullptr;
  }
  SUBCASE("the recording first") {
    recording->replay();
    recording = nullptr;
    CHECK(bytes_in_use() > before);
    CHECK(y.to_vector() == std::vector<double>(4, 4));
    y = Tensor();
  }
  CHECK(bytes_in_use() == before);
}

TEST_CASE("a recording that finds no memory is refused with the sizes, and leaves none behind") {
  const Tensor x = Tensor::full({4}, 2, kCuda);
  const size_t before = bytes_in_use();
  {
    const MemoryLimit limit(size_t{40} << 20);
    Tensor y;
    CHECK_THROWS_AS(backend(Device::cuda).record([&] {
      y = ops::square(x);
      const Tensor large = Tensor::empty({100 * kFloatsOfMebibyte}, kCuda);
    }),
                    Error);
    y = Tensor();
    CHECK(ops::square(x).to_vector() == std::vector<double>(4, 4));
  }
  CHECK(bytes_in_use() == before);
}

TEST_CASE("training goes on one step after another where there is no memory for a recording") {
  Training limited, free;
  StepRunner steps(limited.model, limited.completion, limited.judges);
  StepRunner recorded(free.model, free.completion, free.judges);
  steps.run(3, batch(), kAlpha);
  recorded.run(3, batch(), kAlpha);
  for (int i = 0; i < 4; ++i) {
    CAPTURE(i);
    StepReport report;
    {
      const MemoryLimit limit(0);  // a step finds room in the segment that the weights lie in
      report = steps.run(3, batch(), kAlpha);
    }
    CHECK(report.completion_loss == recorded.run(3, batch(), kAlpha).completion_loss);
  }
  CHECK(limited.completion.steps() == 5);
  CHECK(limited.judges.steps() == 5);
  const StateDict expected = save_model(free.model);
  for (const auto& [name, value] : save_model(limited.model)) {
    CAPTURE(name);
    CHECK(value.to_vector() == expected.at(name).to_vector());
  }
}
