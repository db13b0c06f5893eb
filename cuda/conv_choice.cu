#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <mutex>
#include <string_view>
#include <utility>

#include "cuda/check.h"
#include "cuda/context.h"
#include "cuda/conv_choice.h"
#include "cuda/conv_rungs.h"
#include "tensor/error.h"

namespace kintsugi::cuda {
namespace {

const char* name_of(ConvPass pass) {
  if (pass == ConvPass::forward) return "forward";
  return pass == ConvPass::input_grad ? "input_grad" : "weight_grad";
}

bool is_emulated() {
  return std::string_view(context().properties.name).starts_with("CUDA emulator");
}

bool is_capturing() {
  cudaStreamCaptureStatus status{};
  check(cudaStreamIsCapturing(context().stream, &status), "cudaStreamIsCapturing");
  return status != cudaStreamCaptureStatusNone;
}

bool contains(const std::vector<ConvAlgorithm>& algorithms, ConvAlgorithm wanted) {
  return std::find(algorithms.begin(), algorithms.end(), wanted) != algorithms.end();
}

/// The remembered choice, or the fastest by timing.
ConvAlgorithm measured(const ConvKind& kind, const std::vector<ConvAlgorithm>& candidates,
                       const std::function<void(ConvAlgorithm, KeptWeights*)>& run) {
  static std::mutex mutex;
  static ConvChoices choices(conv_choices_file(context().properties.name));
  const std::lock_guard lock(mutex);
  const auto remembered = choices.find(kind.str());
  if (remembered && contains(candidates, *remembered)) return *remembered;
  if (is_capturing()) return likely_fastest(kind);
  const ConvAlgorithm fastest = fastest_of(candidates, [&](ConvAlgorithm algorithm) {
    KeptWeights kept;  // the losers' forms of the weights are not to stay in memory
    return least_milliseconds([&] { run(algorithm, kind.kept_weights ? &kept : nullptr); });
  });
  choices.remember(kind.str(), fastest);
  return fastest;
}

}  // namespace

std::string ConvKind::str() const {
  return fmt::format("{} {} {} {} {} {}x{} stride {} padding {} dilation {}{}", name_of(pass),
                     to_string(dtype), to_string(precision), x, y, window.kernel_h, window.kernel_w,
                     window.stride, window.padding, window.dilation, kept_weights ? " kept" : "");
}

std::vector<ConvAlgorithm> possible_algorithms(const ConvKind& kind) {
  std::vector<ConvAlgorithm> all{ConvAlgorithm::naive, ConvAlgorithm::patches,
                                 ConvAlgorithm::implicit};
  if (winograd::can_run(kind.window, kind.dtype)) all.push_back(ConvAlgorithm::winograd);
  return all;
}

ConvAlgorithm likely_fastest(const ConvKind& kind) {
  constexpr int64_t kEnoughChannels = 32;
  if (kind.dtype == DType::float64) return ConvAlgorithm::patches;
  const bool saves = kind.precision == Precision::float32 &&
                     winograd::can_run(kind.window, kind.dtype) &&
                     std::min(kind.x[3], kind.y[3]) >= kEnoughChannels;
  return saves ? ConvAlgorithm::winograd : ConvAlgorithm::implicit;
}

ConvAlgorithm fastest_of(const std::vector<ConvAlgorithm>& candidates,
                         const std::function<double(ConvAlgorithm)>& time_of) {
  ConvAlgorithm fastest = candidates.at(0);
  double least = std::numeric_limits<double>::infinity();
  for (const ConvAlgorithm candidate : candidates)
    if (const double time = time_of(candidate); time < least) {
      least = time;
      fastest = candidate;
    }
  return fastest;
}

double least_milliseconds(const std::function<void()>& call) {
  struct Event {
    Event() { check(cudaEventCreate(&handle), "cudaEventCreate"); }
    ~Event() { static_cast<void>(cudaEventDestroy(handle)); }
    cudaEvent_t handle{};
  };
  const Event start, stop;
  call();
  float least = std::numeric_limits<float>::infinity();
  for (int i = 0; i < 3; ++i) {
    check(cudaEventRecord(start.handle, context().stream), "cudaEventRecord");
    call();
    check(cudaEventRecord(stop.handle, context().stream), "cudaEventRecord");
    check(cudaEventSynchronize(stop.handle), "cudaEventSynchronize");
    float time = 0;
    check(cudaEventElapsedTime(&time, start.handle, stop.handle), "cudaEventElapsedTime");
    least = std::min(least, time);
  }
  return least;
}

ConvChoices::ConvChoices(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream stream(file_);
  for (std::string line; std::getline(stream, line);) {
    const size_t space = line.find(' ');
    const auto algorithm = conv_algorithm_named(line.substr(0, space));
    if (algorithm && space != std::string::npos)
      choices_.emplace(line.substr(space + 1), *algorithm);
  }
}

std::optional<ConvAlgorithm> ConvChoices::find(const std::string& kind) const {
  const auto found = choices_.find(kind);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void ConvChoices::remember(const std::string& kind, ConvAlgorithm algorithm) {
  choices_[kind] = algorithm;
  if (file_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path(), ignored);
  // One write to the end of the file: two processes do not mix their lines.
  std::ofstream(file_, std::ios::app) << fmt::format("{} {}\n", to_string(algorithm), kind);
}

std::filesystem::path conv_choices_file(const std::string& device) {
  const auto folder = [](const char* variable) {
    const char* value = std::getenv(variable);
    return std::filesystem::path(value ? value : "");
  };
  std::filesystem::path cache = folder("XDG_CACHE_HOME");
  if (cache.empty() && !folder("HOME").empty()) cache = folder("HOME") / ".cache";
  if (cache.empty()) return {};
  std::string name = "conv-" + device;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
  return cache / "kintsugi" / name;
}

ConvAlgorithm choose_algorithm(const ConvKind& kind,
                               const std::function<void(ConvAlgorithm, KeptWeights*)>& run) {
  // Beyond so many, naive is not worth the time that it takes to measure it.
  constexpr int64_t kNaiveMultiplyAdds = int64_t{1} << 30;
  if (kind.x.numel() == 0 || kind.y.numel() == 0) return ConvAlgorithm::naive;
  std::vector<ConvAlgorithm> candidates = possible_algorithms(kind);
  if (contains(candidates, conv_algorithm())) return conv_algorithm();
  if (is_emulated() || conv_algorithm() == ConvAlgorithm::winograd) return likely_fastest(kind);
  const int64_t multiply_adds =
      kind.y.numel() * kind.window.kernel_h * kind.window.kernel_w * kind.x[3];
  if (multiply_adds > kNaiveMultiplyAdds) candidates.erase(candidates.begin());
  return measured(kind, candidates, run);
}

}  // namespace kintsugi::cuda
