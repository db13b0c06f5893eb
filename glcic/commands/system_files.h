#pragma once
#include <string>
#include <utility>
#include <vector>

#include "glcic/evaluation.h"
#include "tensor/device.h"

namespace kintsugi {

/// A learned system's name in tables, and the file with its weights.
using SystemFile = std::pair<std::string, std::string>;

/// `weights` first (passed over where ""), still without a name; then each of `also`, given as
/// NAME=WEIGHTS. Throws Error for another form.
std::vector<SystemFile> system_files(const std::string& weights,
                                     const std::vector<std::string>& also);
/// Their paths.
std::vector<std::string> paths_of(const std::vector<SystemFile>& files);
/// Reads them all; one without a name gets its architecture's.
std::vector<NamedModel> read_systems(std::vector<SystemFile>& files, Device device);

}  // namespace kintsugi
