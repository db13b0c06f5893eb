#include "glcic/dataset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <vector>

#include "glcic/faces/faces.h"
#include "glcic/folder_dataset.h"
#include "glcic/image_ops.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr double kFaceScaleRange = 178.0 / 160.0;        // GLCIC: 160 → [160, 178]
constexpr double kPhotographScaleRange = 384.0 / 256.0;  // 256 → [256, 384]

/// Faces that the program draws: no end of them for training, and others for each other split.
class SyntheticFaces : public Dataset {
 public:
  explicit SyntheticFaces(Split split) : split_(split) {}

  int64_t size() const override {
    if (split_ == Split::train) return kTrain;
    return split_ == Split::all ? kTrain + 2 * kHeldOut : kHeldOut;
  }
  std::string name(int64_t index) const override { return fmt::format("face {}", seed(index)); }
  Tensor picture(int64_t index, int64_t shortest_edge) const override {
    return draw_face(static_cast<uint64_t>(seed(index)), shortest_edge);
  }
  double scale_range() const override { return kFaceScaleRange; }

 private:
  static constexpr int64_t kTrain = 1'000'000, kHeldOut = 1000;

  /// Train first, then valid, then test.
  int64_t seed(int64_t index) const {
    check(index >= 0 && index < size(), "dataset: there is no picture {} of {}", index, size());
    if (split_ == Split::valid) return kTrain + index;
    if (split_ == Split::test) return kTrain + kHeldOut + index;
    return index;
  }

  Split split_;
};

}  // namespace

Split split_from_string(const std::string& name) {
  for (const Split split : {Split::train, Split::valid, Split::test, Split::all})
    if (to_string(split) == name) return split;
  throw Error(fmt::format("\"{}\" is not a split: train, valid, test or all", name));
}

std::string to_string(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::valid:
      return "valid";
    case Split::test:
      return "test";
    case Split::all:
      break;
  }
  return "all";
}

std::unique_ptr<Dataset> open_dataset(const std::string& where, Split split,
                                      DatasetOptions options) {
  if (where == "synthetic") return std::make_unique<SyntheticFaces>(split);
  std::error_code ignored;
  check(std::filesystem::is_directory(where, ignored), "there is no folder {}", where);
  if (is_celeba(where))
    return std::make_unique<FolderDataset>(list_celeba(where, split), true, kFaceScaleRange,
                                           options);
  return std::make_unique<FolderDataset>(list_folder(where, split), false, kPhotographScaleRange,
                                         options);
}

Tensor training_picture(const Dataset& dataset, int64_t index, int64_t size, double scale_range,
                        Generator& generator) {
  constexpr double kRounding = 1e-9;  // 160·1.1125 is 178
  const auto largest =
      static_cast<int64_t>(std::floor(static_cast<double>(size) * scale_range + kRounding));
  const int64_t edge = generator.integer(size, std::max(size, largest));
  const Tensor picture = dataset.picture(index, edge);
  const int64_t x = generator.integer(0, picture.size(1) - size);
  const int64_t y = generator.integer(0, picture.size(0) - size);
  const bool mirrored = generator.uniform() < 0.5;
  const Tensor crop = crop_image(picture, x, y, size, size);
  return mirrored ? flip_image(crop) : crop;
}

Tensor evaluation_picture(const Dataset& dataset, int64_t index, int64_t size) {
  return centre_square(dataset.picture(index, size));
}

Tensor mean_pixel(const Dataset& dataset, int64_t size, int64_t sample) {
  const int64_t all = dataset.size(), count = std::min(all, sample);
  check(count > 0, "mean_pixel: there are no pictures to take the mean of");
  struct Colour {
    std::array<double, 3> rgb{};
    bool readable = false;
  };
  std::vector<Colour> means(static_cast<size_t>(count));
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) {
    try {
      const Tensor picture = evaluation_picture(dataset, i * all / count, size);
      const float* values = picture.data<float>();
      Colour& mean = means[static_cast<size_t>(i)];
      for (int64_t k = 0; k < picture.numel(); ++k)
        mean.rgb[static_cast<size_t>(k % 3)] += static_cast<double>(values[k]);
      mean.readable = true;
    } catch (const Error&) {  // a damaged picture is left out
    }
  }
  std::array<double, 3> total{};
  int64_t readable = 0;
  for (const Colour& mean : means) {
    if (!mean.readable) continue;
    ++readable;
    for (size_t c = 0; c < 3; ++c) total[c] += mean.rgb[c];
  }
  check(readable > 0, "mean_pixel: none of {} pictures can be read, among them {}", count,
        dataset.name(0));
  const auto pixels = static_cast<double>(readable * size * size);
  return Tensor::from({total[0] / pixels, total[1] / pixels, total[2] / pixels}, {3});
}

}  // namespace kintsugi
