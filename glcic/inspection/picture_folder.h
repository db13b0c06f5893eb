#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// "2, 4, 8, 16"
std::string listed(const std::vector<int64_t>& numbers);

/// Pictures that stand in a page, and beside it as files.
class PictureFolder {
 public:
  explicit PictureFolder(std::string folder) : folder_(std::move(folder)) {}

  /// Writes folder/NAME.png, picture [H, W, 3], and returns it as a data: address. Throws Error
  /// where it cannot be written.
  std::string add(const std::string& name, const Tensor& picture);
  /// Such an address as an <img>, `alt` says what is to be seen.
  static std::string img(const std::string& address, const std::string& alt);
  /// Both, in a <figure> with a caption (HTML).
  std::string figure(const std::string& name, const Tensor& picture, const std::string& alt,
                     const std::string& caption);

 private:
  std::string folder_;
};

}  // namespace kintsugi
