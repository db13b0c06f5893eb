#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "glcic/averaging.h"
#include "glcic/mask.h"
#include "tensor/device.h"

namespace kintsugi {

/// Everything that decides the numbers of a training run. Written into its checkpoints, so that a
/// resumed run goes on as it began.
struct TrainSettings {
  std::string architecture = "glcic";  ///< see find_architecture
  std::string data = "synthetic";      ///< or a folder: see open_dataset
  int64_t size = 64;                   ///< S: pictures are S × S
  int64_t width = 64;                  ///< base width of both networks
  int64_t batch = 16;                  ///< pictures that are in memory at once
  /// Batches a step: gradients are means over accumulate·batch pictures, batch statistics are each
  /// batch's own.
  int64_t accumulate = 1;
  /// Iterations of phases 1, 2, 3; used where budget is 0.
  std::array<int64_t, 3> steps{1000, 200, 2000};
  double budget = 0;  ///< wall-clock seconds for all three phases
  /// Of the budget. Most goes to the completion loss: a few minutes are too short for more than a
  /// first touch of the adversarial term, which at this scale would outweigh it.
  std::array<double, 3> shares{0.88, 0.04, 0.08};
  uint64_t seed = 1;
  double alpha = 0.0004;         ///< weight of the adversarial term (GLCIC §3.4)
  bool adaptive_alpha = false;   ///< alpha is where it starts: see adapted_alpha
  double rho = 0.9, eps = 1e-6;  ///< ADADELTA's (AdadeltaOptions)
  Averaging average{};           ///< of the weights that complete pictures
  HoleRange holes{};             ///< {0, 0}: 3S/8 to S/2
  double scale_range = 0;        ///< see Dataset::scale_range; 0: the dataset's own

  bool operator==(const TrainSettings&) const = default;
};

/// Throws Error, in one sentence, for values that no run can have.
void check_settings(const TrainSettings& settings);

std::string to_json(const TrainSettings& settings);
/// Throws Error, naming `origin`, for text that to_json did not write. What older versions did not
/// write has its default.
TrainSettings settings_from_json(const std::string& json, const std::string& origin);

/// α after a step of phase 3 that measured these norms of ∂L/∂C(x) and ∂(adversarial loss)/∂C(x):
/// α ← 0.99·α + 0.01·completion / adversarial, which leads α·adversarial to the order of
/// completion (GLCIC §3.4, "more fine-grained control"). Where adversarial is 0, as it was.
double adapted_alpha(double alpha, double completion_gradient, double adversarial_gradient);

/// "10m", "90s", "1.5h", or plain seconds; throws Error for anything else, and for 0 or less.
double seconds_from_string(const std::string& text);
/// "3h05m", "1m40s", "12s"
std::string duration_string(double seconds);
/// "1000,200,2000"; throws Error unless there are three whole numbers ≥ 0, not all 0.
std::array<int64_t, 3> steps_from_string(const std::string& text);

}  // namespace kintsugi
