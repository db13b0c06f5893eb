#pragma once
#include <limits>
#include <string>

#include "glcic/checkpoint.h"

namespace kintsugi {

/// RUN/best.safetensors: the checkpoint, and so the weights, with the highest hole PSNR of all
/// validations of a run. It holds that figure itself (metadata hole_psnr), so that a resumed run
/// keeps it until there is a better one.
class BestCheckpoint {
 public:
  /// Throws Error where there is such a file, but no checkpoint.
  explicit BestCheckpoint(std::string path);

  /// Writes `state` where its `hole_psnr`, in dB, is the highest so far; true where it did.
  bool offer(double hole_psnr, const TrainState& state);

 private:
  std::string path_;
  double hole_psnr_ = -std::numeric_limits<double>::infinity();
};

}  // namespace kintsugi
