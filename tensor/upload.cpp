#include "tensor/upload.h"

#include <utility>

#include "tensor/backend.h"

namespace kintsugi {

Upload::Upload(const Tensor& from, Device device) : tensor_(from) {
  if (from.device() == device) return;
  if (device == Device::cpu) {
    tensor_ = from.to(device);
    return;
  }
  tensor_ = Tensor::empty(from.shape(), {from.dtype(), device});
  backend(device).start_upload(from.raw(), tensor_.raw(), from.bytes());
  under_way_ = true;
}

// Else the memory would be handed out again while the copy still writes into it.
Upload::~Upload() {
  if (under_way_) backend(tensor_.device()).finish_uploads();
}

Upload::Upload(Upload&& other) noexcept
    : tensor_(std::move(other.tensor_)), under_way_(std::exchange(other.under_way_, false)) {}

Tensor Upload::tensor() {
  if (std::exchange(under_way_, false)) backend(tensor_.device()).finish_uploads();
  return tensor_;
}

}  // namespace kintsugi
