#include "examples/support/example.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "glcic/commands/command_options.h"

namespace kintsugi {

int run_example(int argc, const char* const* argv, const Example& example) {
  ExampleOptions options{.out = example.out, .steps = example.steps};
  CLI::App program(example.about, example.name);
  program.add_option("--out", options.out, "Where the picture goes")->capture_default_str();
  program.add_option("--seed", options.seed, "Of all random numbers")->capture_default_str();
  if (example.steps > 0)
    program.add_option("--steps", options.steps, "Of training")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // line by line, into a pipe as well
  try {
    program.parse(argc, argv);
    check_output(options.out, {std::filesystem::path(example.out).extension().string()}, {});
    const auto start = std::chrono::steady_clock::now();
    const bool is_met = example.run(options);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    fmt::print("{} written, {:.1f} s in all\n", options.out, seconds.count());
    return is_met ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", example.name, error.what());
    return 2;
  }
}

bool claim(const std::string& what, double value, const Limits& limits) {
  const bool is_met = value >= limits.at_least && value <= limits.at_most;
  std::string wanted;
  if (std::isfinite(limits.at_least)) wanted = fmt::format("at least {}", limits.at_least);
  if (std::isfinite(limits.at_most))
    wanted += fmt::format("{}at most {}", wanted.empty() ? "" : ", ", limits.at_most);
  fmt::print("{} {:.3g} ({}): {}\n", what, value, wanted, is_met ? "yes" : "no");
  return is_met;
}

}  // namespace kintsugi
