#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "glcic/mask.h"

/// Completing a folder of pictures, one after the other.
namespace kintsugi {

/// Files that belong together.
struct BatchEntry {
  std::string image;
  std::string mask;    ///< "" where there is none for this picture
  std::string output;  ///< in the output folder, under the picture's name
};

/// The pictures (.png, .jpg, .jpeg) of the folder `images` by name; its subfolders and other files
/// are passed over. `masks` is a folder, in which a picture's mask has the same stem or the stem
/// and "_mask"; or a file, the mask of all; or "". Where it is the folder of the pictures, only
/// "_mask" tells a mask, and is not itself a picture. Throws Error where there is no picture, or
/// where `outputs` is the folder of the pictures or masks.
std::vector<BatchEntry> batch_entries(const std::string& images, const std::string& masks,
                                      const std::string& outputs);

/// Makes the folder unless it is there. Throws Error where its parent is missing.
void make_output_folder(const std::string& path);

/// What became of one picture.
struct PictureRecord {
  std::string input, mask, output;  ///< mask: MaskSource::describe
  int64_t hole_pixels = 0;
  std::vector<Hole> windows{};  ///< that were worked on
  double seconds = 0;
  std::string error{};  ///< "" where there was none
};

/// As JSON: "pictures", each with its record, and "failed", their number.
std::string batch_report(const std::vector<PictureRecord>& records);

}  // namespace kintsugi
