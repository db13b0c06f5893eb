#pragma once
#include "tensor/tensor.h"

namespace kintsugi {

/// A tensor on its way to a device, beside the work that the device does meanwhile:
///
///   Upload next(batch.images, Device::cuda);  // starts
///   train_on(images);                         // the GPU computes while the pictures arrive
///   images = next.tensor();
class Upload {
 public:
  /// Starts. `from` may change at once. Where it is on the device already, nothing is copied.
  Upload(const Tensor& from, Device device);
  ~Upload();
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&&) = delete;

  /// The tensor on the device. What the device is asked for from here on sees all of it.
  Tensor tensor();

 private:
  Tensor tensor_;
  bool under_way_ = false;
};

}  // namespace kintsugi
