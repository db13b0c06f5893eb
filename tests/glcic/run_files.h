#pragma once
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {

/// So many pictures of 24 × 20 into a folder, all different; those of whose number `damaged` is
/// true are cut short.
template <class Damaged>
void write_pictures(const std::string& folder, int count, Damaged&& damaged) {
  std::filesystem::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    Tensor picture = Tensor::empty({20, 24, 3});
    for (int64_t k = 0; k < picture.numel(); ++k)
      picture.data<float>()[k] = static_cast<float>(k * (i + 3) % 97) / 96.0f;
    const std::string path = fmt::format("{}/{:02}.png", folder, i);
    write_png(path, picture);
    if (damaged(i)) std::filesystem::resize_file(path, std::filesystem::file_size(path) - 20);
  }
}
inline void write_pictures(const std::string& folder, int count) {
  write_pictures(folder, count, [](int) { return false; });
}

/// metrics.csv without the columns that hold times: what two runs of the same settings share.
inline std::string metrics_without_clock(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<std::string> header;
  std::string text;
  for (std::string line; std::getline(lines, line); text += '\n') {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (header.empty()) header = row;
    for (size_t i = 0; i < row.size(); ++i)
      if (header[i].find("second") == std::string::npos) text += row[i] + ",";
  }
  return text;
}

/// A checkpoint but for the time it took: each tensor's bits, by name, and settings and position.
inline std::string bits_of(const std::string& path) {
  SafeTensors file = read_safetensors(path);
  file.metadata.erase("seconds");
  const FormattedSafeTensors bits = format_safetensors(file, path);
  std::string joined;
  for (const std::string_view part : bits.parts()) joined += part;
  return joined;
}

}  // namespace kintsugi
