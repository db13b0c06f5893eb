#pragma once
#include <memory>
#include <string>
#include <vector>

#include "glcic/checkpoint.h"
#include "glcic/dataset.h"

namespace kintsugi {

/// Looks at unseen pictures while training: always the same ones, so that progress shows.
class Samples {
 public:
  /// Of the test split; of the training pictures where a folder has no other that can be read.
  explicit Samples(const TrainSettings& settings);
  ~Samples();

  /// A sheet of eight pictures with the centre hole: original, masked, completed, a row each.
  void write(const std::string& path, const Model& model) const;
  /// Appends "seconds,step,hole_psnr" over at most 200 pictures with the centre hole to a CSV file,
  /// and returns the last of these, in dB.
  double validate(const std::string& path, const TrainState& state) const;

 private:
  int64_t size_;
  std::unique_ptr<Dataset> pictures_;
  Tensor originals_, masks_;  // [8, S, S, 3], [8, S, S, 1]
};

}  // namespace kintsugi
