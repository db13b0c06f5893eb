#include "tests/gradcheck/run_json.h"

#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "tensor/error.h"

namespace kintsugi::gradcheck_run {

using nlohmann::json;

namespace {

double rounded(double value) { return std::stod(fmt::format("{:.3g}", value)); }

}  // namespace

// What nlohmann's macros look for, by these names.
void to_json(json& j, const Numbers& numbers) {
  j = json::array();
  for (const double value : numbers.values)
    j.push_back(std::isfinite(value) ? json(rounded(value)) : json());
}
void from_json(const json& j, Numbers& numbers) {
  for (const json& value : j)
    numbers.values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                             : value.get<double>());
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InputMap, sample, place, input, shape, error, excluded, expected,
                                   got)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckResult, order, passed, skipped, samples, elements, worst,
                                   where, kinks_excluded, failure, inputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SampleInputText, shape, low, high, differentiable, zero_gradient)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SampleText, label, inputs, output)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StepSweep, place, elements, steps, float64, float32, truncation,
                                   rounding64, rounding32, kink_from)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeptTensor, what, shape, bytes, read_by)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeptMemory, place, tensors, extra_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Entry, kind, name, formula, derivative, reason, composed,
                                   differences_kink, kinks, samples, checks, steps, kept)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Run, device, backend, broken, tolerance, seconds, entries)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Attempt, mutation, applicable, reported, why_not, failure, map)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MutatedOp, name, attempts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MutationText, name, mistake, code, picture)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MutationRun, mutations, example, ops)

namespace {

constexpr const char* kRun = "kintsugi gradcheck run";
constexpr const char* kMutations = "kintsugi gradcheck mutations";

void write(const std::string& path, const char* format, const json& content) {
  std::ofstream file(path);
  file << json{{"format", format}, {"content", content}} << "\n";
  file.close();
  check(static_cast<bool>(file), "{}: cannot be written", path);
}

json parsed(const std::string& path) {
  std::ifstream file(path);
  check(static_cast<bool>(file), "{}: cannot be read", path);
  json j = json::parse(file, nullptr, /*allow_exceptions=*/false);
  const bool named = j.is_object() && j.contains("format") && j["format"].is_string();
  const std::string format = named ? j["format"].get<std::string>() : "";
  check(format == kRun || format == kMutations,
        "{}: not a file that gradcheck --json or --mutations wrote", path);
  return j;
}

template <class T>
T read(const std::string& path, const char* format, const char* option) {
  const json j = parsed(path);
  check(j["format"] == format, "{}: not a file that gradcheck {} wrote", path, option);
  try {
    return j.at("content").get<T>();
  } catch (const json::exception& error) {
    throw Error(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

void write_json(const std::string& path, const Run& run) {
  Run finite = run;  // JSON has no infinity
  for (Entry& entry : finite.entries)
    for (CheckResult& result : entry.checks)
      result.worst =
          std::isfinite(result.worst) ? result.worst : std::numeric_limits<double>::max();
  write(path, kRun, finite);
}
void write_json(const std::string& path, const MutationRun& run) { write(path, kMutations, run); }

bool holds_mutations(const std::string& path) { return parsed(path)["format"] == kMutations; }
Run read_run(const std::string& path) { return read<Run>(path, kRun, "--json"); }
MutationRun read_mutations(const std::string& path) {
  return read<MutationRun>(path, kMutations, "--mutations");
}

}  // namespace kintsugi::gradcheck_run
