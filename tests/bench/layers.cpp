// Times every layer of GLCIC's networks, forward and both gradients, against the machine's peak:
// bench_layers --help. Google benchmark repeats, takes medians and writes JSON.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tests/bench/layer_table.h"
#include "tests/bench/peak.h"
#include "tests/bench/table_reporter.h"

namespace kintsugi::bench {
namespace {

struct Options {
  int64_t size = 256, batch = 1, width = 64;
  int threads = num_threads();
  bool algorithms = false;
  std::vector<std::string> others;  ///< google benchmark's own, "--benchmark_…"
};

Options parse(int count, char** arguments) {
  Options options;
  CLI::App program{"Times every layer of GLCIC's networks: forward, input and weight gradient"};
  program.add_option("--size", options.size, "pictures are SIZE x SIZE")
      ->check(CLI::Range(16, 8192))
      ->capture_default_str();
  program.add_option("--batch", options.batch, "pictures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_option("--width", options.width, "base width of the networks")
      ->check(CLI::Range(2, 4096))
      ->capture_default_str();
  program.add_option("--threads", options.threads, "CPU threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_flag("--algorithms", options.algorithms,
                   "each convolution with each algorithm: a star at the fastest, behind the shape "
                   "the one that is taken");
  program.allow_extras();
  program.footer(
      "Google benchmark's options are taken too:\n"
      "  --benchmark_filter=completion/layer05   only what matches the regular expression\n"
      "  --benchmark_repetitions=9 --benchmark_min_time=0.5\n"
      "  --benchmark_out=FILE                    everything as JSON");
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  options.others = program.remaining();
  return options;
}

/// What the user gives comes after what the program sets, and wins. `program`: argv[0], which
/// google benchmark holds on to.
void initialize_benchmark(char* program, const std::vector<std::string>& options) {
  std::vector<std::string> words{"--benchmark_min_time=0.05", "--benchmark_repetitions=3"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments{program};
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) std::exit(2);
}

void time_work(benchmark::State& state, const Work& work, double operations, double peak) {
  for (auto _ : state) work();
  using benchmark::Counter;
  state.counters["gflops"] = Counter(operations * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(operations * 1e-9 / peak, Counter::kIsIterationInvariantRate);
}

std::string describe(const Layer& layer) {
  const bool is_map = layer.input.rank() == 4;
  return layer.description + (is_map ? fmt::format(" @ {}", layer.input[1]) : "");
}

template <class Body>
benchmark::internal::Benchmark* add(const std::string& name, Body body) {
  return benchmark::RegisterBenchmark(name.c_str(), body)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

void add_passes(const Layer& layer, double peak) {
  for (const Pass pass : kPasses)
    add(layer.name + "/" + to_string(pass), [layer, pass, peak](benchmark::State& state) {
      time_work(state, layer_work(layer, pass, true), layer.operations, peak);
      state.SetLabel(describe(layer));
    });
}

struct Rung {
  const char* name;
  ConvAlgorithm algorithm;
};
constexpr Rung kLadder[] = {{"naive", ConvAlgorithm::naive},
                            {"patches", ConvAlgorithm::patches},
                            {"blocked", ConvAlgorithm::blocked},
                            {"narrow", ConvAlgorithm::narrow},
                            {"winograd", ConvAlgorithm::winograd}};

bool same_bits(const Tensor& a, const Tensor& b) {
  return std::equal(a.data<float>(), a.data<float>() + a.numel(), b.data<float>());
}

/// Forced to what it cannot do, a convolution is blocked. Results tell which rung made them: an
/// algorithm gives the same bits each time.
struct Choice {
  std::vector<ConvAlgorithm> possible;
  std::string taken;
};
Choice choice_for(const Layer& layer, Pass pass) {
  const auto work = layer_work(layer, pass, true);
  auto result_of = [&](ConvAlgorithm algorithm) {
    set_conv_algorithm(algorithm);
    return work();
  };
  const Tensor blocked = result_of(ConvAlgorithm::blocked);
  const Tensor automatic = result_of(ConvAlgorithm::automatic);
  Choice choice{{ConvAlgorithm::naive, ConvAlgorithm::patches, ConvAlgorithm::blocked}, "blocked"};
  for (const Rung& rung : kLadder) {
    if (rung.algorithm != ConvAlgorithm::narrow && rung.algorithm != ConvAlgorithm::winograd)
      continue;
    const Tensor result = result_of(rung.algorithm);
    if (same_bits(result, blocked)) continue;
    choice.possible.push_back(rung.algorithm);
    if (same_bits(automatic, result)) choice.taken = rung.name;
  }
  return choice;
}

void add_algorithms(const Layer& layer, double peak) {
  if (layer.kind == Layer::Kind::linear) return;
  for (const Pass pass : kPasses) {
    const Choice choice = choice_for(layer, pass);
    const std::string label = fmt::format("{}: {}", describe(layer), choice.taken);
    for (const Rung& rung : kLadder) {
      if (std::find(choice.possible.begin(), choice.possible.end(), rung.algorithm) ==
          choice.possible.end())
        continue;
      auto* benchmark =
          add(fmt::format("{}/{}/{}", layer.name, to_string(pass), rung.name),
              [layer, pass, peak, label, forced = rung.algorithm](benchmark::State& state) {
                set_conv_algorithm(forced);
                time_work(state, layer_work(layer, pass, true), layer.operations, peak);
                state.SetLabel(label);
              });
      if (rung.algorithm == ConvAlgorithm::naive) benchmark->Iterations(1)->Repetitions(1);
    }
  }
}

std::vector<std::string> columns_of(const Options& options) {
  std::vector<std::string> columns;
  if (options.algorithms)
    for (const Rung& rung : kLadder) columns.emplace_back(rung.name);
  else
    for (const Pass pass : kPasses) columns.push_back(to_string(pass));
  return columns;
}

void run(int count, char** arguments) {
  const Options options = parse(count, arguments);
  initialize_benchmark(arguments[0], options.others);
  set_num_threads(options.threads);
  const double peak = measured_peak();
  const std::string setting =
      fmt::format("{0} x {0} px, batch {1}, width {2}, {3} threads", options.size, options.batch,
                  options.width, options.threads);
  fmt::print("{}; the machine's peak, as measured: {:.1f} GFLOP/s\n", setting, peak);
  benchmark::AddCustomContext("setting", setting);
  benchmark::AddCustomContext("peak_gflops", fmt::format("{:.1f}", peak));

  for (const Layer& layer : glcic_layers(options.size, options.batch, options.width))
    options.algorithms ? add_algorithms(layer, peak) : add_passes(layer, peak);
  TableReporter reporter(columns_of(options), options.algorithms);
  benchmark::RunSpecifiedBenchmarks(&reporter);
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
