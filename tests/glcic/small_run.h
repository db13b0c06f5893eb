#pragma once
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "glcic/trainer.h"
#include "tensor/io/file.h"
#include "tests/device.h"

namespace kintsugi {

/// Ten steps of a tiny network on drawn faces, on the device of the tests.
inline TrainOptions small_run(const std::string& folder, std::FILE* progress) {
  TrainOptions options;
  options.settings = {.size = 16, .width = 2, .batch = 2, .steps = {4, 2, 4}, .seed = 3};
  options.run = folder;
  options.progress = progress;
  options.device = test_device();
  return options;
}

/// Where progress goes that nobody reads.
struct Quiet {
  std::FILE* stream = std::fopen("/dev/null", "w");
  ~Quiet() { std::fclose(stream); }
};

inline std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The cells of a line of a CSV file.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::istringstream text(line);
  std::vector<std::string> cells;
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

}  // namespace kintsugi
