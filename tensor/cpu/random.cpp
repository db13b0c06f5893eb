#include "tensor/random.h"

#include <algorithm>
#include <cmath>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

constexpr int64_t kWords = 4;  // in a block

/// x[i] = numbers[i mod 4], where make(words) turns each block of words into four numbers.
template <class T, class Make>
void fill_blocks(Tensor& x, const Generator& generator, Make make) {
  T* to = x.data<T>();
  const int64_t count = x.numel();
  cpu::parallel_for((count + kWords - 1) / kWords, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto numbers = make(philox(generator.seed, generator.stream,
                                       generator.counter + static_cast<uint64_t>(block)));
      const int64_t first = block * kWords;
      std::copy_n(numbers.begin(), std::min(kWords, count - first), to + first);
    }
  });
}

}  // namespace

void CpuBackend::uniform(Tensor& x, double low, double high, const Generator& generator) {
  dispatch(x.dtype(), [&]<class T>(T) {
    fill_blocks<T>(x, generator, [&](const std::array<uint32_t, kWords>& words) {
      std::array<T, kWords> numbers;
      for (size_t i = 0; i < kWords; ++i) {
        const T number = static_cast<T>(low + (high - low) * unit_interval(words[i]));
        const bool rounded_up = number >= high && low < high;
        numbers[i] = rounded_up ? std::nextafter(number, static_cast<T>(low)) : number;
      }
      return numbers;
    });
  });
}

void CpuBackend::normal(Tensor& x, double mean, double deviation, const Generator& generator) {
  dispatch(x.dtype(), [&]<class T>(T) {
    fill_blocks<T>(x, generator, [&](const std::array<uint32_t, kWords>& words) {
      std::array<T, kWords> numbers;
      for (size_t i = 0; i < kWords; i += 2) {
        const auto pair = box_muller(words[i], words[i + 1]);
        numbers[i] = static_cast<T>(mean + deviation * pair[0]);
        numbers[i + 1] = static_cast<T>(mean + deviation * pair[1]);
      }
      return numbers;
    });
  });
}

}  // namespace kintsugi
