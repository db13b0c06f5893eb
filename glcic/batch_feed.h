#pragma once
#include <vector>

#include "glcic/loader.h"
#include "glcic/training_step.h"
#include "tensor/upload.h"

namespace kintsugi {

/// Hands the batches of each step to the networks' device; those of the next step set out
/// meanwhile, to arrive while the device computes.
class BatchFeed {
 public:
  /// Keeps a reference to `dataset`. `batches`: of a step.
  BatchFeed(const Dataset& dataset, const LoaderOptions& options, int64_t batches, Device device)
      : loader_(dataset, options), batches_(batches), device_(device) {}

  /// The batches of the next step. Throws as Loader::next.
  std::vector<TrainingBatch> next();
  /// How many damaged pictures were passed over.
  int64_t skipped() const { return loader_.skipped(); }

 private:
  /// A batch whose pictures are on their way.
  struct Arriving {
    Batch batch;
    Upload images, masks;
  };
  std::vector<Arriving> send();

  Loader loader_;
  int64_t batches_;
  Device device_;
  std::vector<Arriving> arriving_;
};

}  // namespace kintsugi
