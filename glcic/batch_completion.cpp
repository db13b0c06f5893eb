#include "glcic/batch_completion.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "tensor/error.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kMaskEnding = "_mask";

bool is_picture(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// By name.
std::vector<fs::path> pictures_in(const std::string& folder) {
  std::error_code fault;
  fs::directory_iterator files(folder, fault);
  check(!fault, "cannot read the folder {}: {}", folder, fault.message());
  std::vector<fs::path> pictures;
  for (const fs::directory_entry& file : files)
    if (file.is_regular_file(fault) && is_picture(file.path())) pictures.push_back(file.path());
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

bool are_same(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return fs::equivalent(a, b, ignored);
}

/// The pictures of a folder by their stems.
using ByStem = std::map<std::string, std::string>;

ByStem by_stem(const std::vector<fs::path>& pictures) {
  ByStem stems;
  for (const fs::path& picture : pictures) stems.emplace(picture.stem(), picture);
  return stems;
}

std::string find(const ByStem& stems, const std::string& stem) {
  const auto found = stems.find(stem);
  return found != stems.end() ? found->second : "";
}

/// Whether this is "STEM_mask" beside a picture "STEM".
bool is_mask_beside(const fs::path& picture, const ByStem& stems) {
  const std::string stem = picture.stem();
  return stem.ends_with(kMaskEnding) &&
         stems.contains(stem.substr(0, stem.size() - kMaskEnding.size()));
}

Json to_json(const Hole& window) {
  return {{"x", window.x}, {"y", window.y}, {"width", window.width}, {"height", window.height}};
}

Json to_json(const PictureRecord& record) {
  Json windows = Json::array();
  for (const Hole& window : record.windows) windows.push_back(to_json(window));
  Json json{{"input", record.input},   {"mask", record.mask},
            {"output", record.output}, {"hole_pixels", record.hole_pixels},
            {"windows", windows},      {"seconds", record.seconds},
            {"error", nullptr}};
  if (!record.error.empty()) json["error"] = record.error;
  return json;
}

}  // namespace

std::vector<BatchEntry> batch_entries(const std::string& images, const std::string& masks,
                                      const std::string& outputs) {
  for (const std::string& folder : {images, masks})
    check(folder.empty() || !are_same(folder, outputs),
          "cannot write into {}: it is the folder of inputs, which would be written over", outputs);
  const std::vector<fs::path> pictures = pictures_in(images);
  std::error_code ignored;
  const bool is_folder = fs::is_directory(masks, ignored);
  const bool is_shared = is_folder && are_same(images, masks);
  const ByStem mask_stems = is_folder ? by_stem(pictures_in(masks)) : ByStem{};

  std::vector<BatchEntry> entries;
  for (const fs::path& picture : pictures) {
    if (is_shared && is_mask_beside(picture, mask_stems)) continue;
    BatchEntry entry{.image = picture,
                     .mask = masks,
                     .output = (fs::path(outputs) / picture.filename()).string()};
    if (is_folder) {
      entry.mask = find(mask_stems, picture.stem().string() + std::string(kMaskEnding));
      if (entry.mask.empty() && !is_shared) entry.mask = find(mask_stems, picture.stem());
    }
    entries.push_back(std::move(entry));
  }
  check(!entries.empty(), "there is no picture (.png, .jpg or .jpeg) in the folder {}", images);
  return entries;
}

void make_output_folder(const std::string& path) {
  std::error_code fault;
  if (fs::is_directory(path, fault)) return;
  fs::create_directory(path, fault);
  check(!fault, "cannot make the folder {}: {}", path, fault.message());
}

std::string batch_report(const std::vector<PictureRecord>& records) {
  Json pictures = Json::array();
  for (const PictureRecord& record : records) pictures.push_back(to_json(record));
  const auto failed =
      std::count_if(records.begin(), records.end(),
                    [](const PictureRecord& record) { return !record.error.empty(); });
  const Json report{{"pictures", pictures}, {"failed", failed}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";  // any file names
}

}  // namespace kintsugi
