#include "glcic/inspection/picture_folder.h"

#include <fmt/core.h>

#include "glcic/html.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"

namespace kintsugi {

std::string listed(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

std::string PictureFolder::add(const std::string& name, const Tensor& picture) {
  const std::string file = fmt::format("{}/{}.png", folder_, name);
  write_png(file, picture);
  return picture_address("png", read_file(file));
}

std::string PictureFolder::img(const std::string& address, const std::string& alt) {
  return fmt::format("<img alt=\"{}\" src=\"{}\">", html_text(alt), address);
}

std::string PictureFolder::figure(const std::string& name, const Tensor& picture,
                                  const std::string& alt, const std::string& caption) {
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                     img(add(name, picture), alt), caption);
}

}  // namespace kintsugi
