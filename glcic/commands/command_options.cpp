#include "glcic/commands/command_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "layers/profile_report.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/io/chrome_trace.h"
#include "tensor/io/file.h"
#include "tensor/precision.h"
#include "tensor/profiler.h"

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

void report(const Profile& profile, const std::string& trace) {
  fmt::print("{}\n{}\n", op_table(profile), layer_table(profile));
  write_file_atomically(trace, chrome_trace(profile));
  fmt::print("{}: the same as a trace, for https://ui.perfetto.dev\n", trace);
  if (profile.spans_left_out > 0)
    fmt::print("It has the first {} spans; the {} after them are in the tables alone.\n",
               profile.spans.size(), profile.spans_left_out);
}

}  // namespace

void add_compute_options(CLI::App& command, ComputeOptions& options) {
  command.add_option("--device", options.device, "Where to compute: cpu or cuda")
      ->capture_default_str();
  command
      .add_option("--precision", options.precision,
                  "Of products on a GPU: float32, tf32 (rounded for its tensor cores), or bf16 "
                  "(training in half the memory); the CPU's are always in float32")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads of the CPU (default: one a core)")
      ->check(CLI::Range(1, 1024));
}

Device apply(const ComputeOptions& options) {
  const Device device = device_from_string(options.device);
  backend(device);  // throws where it is not there
  const Precision precision = precision_from_string(options.precision);
  check(precision != Precision::bf16 || device == Device::cuda,
        "precision bf16 is there on device cuda alone; device {} computes in float32",
        options.device);
  set_precision(precision);
  if (options.threads > 0) set_num_threads(options.threads);
  return device;
}

void add_profile_option(CLI::App& command, ProfileOptions& options) {
  command
      .add_option_function<std::string>(
          "--profile",
          [&options](const std::string& trace) { options = {.wanted = true, .trace = trace}; },
          "Print where the time goes, by op and by layer, and write it as a trace: .json")
      ->expected(0, 1)
      ->type_name("[TRACE.json]");
}

void run_profiled(const ProfileOptions& options, Device device, const std::string& default_trace,
                  const std::vector<std::string>& inputs, const std::function<void()>& work) {
  if (!options.wanted) return work();
  if (!options.trace.empty()) check_output(options.trace, {".json"}, inputs);
  Profiler profiler(device);
  work();
  report(profiler.finish(), options.trace.empty() ? default_trace : options.trace);
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
