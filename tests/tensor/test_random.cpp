#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tensor/error.h"
#include "tensor/random.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

TEST_CASE("Philox 4x32-10 gives the known answers of Random123") {
  using Words = std::array<uint32_t, 4>;
  CHECK(philox(0, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("numbers drawn in parts are those drawn at once") {
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    Generator whole{.seed = 7, .stream = 3}, parts = whole;
    const Tensor all = uniform({4 * 5000}, -1, 1, whole, options);
    const Tensor head = uniform({4 * 1234}, -1, 1, parts, options);
    const Tensor tail = uniform({4 * 3766}, -1, 1, parts, options);
    CHECK(same_bits(ops::concat({head, tail}, 0), all));
    CHECK(whole == parts);
    CHECK(whole.counter == 5000);
  }
}

TEST_CASE("a generator moves on by whole blocks of four") {
  Generator generator{.seed = 1};
  uniform({5}, 0, 1, generator);
  CHECK(generator.counter == 2);
  normal({0}, 0, 1, generator);
  CHECK(generator.counter == 2);
  generator.next();
  CHECK(generator.counter == 3);
}

TEST_CASE("element i of a uniform tensor is word i mod 4 of block i / 4") {
  Generator generator{.seed = 5, .stream = 9, .counter = 100};
  const std::vector<double> x = uniform({11}, 2, 6, generator).to_vector();
  for (size_t i = 0; i < x.size(); ++i) {
    const uint32_t word = philox(5, 9, 100 + i / 4)[i % 4];
    CHECK(x[i] == static_cast<float>(2 + 4 * ((word >> 8) * 0x1p-24)));
  }
}

TEST_CASE("seeds and streams give different numbers") {
  Generator a{.seed = 1}, b{.seed = 2}, c{.seed = 1, .stream = 1};
  const Tensor x = uniform({64}, 0, 1, a), y = uniform({64}, 0, 1, b), z = uniform({64}, 0, 1, c);
  CHECK_FALSE(same_bits(x, y));
  CHECK_FALSE(same_bits(x, z));
}

TEST_CASE("uniform numbers stay below the upper bound even where float32 rounds up to it") {
  Generator generator{.seed = 4};
  const double low = 1, high = 1 + 0x1p-22;  // float32 has 2 numbers in between
  const std::vector<double> x = uniform({100000}, low, high, generator).to_vector();
  CHECK(*std::min_element(x.begin(), x.end()) == low);
  CHECK(*std::max_element(x.begin(), x.end()) < high);
}

TEST_CASE("uniform and normal numbers have their mean, spread and shape") {
  constexpr int64_t kCount = 200000;
  Generator generator{.seed = 12};
  const auto moments = [](const Tensor& x) {
    std::array<double, 4> sums{};  // of the powers 1 … 4
    for (double value : x.to_vector())
      for (size_t power = 0; power < 4; ++power)
        sums[power] += std::pow(value, static_cast<double>(power + 1)) / kCount;
    return sums;
  };
  const auto u = moments(uniform({kCount}, -1, 1, generator));
  CHECK(u[0] == doctest::Approx(0).epsilon(0.01));
  CHECK(u[1] == doctest::Approx(1.0 / 3).epsilon(0.01));
  const auto n = moments(normal({kCount}, 0, 1, generator));
  CHECK(std::abs(n[0]) < 0.01);
  CHECK(n[1] == doctest::Approx(1).epsilon(0.02));
  CHECK(std::abs(n[2]) < 0.05);
  CHECK(n[3] == doctest::Approx(3).epsilon(0.05));
  const auto shifted = moments(normal({kCount}, 5, 0.5, generator));
  CHECK(shifted[0] == doctest::Approx(5).epsilon(0.01));
  CHECK(shifted[1] == doctest::Approx(25.25).epsilon(0.01));
}

TEST_CASE("single numbers and tensors come from the same stream") {
  Generator single{.seed = 3}, tensor{.seed = 3};
  CHECK(single.normal() == normal({1}, 0, 1, tensor, {.dtype = DType::float64}).item());
  CHECK(single.uniform() == uniform({1}, 0, 1, tensor, {.dtype = DType::float64}).item());
  CHECK(single == tensor);
}

TEST_CASE("integers reach both bounds and nothing beyond") {
  CHECK(rc::check([](uint64_t seed, int64_t low, uint8_t span) {
    Generator generator{.seed = seed};
    low = std::min(low, INT64_MAX - span);
    for (int i = 0; i < 20; ++i) {
      const int64_t value = generator.integer(low, low + span);
      RC_ASSERT(value >= low);
      RC_ASSERT(value <= low + span);
    }
  }));
  Generator generator{.seed = 1};
  std::array<int, 6> counts{};
  for (int i = 0; i < 6000; ++i) ++counts[static_cast<size_t>(generator.integer(0, 5))];
  for (int count : counts) CHECK(std::abs(count - 1000) < 150);
  CHECK_NOTHROW(generator.integer(INT64_MIN, INT64_MAX));
  CHECK(sentence_of<Error>([&] { generator.integer(2, 1); }) ==
        "integer: the lower bound 2 is above the upper bound 1");
}
