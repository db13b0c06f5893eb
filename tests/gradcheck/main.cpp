#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/registry.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tests/device.h"
#include "tests/gradcheck/collect.h"
#include "tests/gradcheck/mutation_run.h"
#include "tests/gradcheck/run_json.h"

namespace {

using namespace kintsugi;

constexpr const char* kAbout =
    R"(Compares the gradient of every op and layer with numerical derivatives, in float64.

For each one: the order (1: the gradient, 2: the gradient of the gradient), the number of samples,
the number of gradient elements compared, the largest relative error among them and its place,
how many elements were drawn again or left out because a kink (as that of ReLU at 0) was too near,
and the verdict: ok, FAILED, or "declared none" where an op says that it has no second derivative.
autograd/gradcheck.h says what exactly is compared, and how errors are measured.

DEVICE in the environment says where the gradients are computed: cpu (the default), cuda, or
emulated in a program that has the emulator. The numerical derivatives are always the CPU's.

--json writes the whole comparison to a file, element by element, with GLCIC's networks layer by
layer; --mutations what the check says of every op when its backward is broken on purpose.
gradcheck_report makes pages of such files. --break breaks every backward in one of these ways.

Exit status: 0 all passed, 1 a check failed, 2 bad arguments.)";

/// Levenshtein's distance.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(letter));
  return text;
}

/// Those that contain the name first, then by edit distance.
std::string nearest_names(const std::vector<OpInfo>& all, const std::string& name) {
  auto distance = [&](const std::string& other) {
    bool contains = lower_case(other).find(lower_case(name)) != std::string::npos;
    return std::pair(!contains, edit_distance(lower_case(other), lower_case(name)));
  };
  std::vector<std::string> names;
  for (const OpInfo& info : all) names.push_back(info.name);
  std::stable_sort(names.begin(), names.end(),
                   [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  names.resize(std::min<size_t>(names.size(), 3));
  std::string nearest;
  for (const std::string& near : names) nearest += (nearest.empty() ? "" : ", ") + near;
  return nearest;
}

/// All of them, or the one of that name.
std::vector<OpInfo> chosen(const char* kind, const std::vector<OpInfo>& all,
                           const std::string& name) {
  if (name.empty()) return all;
  for (const OpInfo& info : all)
    if (info.name == name) return {info};
  throw Error(all.empty() ? fmt::format("there is no {} at all", kind)
                          : fmt::format("there is no {} called {}; near to it are: {}", kind, name,
                                        nearest_names(all, name)));
}

struct Totals {
  int checks = 0, failed = 0, declared_none = 0;
  int64_t elements = 0, kinks = 0;
  double worst = 0;
};

void print_heading(const char* kind) {
  fmt::print("{:<28} order  samples  elements  worst error  kinks  verdict        where\n", kind);
}

void print_line(const GradcheckReport& report) {
  const char* verdict = report.skipped ? "declared none" : report.passed ? "ok" : "FAILED";
  if (report.skipped)
    fmt::print("{:<28} {:>5}  {:>7}  {:>8}  {:>11}  {:>5}  {}\n", report.name, report.order, "-",
               "-", "-", "-", verdict);
  else
    fmt::print("{:<28} {:>5}  {:>7}  {:>8}  {:>11.1e}  {:>5}  {:<13}  {}\n", report.name,
               report.order, report.samples, report.elements, report.worst, report.kinks_excluded,
               verdict, report.where);
  if (!report.passed) fmt::print("  {}\n", report.failure);
  std::fflush(stdout);
}

void check_all(const char* kind, const std::vector<OpInfo>& infos, const std::vector<int>& orders,
               Device device, Totals& totals) {
  if (infos.empty()) return;
  print_heading(kind);
  for (const OpInfo& info : infos)
    for (int order : orders) {
      GradcheckReport report = gradcheck(info, {.order = order, .device = device});
      print_line(report);
      totals.checks += report.skipped ? 0 : 1;
      totals.declared_none += report.skipped ? 1 : 0;
      totals.failed += report.passed ? 0 : 1;
      totals.elements += report.elements;
      totals.kinks += report.kinks_excluded;
      totals.worst = std::max(totals.worst, report.worst);
    }
}

/// Where what was checked goes beside the terminal.
struct Files {
  std::string json, mutations;
};

/// The device's name in a report: "emulated" for CUDA's kernels on the CPU.
std::string device_title(Device device) {
  return device == Device::cpu ? "cpu" : cuda_is_emulated() ? "emulated" : "cuda";
}

void write_run(const std::string& path, const std::vector<OpInfo>& ops,
               const std::vector<OpInfo>& layers, const std::vector<OpInfo>& networks,
               const std::vector<int>& orders, Device device, const std::string& broken_by) {
  auto start = std::chrono::steady_clock::now();
  gradcheck_run::Run run{.device = device_title(device),
                         .backend = backend(device).name(),
                         .broken = broken_by,
                         .tolerance = GradcheckOptions().tolerance};
  const auto append = [&](const char* kind, const std::vector<OpInfo>& infos) {
    for (const OpInfo& info : infos) run.entries.push_back(collect(kind, info, orders, device));
  };
  append("op", ops);
  append("layer", layers);
  append("network", networks);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  gradcheck_run::write_json(path, run);
  fmt::print("{}: {} ops, {} layers, {} layers of GLCIC's networks; {:.1f} s\n", path, ops.size(),
             layers.size(), networks.size(), run.seconds);
}

void write_mutations(const std::string& path, const std::vector<OpInfo>& ops) {
  const gradcheck_run::MutationRun run = run_mutations(ops);
  gradcheck_run::write_json(path, run);
  int applicable = 0, reported = 0;
  for (const auto& op : run.ops)
    for (const auto& attempt : op.attempts) {
      applicable += attempt.applicable;
      reported += attempt.reported;
    }
  fmt::print("{}: {} broken gradients, {} of them reported\n", path, applicable, reported);
}

/// All of them with every gradient broken.
std::vector<OpInfo> all_broken(const std::vector<OpInfo>& infos, const std::string& mutation,
                               MutationEffect& effect) {
  std::vector<OpInfo> result;
  for (const OpInfo& info : infos)
    result.push_back(broken(info, mutation_called(mutation), std::nullopt, effect));
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "gradcheck");
  std::string op, layer, break_by;
  Files files;
  int order = 0;
  app.add_option("--op", op, "Check this op alone");
  app.add_option("--layer", layer, "Check this layer alone");
  app.add_option("--order", order, "Check this order alone (both otherwise)")
      ->check(CLI::IsMember({1, 2}));
  app.add_option("--json", files.json, "Write the whole comparison to this file");
  app.add_option("--mutations", files.mutations, "Write what the check says of broken ops");
  app.add_option("--break", break_by, "Break every backward in this way (\"wrong stride\")");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    fmt::print(stderr, "gradcheck: {}\n", error.what());
    return 2;
  }
  try {
    bool everything = op.empty() && layer.empty();
    std::vector<OpInfo> ops, layers;
    if (everything || !op.empty()) ops = chosen("op", registered_ops(), op);
    if (everything || !layer.empty()) layers = chosen("layer", registered_layers(), layer);
    std::vector<int> orders = order == 0 ? std::vector<int>{1, 2} : std::vector<int>{order};
    const Device device = test_device();
    set_num_threads(1);  // samples are too small to share
    MutationEffect effect;
    const std::vector<OpInfo> right_ops = ops, right_layers = layers;
    if (!break_by.empty()) {
      ops = all_broken(right_ops, break_by, effect);
      layers = all_broken(right_layers, break_by, effect);
    }
    if (!files.mutations.empty()) write_mutations(files.mutations, right_ops);
    if (!files.json.empty())
      write_run(files.json, ops, layers, everything ? glcic_layers() : std::vector<OpInfo>{},
                orders, device, break_by);
    if (!files.mutations.empty() || !files.json.empty()) return 0;
    auto start = std::chrono::steady_clock::now();
    Totals totals;
    check_all("op", ops, orders, device, totals);
    check_all("layer", layers, orders, device, totals);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    fmt::print(
        "{}: {} ops, {} layers: {} checks passed, {} failed, {} declared none; {} elements, worst "
        "relative error {:.1e}, {} kinks excluded; {:.1f} s\n",
        backend(device).name(), ops.size(), layers.size(), totals.checks - totals.failed,
        totals.failed, totals.declared_none, totals.elements, totals.worst, totals.kinks,
        seconds.count());
    return totals.failed == 0 ? 0 : 1;
  } catch (const Error& error) {
    fmt::print(stderr, "gradcheck: {}\n", error.what());
    return 2;
  }
}
