#include "glcic/batch_feed.h"

#include "tensor/profiler.h"

namespace kintsugi {

std::vector<BatchFeed::Arriving> BatchFeed::send() {
  const Region region("load");
  std::vector<Arriving> arriving;
  for (int64_t i = 0; i < batches_; ++i) {
    Batch batch = loader_.next();
    Upload images(batch.images, device_), masks(batch.masks, device_);
    arriving.push_back({std::move(batch), std::move(images), std::move(masks)});
  }
  return arriving;
}

std::vector<TrainingBatch> BatchFeed::next() {
  if (arriving_.empty()) arriving_ = send();
  std::vector<TrainingBatch> batches;
  for (Arriving& arriving : arriving_)
    batches.push_back(make_training_batch(arriving.images.tensor(), arriving.masks.tensor(),
                                          arriving.batch.holes, arriving.batch.real_regions,
                                          {.device = device_}));
  arriving_.clear();
  if (device_ != Device::cpu) arriving_ = send();
  return batches;
}

}  // namespace kintsugi
