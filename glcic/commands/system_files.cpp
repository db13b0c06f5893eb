#include "glcic/commands/system_files.h"

#include "glcic/architecture.h"
#include "tensor/error.h"

namespace kintsugi {

std::vector<SystemFile> system_files(const std::string& weights,
                                     const std::vector<std::string>& also) {
  std::vector<SystemFile> files;
  if (!weights.empty()) files.emplace_back("", weights);
  for (const std::string& text : also) {
    const size_t equals = text.find('=');
    check(equals != std::string::npos && equals > 0 && equals + 1 < text.size(),
          "--also \"{}\" is not of the form NAME=WEIGHTS", text);
    files.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return files;
}

std::vector<std::string> paths_of(const std::vector<SystemFile>& files) {
  std::vector<std::string> paths;
  for (const auto& [name, path] : files) paths.push_back(path);
  return paths;
}

std::vector<NamedModel> read_systems(std::vector<SystemFile>& files, Device device) {
  std::vector<NamedModel> systems;
  for (auto& [name, path] : files) {
    Model model = read_weights(path, device);
    if (name.empty()) name = model.architecture->title;
    systems.push_back({name, std::move(model)});
  }
  return systems;
}

}  // namespace kintsugi
