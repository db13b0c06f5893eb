#include <cmath>
#include <numbers>

#include "cuda/backend.h"
#include "cuda/broadcast.h"
#include "cuda/launch.h"
#include "cuda/pack.h"
#include "tensor/random.h"

namespace kintsugi {
namespace {

using namespace cuda;

constexpr int kWords = 4;  // in a block of Philox

using Words = Array<uint32_t, kWords>;

/// Philox 4x32-10: the words of philox() in tensor/random.h.
__device__ Words philox_words(uint64_t key, uint64_t stream, uint64_t counter) {
  constexpr int kRounds = 10;
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
  const auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
  Words c{{low(counter), high(counter), low(stream), high(stream)}};
  uint32_t key0 = low(key), key1 = high(key);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * c[0], product1 = kMultiplier1 * c[2];
    c = {
        {high(product1) ^ c[1] ^ key0, low(product1), high(product0) ^ c[3] ^ key1, low(product0)}};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

/// x [count]: element i is number i mod 4 of make(words of block generator.counter + i / 4). A
/// thread makes four numbers at a time.
template <class T, class Make>
__global__ void random_kernel(Generator generator, Make make, int64_t count, T* x) {
  const int64_t blocks = (count + kWords - 1) / kWords;
  for (int64_t block = first_index(); block < blocks; block += index_stride()) {
    const Pack<T, kWords> numbers = make(philox_words(
        generator.seed, generator.stream, generator.counter + static_cast<uint64_t>(block)));
    const int64_t first = block * kWords;
    if (first + kWords <= count) {
      store_pack(x + first, numbers);
      continue;
    }
#pragma unroll
    for (int i = 0; i < kWords; ++i)
      if (first + i < count) x[first + i] = numbers[i];
  }
}

template <class T, class Make>
void fill_random(Tensor& x, const Generator& generator, const Make& make) {
  const int64_t blocks = (x.numel() + kWords - 1) / kWords;
  launch(random_kernel<T, Make>, grid_for(blocks), generator, make, x.numel(), x.data<T>());
}

/// Bit for bit the CPU's numbers: so the product and the sum are one operation, without a rounding
/// in between.
template <class T>
struct MakeUniform {
  double low, high;

  __device__ Pack<T, kWords> operator()(const Words& words) const {
    Pack<T, kWords> numbers;
    for (int i = 0; i < kWords; ++i) {
      const double unit = (words[i] >> 8) * 0x1p-24;  // [0, 1)
      const T number = static_cast<T>(std::fma(high - low, unit, low));
      const bool rounded_up = number >= high && low < high;
      numbers[i] = rounded_up ? std::nextafter(number, static_cast<T>(low)) : number;
    }
    return numbers;
  }
};

/// Two numbers of two words: box_muller() in tensor/random.h.
template <class T>
struct MakeNormal {
  double mean, deviation;

  __device__ Pack<T, kWords> operator()(const Words& words) const {
    Pack<T, kWords> numbers;
    for (int i = 0; i < kWords; i += 2) {
      const double radius = std::sqrt(-2 * std::log((words[i] + 0.5) * 0x1p-32));
      double sine, cosine;
      sincos(2 * std::numbers::pi * (words[i + 1] * 0x1p-32), &sine, &cosine);
      numbers[i] = static_cast<T>(mean + deviation * (radius * cosine));
      numbers[i + 1] = static_cast<T>(mean + deviation * (radius * sine));
    }
    return numbers;
  }
};

}  // namespace

void CudaBackend::uniform(Tensor& x, double low, double high, const Generator& generator) {
  dispatch(x.dtype(), [&]<class T>(T) { fill_random<T>(x, generator, MakeUniform<T>{low, high}); });
}

void CudaBackend::normal(Tensor& x, double mean, double deviation, const Generator& generator) {
  dispatch(x.dtype(), [&]<class T>(T) {
    fill_random<T>(x, generator, MakeNormal<T>{mean, deviation});
  });
}

}  // namespace kintsugi
