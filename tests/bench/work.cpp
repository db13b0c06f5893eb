// Does pieces of work on request, for `make bench-pytorch`: bench_work --help; the requests are in
// tests/bench/request.h.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <string>

#include "glcic/commands/command_options.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/precision.h"
#include "tensor/profiler.h"
#include "tensor/storage.h"
#include "tests/bench/network_work.h"
#include "tests/bench/request.h"

namespace kintsugi::bench {
namespace {

/// Every run ends when the device has done it.
Work make_work(const Request& request, Device device) {
  if (request.kind == "complete")
    return completion_work(request.size, request.batch, request.width, device);
  if (request.kind == "train")
    return training_work(request.size, request.batch, request.width, device);
  return [run = layer_work(request.layer, request.pass, false, device), device] {
    run();
    backend(device).synchronize();
  };
}

/// The most bytes that this process had in memory. (getrusage's figure begins with that of the
/// process which started this one.)
size_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  throw Error("bench: /proc/self/status has no VmHWM");
}

/// Twice, since the first training step makes what the second finds.
void print_memory(const std::string& line, Device device) {
  const Work work = make_work(parse_request(line), device);
  work();
  work();
  fmt::print("{} {}\n", peak_resident_bytes(), memory_statistics(device).peak);
}

void print_operations(const std::string& line, Device device) {
  const Work work = make_work(parse_request(line), device);
  Profiler profiler(device);
  work();
  OpCost cost;
  for (const OpTotals& op : profiler.finish().ops) {
    cost.operations += op.cost.operations;
    cost.bytes += op.cost.bytes;
  }
  fmt::print("{} {}\n", cost.operations, cost.bytes);
}

std::string side_name(Device device) {
  const std::string where = device == Device::cpu
                                ? fmt::format("{} threads", num_threads())
                                : backend(device).name() + ", " + to_string(precision());
  return fmt::format("Kintsugi {}, {}", KINTSUGI_VERSION, where);
}

void run(int count, char** arguments) {
  CLI::App program{"Reads requests, a line each, and answers with the median seconds of a run"};
  ComputeOptions compute;
  std::string memory, operations;
  add_compute_options(program, compute);
  program.add_option("--memory", memory,
                     "do this piece of work, print the most bytes in memory and in tensors");
  program.add_option("--operations", operations,
                     "do this piece of work once, print the multiplications and additions of its "
                     "plain convolutions and products, and the bytes that its ops read and write");
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  const Device device = apply(compute);
  if (!memory.empty()) return print_memory(memory, device);
  if (!operations.empty()) return print_operations(operations, device);
  serve(
      side_name(device), [device](const Request& request) { return make_work(request, device); },
      device);
}

}  // namespace
}  // namespace kintsugi::bench

int main(int count, char** arguments) {
  try {
    kintsugi::bench::run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
