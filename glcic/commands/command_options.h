#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tensor/device.h"

namespace CLI {
class App;
}

/// What the subcommands of `glcic` share.
namespace kintsugi {

/// Where a command computes, how exactly, and with how many threads.
struct ComputeOptions {
  std::string device = "cpu";
  std::string precision = "tf32";
  int threads = 0;  ///< 0: one for each core
};
/// Adds --device cpu|cuda, --precision float32|tf32|bf16 and --threads N, which fill `options`; it
/// must outlive the program.
void add_compute_options(CLI::App& command, ComputeOptions& options);
/// Sets the precision and the number of threads. Throws Error for an unknown device or precision,
/// for a device that is not there, and for one that does not have the precision.
Device apply(const ComputeOptions& options);

/// Whether a command tells where its time went.
struct ProfileOptions {
  bool wanted = false;
  std::string trace;  ///< "": a file of the command's choice
};
/// Adds --profile [TRACE.json], which fills `options`; it must outlive the program.
void add_profile_option(CLI::App& command, ProfileOptions& options);
/// Does `work`, on `device`. Where a profile is wanted, then prints its tables to stdout and writes
/// the trace to options.trace, or to `default_trace`. Throws Error before any work where
/// options.trace cannot be written or is one of `inputs` (check_output).
void run_profiled(const ProfileOptions& options, Device device, const std::string& default_trace,
                  const std::vector<std::string>& inputs, const std::function<void()>& work);

/// True where the file's name ends in `extension` (".png"), no matter the case.
bool has_extension(const std::string& path, const std::string& extension);

/// A file that a command is about to write. Throws Error where its folder is missing, where it is
/// itself a folder, where its name ends in none of `extensions` (has_extension), or
/// where it is the same file as one of `inputs`, so that no input is ever written over.
void check_output(const std::string& path, const std::vector<std::string>& extensions,
                  const std::vector<std::string>& inputs);

}  // namespace kintsugi
