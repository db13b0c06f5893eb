#pragma once
#include <string>
#include <vector>

#include "glcic/inspection/inspection.h"

namespace kintsugi {

/// What the page says of where everything came from.
struct InspectionSource {
  std::string network;             ///< what it is: "GLCIC completion network, width 32"
  std::string weights, image;      ///< names of the files
  std::string command;             ///< that made the page
  std::vector<std::string> notes;  ///< sentences on what is not shown, and why
};

/// Writes folder/index.html, which holds its pictures and charts in itself, and beside it the
/// pictures as PNG files. Throws Error where one of them cannot be written.
void write_inspection_page(const std::string& folder, const Inspection& inspection,
                           const InspectionSource& source);

}  // namespace kintsugi
