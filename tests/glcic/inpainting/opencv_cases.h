#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/io/safetensors.h"
#include "tensor/ops.h"

namespace kintsugi {

/// What OpenCV makes of drawn pictures: tests/reference/inpainting.safetensors, written by
/// inpainting.py there. Each case has NAME.picture, NAME.mask, NAME.telea3 and so on.
class OpencvCases {
 public:
  std::vector<std::string> names() const { return {"inside", "border", "two", "disc"}; }
  /// Those that have NAME.source and NAME.cloned.
  std::vector<std::string> cloned() const { return {"inside", "two", "disc"}; }

  /// [48, 48, 3] in float32, in [0, 1].
  Tensor picture(const std::string& name) const {
    return ops::affine(file_.tensors.at(name).to(DType::float32), 1.0 / 255.0, 0.0);
  }
  /// [48, 48, 1], 1 = hole.
  Tensor mask(const std::string& name) const {
    return file_.tensors.at(name + ".mask").to(DType::float32);
  }

 private:
  static std::string path() {
    const auto tests = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
    return (tests / "reference" / "inpainting.safetensors").string();
  }

  SafeTensors file_ = read_safetensors(path());
};

}  // namespace kintsugi
