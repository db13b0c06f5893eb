// The matrices of Winograd's minimal filtering.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "tensor/cpu/winograd_matrices.h"
#include "tensor/random.h"

using namespace kintsugi;
using namespace kintsugi::cpu;

namespace {

/// body.operator()<m, r>() for every F(m, r) that there is.
template <class Body>
void for_every_filter(Body&& body) {
  body.template operator()<4, 3>();
  body.template operator()<2, 3>();
  body.template operator()<5, 2>();
  body.template operator()<3, 2>();
}

/// scale·matrix, which must be whole numbers (up to the rounding of 1/24).
template <size_t kRows, size_t kColumns>
std::array<std::array<int64_t, kColumns>, kRows> whole(const double (&matrix)[kRows][kColumns],
                                                       int64_t scale) {
  std::array<std::array<int64_t, kColumns>, kRows> result{};
  for (size_t i = 0; i < kRows; ++i)
    for (size_t j = 0; j < kColumns; ++j) {
      const double value = static_cast<double>(scale) * matrix[i][j];
      result[i][j] = std::llround(value);
      REQUIRE(std::abs(value - static_cast<double>(result[i][j])) < 1e-14);
    }
  return result;
}

template <size_t kRows, size_t kColumns>
std::array<int64_t, kRows> times(const std::array<std::array<int64_t, kColumns>, kRows>& matrix,
                                 const std::array<int64_t, kColumns>& x) {
  std::array<int64_t, kRows> y{};
  for (size_t i = 0; i < kRows; ++i)
    for (size_t j = 0; j < kColumns; ++j) y[i] += matrix[i][j] * x[j];
  return y;
}

/// Row j of G and of Bᵀ and column j of Aᵀ make product j. Any two may change their signs.
template <int kOutputs, int kTaps>
void check_up_to_signs(
    const std::array<std::array<double, kOutputs + kTaps - 1>, kOutputs>& a,
    const std::array<std::array<double, kTaps>, kOutputs + kTaps - 1>& g,
    const std::array<std::array<double, kOutputs + kTaps - 1>, kOutputs + kTaps - 1>& b) {
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  for (size_t j = 0; j < b.size(); ++j) {
    CAPTURE(j);
    bool equal_up_to_signs = false;
    for (const auto& [sign_a, sign_g, sign_b] : {std::array{1, 1, 1}, std::array{1, -1, -1},
                                                 std::array{-1, 1, -1}, std::array{-1, -1, 1}}) {
      bool equal = true;
      for (size_t i = 0; i < a.size(); ++i) equal &= kMatrices.a[i][j] == sign_a * a[i][j];
      for (size_t k = 0; k < g[j].size(); ++k)
        equal &= std::abs(kMatrices.g[j][k] - sign_g * g[j][k]) < 1e-16;
      for (size_t l = 0; l < b.size(); ++l) equal &= kMatrices.b[j][l] == sign_b * b[j][l];
      equal_up_to_signs |= equal;
    }
    CHECK(equal_up_to_signs);
  }
}

}  // namespace

TEST_CASE("Winograd's matrices filter exactly: Aᵀ [(G g) ⊙ (Bᵀ d)] = Σ_k g_k·d_{i+k}") {
  Generator generator{.seed = 1};
  for_every_filter([&]<int kOutputs, int kTaps>() {
    CAPTURE(kOutputs);
    CAPTURE(kTaps);
    constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
    constexpr int64_t kDenominator = 24;  // of everything in G
    const auto a = whole(kMatrices.a, 1), b = whole(kMatrices.b, 1);
    const auto g = whole(kMatrices.g, kDenominator);
    for (int sample = 0; sample < 20; ++sample) {
      std::array<int64_t, kTaps> filter{};
      std::array<int64_t, kOutputs + kTaps - 1> d{};
      for (int64_t& x : filter) x = generator.integer(-1000, 1000);
      for (int64_t& x : d) x = generator.integer(-1000, 1000);
      auto products = times(g, filter);
      const auto transformed = times(b, d);
      for (size_t j = 0; j < products.size(); ++j) products[j] *= transformed[j];
      const auto y = times(a, products);
      for (size_t i = 0; i < y.size(); ++i) {
        int64_t expected = 0;
        for (size_t k = 0; k < filter.size(); ++k) expected += filter[k] * d[i + k];
        CHECK(y[i] == kDenominator * expected);
      }
    }
  });
}

TEST_CASE("F(2, 3) and F(4, 3) are Lavin & Gray's, up to the signs of rows") {
  check_up_to_signs<2, 3>({{{1, 1, 1, 0}, {0, 1, -1, -1}}},
                          {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}},
                          {{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}});
  check_up_to_signs<4, 3>(
      {{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}},
      {{{1. / 4, 0, 0},
        {-1. / 6, -1. / 6, -1. / 6},
        {-1. / 6, 1. / 6, -1. / 6},
        {1. / 24, 1. / 12, 1. / 6},
        {1. / 24, -1. / 12, 1. / 6},
        {0, 0, 1}}},
      {{{4, 0, -5, 0, 1, 0},
        {0, -4, -4, 1, 1, 0},
        {0, 4, -4, -1, 1, 0},
        {0, -2, -1, 2, 1, 0},
        {0, 2, -1, -2, 1, 0},
        {0, 4, 0, -5, 0, 1}}});
}

TEST_CASE(
    "tiles of F(4, 3) and F(5, 2), and of F(2, 3) and F(3, 2), transform their inputs alike") {
  for (size_t i = 0; i < 6; ++i)
    for (size_t j = 0; j < 6; ++j) CHECK(kWinograd<4, 3>.b[i][j] == kWinograd<5, 2>.b[i][j]);
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) CHECK(kWinograd<2, 3>.b[i][j] == kWinograd<3, 2>.b[i][j]);
}

TEST_CASE("a transform is M X Mᵀ") {
  constexpr auto& kMatrix = kWinograd<4, 3>.g;  // [6, 3]
  const double x[9] = {3, -1, 4, 1, -5, 9, -2, 6, 5};
  double y[36];
  transform<double>(kMatrix, x, y);
  for (size_t i = 0; i < 6; ++i)
    for (size_t j = 0; j < 6; ++j) {
      double expected = 0;
      for (size_t k = 0; k < 3; ++k)
        for (size_t l = 0; l < 3; ++l) expected += kMatrix[i][k] * x[k * 3 + l] * kMatrix[j][l];
      CHECK(y[i * 6 + j] == doctest::Approx(expected).epsilon(1e-14));
    }
}
