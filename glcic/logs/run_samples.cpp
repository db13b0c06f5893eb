#include "glcic/logs/run_samples.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/png_file.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"

namespace kintsugi {
namespace {

constexpr int64_t kMostSheets = 12;
constexpr int64_t kFullSide = 160;  // of pictures of which so many sheets are shown
constexpr int64_t kRows = 3;        // of a sheet: original, masked, completed
constexpr int kQuality = 90;

/// The steps of the sheets in the folder, ascending.
std::vector<int64_t> sheet_steps(const std::string& folder, int64_t last_step) {
  std::vector<int64_t> steps;
  std::error_code fault;  // no folder: no sheets
  for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
    const std::string name = entry.path().filename().string();
    int64_t step = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
    if (error == std::errc() && std::strcmp(end, ".png") == 0 && step >= 0 && step <= last_step)
      steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

/// At most `count` ≥ 2 of them, evenly spread, the first and the last included.
std::vector<int64_t> spread(const std::vector<int64_t>& steps, size_t count) {
  if (steps.size() <= count) return steps;
  std::vector<int64_t> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(steps[i * (steps.size() - 1) / (count - 1)]);
  return chosen;
}

size_t sheets_shown(int64_t size) {
  return static_cast<size_t>(
      std::clamp(kMostSheets * kFullSide * kFullSide / (size * size), int64_t{3}, kMostSheets));
}

Raster cropped(const Raster& sheet, int64_t x, int64_t y, int64_t size) {
  Raster picture = Raster::sized(size, size, sheet.channels, sheet.depth);
  const auto start = static_cast<size_t>(x * sheet.channels * sheet.depth / 8);
  for (int64_t row = 0; row < size; ++row)
    std::memcpy(picture.row(row), sheet.row(y + row) + start, picture.row_bytes());
  return picture;
}

PictureRow row_of(const Raster& sheet, int64_t row, int64_t size, const std::string& path) {
  const int64_t gap = (sheet.height - kRows * size) / (kRows + 1);
  PictureRow pictures;
  for (int64_t x = gap; x + size <= sheet.width; x += size + gap)
    pictures.push_back(encode_jpeg(
        {.raster = cropped(sheet, x, gap + row * (size + gap), size), .segments = {}, .bytes = {}},
        {}, kQuality, path));
  return pictures;
}

Raster read_sheet(const std::string& path, int64_t size) {
  Raster sheet = decode_png(read_file(path), path, kMaxImagePixels).raster;
  check(
      sheet.height >= kRows * size && sheet.width >= size && sheet.depth == 8 && !sheet.has_alpha(),
      "{}: {} x {} pixels are no sheet of pictures of {}", path, sheet.width, sheet.height, size);
  return sheet;
}

}  // namespace

RunSamples read_run_samples(const std::string& run, int64_t size, int64_t last_step) {
  const std::string folder = run + "/samples";
  std::vector<int64_t> steps = spread(sheet_steps(folder, last_step), sheets_shown(size));
  std::reverse(steps.begin(), steps.end());
  RunSamples samples;
  for (const int64_t step : steps) try {
      const std::string path = fmt::format("{}/{:07}.png", folder, step);
      const Raster sheet = read_sheet(path, size);
      if (samples.originals.empty()) {
        samples.originals = row_of(sheet, 0, size, path);
        samples.masked = row_of(sheet, 1, size, path);
      }
      samples.completed.push_back({step, row_of(sheet, 2, size, path)});
    } catch (const Error&) {  // without that one, then
    }
  return samples;
}

}  // namespace kintsugi
