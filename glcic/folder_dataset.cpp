#include "glcic/folder_dataset.h"

#include <algorithm>
#include <cmath>

#include "glcic/image_ops.h"
#include "tensor/error.h"
#include "tensor/io/image.h"

namespace kintsugi {

FolderDataset::FolderDataset(PictureList list, bool cut_square, double scale_range,
                             DatasetOptions options)
    : list_(std::move(list)),
      cut_square_(cut_square),
      scale_range_(scale_range),
      options_(options),
      cache_(list_.names.size()) {}

std::string FolderDataset::name(int64_t index) const {
  check(index >= 0 && index < size(), "dataset: there is no picture {} of {}", index, size());
  return list_.names[static_cast<size_t>(index)];
}

Tensor FolderDataset::picture(int64_t index, int64_t shortest_edge) const {
  check(index >= 0 && index < size(), "dataset: there is no picture {} of {}", index, size());
  const std::shared_ptr<const Decoded> source = decoded(static_cast<size_t>(index));
  const Tensor picture = Tensor::empty({source->height, source->width, 3});
  std::transform(source->rgb.begin(), source->rgb.end(), picture.data<float>(),
                 [](uint8_t value) { return static_cast<float>(value) / 255.0f; });
  return resize_shortest_edge(picture, shortest_edge);
}

std::shared_ptr<const FolderDataset::Decoded> FolderDataset::decoded(size_t index) const {
  {
    const std::lock_guard lock(mutex_);
    if (cache_[index]) return cache_[index];
  }
  std::shared_ptr<const Decoded> fresh = decode(index);
  const std::lock_guard lock(mutex_);
  if (!cache_[index] && cached_bytes_ + fresh->rgb.size() <= options_.cache_bytes) {
    cache_[index] = fresh;
    cached_bytes_ += fresh->rgb.size();
  }
  return fresh;
}

// Pictures go through bytes whether they are then kept or not: what picture() returns must not
// depend on the state of the cache.
std::shared_ptr<const FolderDataset::Decoded> FolderDataset::decode(size_t index) const {
  Tensor picture = read_image(list_.folder + "/" + list_.names[index]);
  if (cut_square_) picture = centre_square(picture);
  const int64_t edge = 2 * options_.largest_edge;
  if (edge > 0 && std::min(picture.size(0), picture.size(1)) > edge)
    picture = resize_shortest_edge(picture, edge);
  auto decoded = std::make_shared<Decoded>();
  decoded->height = picture.size(0);
  decoded->width = picture.size(1);
  const float* values = picture.data<float>();
  decoded->rgb.resize(static_cast<size_t>(picture.numel()));
  std::transform(values, values + picture.numel(), decoded->rgb.begin(), [](float value) {
    return static_cast<uint8_t>(std::lround(255.0f * std::clamp(value, 0.0f, 1.0f)));
  });
  return decoded;
}

}  // namespace kintsugi
