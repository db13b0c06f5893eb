#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/io/safetensors.h"
#include "tensor/ops.h"
#include "tests/device.h"

namespace kintsugi {

/// One case of a file that tests/reference/generate.py made with PyTorch, on the test device. Maps
/// and weights come in PyTorch's layout; the functions below turn them into ours.
class ReferenceCase {
 public:
  ReferenceCase(const std::string& file, std::string name) : name_(std::move(name)) {
    const auto folder = std::filesystem::path(__FILE__).parent_path() / "reference";
    contents_ = read_safetensors((folder / (file + ".safetensors")).string());
  }
  Tensor operator[](const std::string& tensor) const {
    return contents_.tensors.at(name_ + "." + tensor).to(test_device());
  }
  double option(size_t index) const { return (*this)["options"].to_vector().at(index); }
  int64_t integer(size_t index) const { return static_cast<int64_t>(option(index)); }

 private:
  std::string name_;
  SafeTensors contents_;
};

/// How a tensor of PyTorch's is laid out here.
using Layout = Tensor (*)(const Tensor&);
inline Tensor as_is(const Tensor& x) { return x; }
/// [N, C, H, W] → [N, H, W, C]
inline Tensor map_layout(const Tensor& x) { return ops::permute(x, {0, 2, 3, 1}); }
/// [out, in, kh, kw] → [kh, kw, in, out], and [in, out, kh, kw] → [kh, kw, out, in]
inline Tensor kernel_layout(const Tensor& x) { return ops::permute(x, {2, 3, 1, 0}); }

/// The largest |a − b|, relative to the largest |b| or 1; infinite where the shapes differ.
inline double difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return INFINITY;
  const std::vector<double> left = a.to_vector(), right = b.to_vector();
  double worst = 0, scale = 1;
  for (size_t i = 0; i < left.size(); ++i) {
    const double distance = std::abs(left[i] - right[i]);
    worst = std::max(worst, std::isnan(distance) ? INFINITY : distance);
    scale = std::max(scale, std::abs(right[i]));
  }
  return worst / scale;
}

}  // namespace kintsugi
