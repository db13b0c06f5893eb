#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "glcic/picture_metrics.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"
#include "tensor/random.h"

using namespace kintsugi;

namespace {

/// One case of tests/reference/ssim.safetensors, made by scikit-image.
struct Reference {
  Tensor original, completed, mask, ssim_map;
  std::vector<double> picture, hole;  // L1, L2, PSNR, SSIM
};

Reference reference(const std::string& name) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../reference/ssim.safetensors";
  const auto tensors = read_safetensors(file.string()).tensors;
  const auto entry = [&](const std::string& key) { return tensors.at(name + "." + key); };
  return {entry("original"), entry("completed"),           entry("mask"),
          entry("ssim_map"), entry("picture").to_vector(), entry("hole").to_vector()};
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0.0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

std::vector<double> over_hole(const Figures& figures) {
  return {figures[Figure::hole_l1], figures[Figure::hole_l2], figures[Figure::hole_psnr],
          figures[Figure::hole_ssim]};
}

std::vector<double> over_picture(const Figures& figures) {
  return {figures[Figure::picture_l1], figures[Figure::picture_l2], figures[Figure::picture_psnr],
          figures[Figure::picture_ssim]};
}

}  // namespace

TEST_CASE("L1, L2, PSNR and SSIM are those of scikit-image, over the hole and over the picture") {
  for (const char* name : {"noise", "flat"}) {
    INFO(name);
    const Reference expected = reference(name);
    const Figures figures = measure(expected.completed, expected.original, expected.mask);
    CHECK(largest_difference(over_picture(figures), expected.picture) < 1e-9);
    CHECK(largest_difference(over_hole(figures), expected.hole) < 1e-9);
  }
}

TEST_CASE("the map of SSIM is scikit-image's at every pixel, border and corners included") {
  for (const char* name : {"noise", "flat"}) {
    INFO(name);
    const Reference expected = reference(name);
    const Tensor map = ssim_map(expected.completed, expected.original);
    CHECK(map.shape() == expected.ssim_map.shape());
    CHECK(largest_difference(map.to_vector(), expected.ssim_map.to_vector()) < 1e-10);
  }
}

TEST_CASE("SSIM is symmetric, 1 for equal pictures, and under 1 for others") {
  Generator generator{.seed = 5};
  const Tensor a = uniform({11, 14, 3}, 0, 1, generator), b = uniform({11, 14, 3}, 0, 1, generator);
  const std::vector<double> same = ssim_map(a, a).to_vector(), ab = ssim_map(a, b).to_vector();
  CHECK(largest_difference(same, std::vector<double>(same.size(), 1.0)) < 1e-12);
  CHECK(largest_difference(ab, ssim_map(b, a).to_vector()) < 1e-12);
  CHECK(*std::max_element(ab.begin(), ab.end()) < 0.9);
}

TEST_CASE("pictures that agree have an error of 0, 100 dB and an SSIM of 1") {
  Generator generator{.seed = 6};
  const Tensor a = uniform({16, 12, 3}, 0, 1, generator), mask = Tensor::full({16, 12, 1}, 1.0);
  const Figures figures = measure(a, a, mask);
  CHECK(largest_difference(over_hole(figures), {0, 0, 100, 1}) < 1e-12);
  CHECK(largest_difference(over_picture(figures), {0, 0, 100, 1}) < 1e-12);
}

TEST_CASE("hole PSNR and L1 look at the hole alone, over its pixels and channels") {
  const Tensor a = Tensor::zeros({2, 2, 3});
  const Tensor b = Tensor::from({9, 9, 9, 0.1, 0.1, 0.4, 0, 0, 0, 9, 9, 9}, {2, 2, 3});
  const Tensor mask = Tensor::from({0, 1, 1, 0}, {2, 2, 1});
  // (0.01 + 0.01 + 0.16) / 6 and (0.1 + 0.1 + 0.4) / 6
  CHECK(hole_psnr(a, b, mask) == doctest::Approx(-10 * std::log10(0.03)).epsilon(1e-6));
  CHECK(hole_l1(a, b, mask) == doctest::Approx(0.1).epsilon(1e-6));
}

TEST_CASE("pictures and masks that do not fit, and empty masks, are refused") {
  const Tensor picture = Tensor::zeros({12, 12, 3}), small = Tensor::zeros({12, 10, 3});
  const Tensor mask = Tensor::full({12, 12, 1}, 1.0);
  CHECK_THROWS_AS(measure(picture, picture, Tensor::zeros({12, 12, 1})), Error);
  CHECK_THROWS_AS(measure(picture, picture, Tensor::full({12, 11, 1}, 1.0)), ShapeError);
  CHECK_THROWS_AS(measure(picture, small, mask), ShapeError);
  CHECK_THROWS_AS(ssim_map(small, small), ShapeError);
  CHECK_THROWS_AS(ssim_map(picture, small), ShapeError);
  CHECK_THROWS_AS(hole_psnr(picture, picture, Tensor::zeros({12, 12, 1})), Error);
  CHECK_THROWS_AS(hole_l1(picture, picture, Tensor::zeros({12, 13, 1})), ShapeError);
}

TEST_CASE("a picture under SSIM's window has no SSIM, but the other figures") {
  const Tensor picture = Tensor::zeros({12, 8, 3});
  const Figures figures = measure(picture, picture, Tensor::full({12, 8, 1}, 1.0));
  CHECK(std::isnan(figures[Figure::hole_ssim]));
  CHECK(std::isnan(figures[Figure::picture_ssim]));
  CHECK(figures[Figure::hole_psnr] == 100.0);
}

TEST_CASE("every figure has a key, a title and a meaning of its own") {
  std::set<std::string> keys, titles, meanings;
  for (const Figure figure : kFigures) {
    keys.insert(figure_info(figure).key);
    titles.insert(figure_info(figure).title);
    meanings.insert(figure_info(figure).meaning);
  }
  CHECK(keys.size() == kFigures.size());
  CHECK(titles.size() == kFigures.size());
  CHECK(meanings.size() == kFigures.size());
}
