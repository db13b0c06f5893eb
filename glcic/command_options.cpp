#include "glcic/command_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return true;
  const fs::path first = fs::weakly_canonical(a, ignored);
  return !first.empty() && first == fs::weakly_canonical(b, ignored);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

}  // namespace

void add_compute_options(CLI::App& command, ComputeOptions& options) {
  command.add_option("--device", options.device, "Where to compute: cpu or cuda")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads of the CPU (default: one a core)")
      ->check(CLI::Range(1, 1024));
}

Device apply(const ComputeOptions& options) {
  if (options.threads > 0) set_num_threads(options.threads);
  return device_from_string(options.device);
}

bool has_extension(const std::string& path, const std::string& extension) {
  std::string ending = fs::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == extension;
}

void check_output(const std::string& path, const std::vector<std::string>& extensions,
                  const std::vector<std::string>& inputs) {
  check(std::any_of(extensions.begin(), extensions.end(),
                    [&](const std::string& extension) { return has_extension(path, extension); }),
        "cannot write {}: its name must end in {}", path, joined(extensions));
  std::error_code ignored;
  check(!fs::is_directory(path, ignored), "cannot write {}: it is a folder", path);
  const fs::path folder = fs::path(path).parent_path();
  check(folder.empty() || fs::is_directory(folder, ignored),
        "cannot write {}: there is no folder {}", path, folder.string());
  for (const std::string& input : inputs)
    check(!is_same_file(path, input), "cannot write {}: it is an input, and would be written over",
          path);
}

}  // namespace kintsugi
