#pragma once
#include <string>

#include "tests/gradcheck/run.h"

namespace kintsugi::gradcheck_run {

/// Numbers are rounded to three digits. Throws Error where the file cannot be written.
void write_json(const std::string& path, const Run& run);
void write_json(const std::string& path, const MutationRun& run);

/// True where the file holds a MutationRun. Throws Error where it is no file of gradcheck's.
bool holds_mutations(const std::string& path);
/// Throws Error, naming the file, where it is missing or holds something else.
Run read_run(const std::string& path);
MutationRun read_mutations(const std::string& path);

}  // namespace kintsugi::gradcheck_run
