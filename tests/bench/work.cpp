// Does pieces of work on request, for `make bench-pytorch`: bench_work --help; the requests are in
// tests/bench/request.h.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <string>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/storage.h"
#include "tests/bench/network_work.h"
#include "tests/bench/request.h"

namespace kintsugi::bench {
namespace {

Work make_work(const Request& request) {
  if (request.kind == "complete")
    return completion_work(request.size, request.batch, request.width);
  if (request.kind == "train") return training_work(request.size, request.batch, request.width);
  return layer_work(request.layer, request.pass, false);
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
void print_memory(const std::string& line) {
  const Work work = make_work(parse_request(line));
  work();
  work();
  fmt::print("{} {}\n", peak_resident_bytes(), memory_statistics(Device::cpu).peak);
}

void run(int count, char** arguments) {
  CLI::App program{"Reads requests, a line each, and answers with the median seconds of a run"};
  int threads = num_threads();
  std::string memory;
  program.add_option("--threads", threads, "CPU threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_option("--memory", memory,
                     "do this piece of work, print the most bytes in memory and in tensors");
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  set_num_threads(threads);
  if (memory.empty())
    serve(fmt::format("Kintsugi {}, {} threads", KINTSUGI_VERSION, threads), make_work);
  else
    print_memory(memory);
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
