#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

/// What the small examples share: a command line, and a last line that says whether the run came to
/// what its page claims.
namespace kintsugi {

struct ExampleOptions {
  std::string out;  ///< where the picture goes
  int64_t steps = 0;
  uint64_t seed = 1;
};

struct Example {
  std::string name;   ///< of the program: "xor"
  std::string about;  ///< for --help
  std::string out;    ///< unless --out says otherwise; its ending is the only one allowed
  int64_t steps = 0;  ///< unless --steps says otherwise; 0 where there is nothing to train
  /// Does it, and returns whether every claim() was met.
  std::function<bool(const ExampleOptions&)> run;
};

/// Reads the options, runs the example, and returns what main() returns: 0; 1 where a claim was
/// missed; 2, after one sentence, where an option is wrong or the picture cannot be written.
int run_example(int argc, const char* const* argv, const Example& example);

struct Limits {
  double at_least = -std::numeric_limits<double>::infinity();
  double at_most = std::numeric_limits<double>::infinity();
};
/// Prints "accuracy 0.984 (at least 0.97): yes", and returns whether the value lies in the limits.
bool claim(const std::string& what, double value, const Limits& limits);

}  // namespace kintsugi
