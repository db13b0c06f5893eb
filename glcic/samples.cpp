#include "glcic/samples.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "glcic/completer.h"
#include "glcic/evaluation.h"
#include "glcic/image_ops.h"
#include "tensor/error.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

constexpr int64_t kSheetPictures = 8;
constexpr int64_t kValidationPictures = 200;

std::unique_ptr<Dataset> unseen_pictures(const TrainSettings& settings) {
  try {
    std::unique_ptr<Dataset> test = open_dataset(settings.data, Split::test);
    if (test->size() > 0) return test;
  } catch (const Error&) {
    // A small folder may have no test pictures; the training ones are there, or we were not.
  }
  return open_dataset(settings.data, Split::train);
}

Tensor stacked(const std::vector<Tensor>& pictures) {
  std::vector<Tensor> rows;
  for (const Tensor& picture : pictures)
    rows.push_back(picture.reshape({1, picture.size(0), picture.size(1), picture.size(2)}));
  return ops::concat(rows, 0);
}

/// Spread evenly over the pictures; a damaged one gives its place to the next.
std::vector<Tensor> sheet_pictures(const Dataset& pictures, int64_t size) {
  const int64_t all = pictures.size(), count = std::min(kSheetPictures, all);
  std::vector<Tensor> sheet;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t index = i * all / count; index < (i + 1) * all / count; ++index) try {
        sheet.push_back(evaluation_picture(pictures, index, size));
        break;
      } catch (const Error&) {  // the next one, then
      }
  return sheet;
}

std::vector<Tensor> unstacked(const Tensor& batch) {
  std::vector<Tensor> pictures;
  for (int64_t n = 0; n < batch.size(0); ++n)
    pictures.push_back(
        ops::slice(batch, 0, n, 1).reshape({batch.size(1), batch.size(2), batch.size(3)}));
  return pictures;
}

}  // namespace

Samples::Samples(const TrainSettings& settings)
    : size_(settings.size), pictures_(unseen_pictures(settings)) {
  std::vector<Tensor> originals = sheet_pictures(*pictures_, settings.size);
  if (originals.empty()) {
    pictures_ = open_dataset(settings.data, Split::train);
    originals = sheet_pictures(*pictures_, settings.size);
  }
  check(!originals.empty(), "none of the pictures in {} can be read", settings.data);
  originals_ = stacked(originals);
  std::vector<Hole> holes(originals.size(), centre_hole(settings.size));
  masks_ = masks_from_holes(holes, settings.size, settings.size);
}

Samples::~Samples() = default;

void Samples::write(const std::string& path, const Model& model) const {
  Tensor mean = model.mean_pixel.to(Device::cpu);
  Tensor output = run_completion(model, originals_, masks_);
  std::vector<Tensor> sheet;
  for (const Tensor& row :
       {originals_, ops::where(masks_, mean, originals_), composite(output, originals_, masks_)})
    for (Tensor& picture : unstacked(row)) sheet.push_back(std::move(picture));
  write_png(path, contact_sheet(sheet, originals_.size(0)));
}

double Samples::validate(const std::string& path, const TrainState& state) const {
  Evaluation evaluation =
      evaluate(averaged_model(state), *pictures_, {.size = size_, .limit = kValidationPictures});
  double psnr = evaluation.methods.front()[Figure::hole_psnr].mean;
  bool fresh = state.position.step == 0 || !std::filesystem::exists(path);
  std::ofstream stream(path, fresh ? std::ios::trunc : std::ios::app);
  if (fresh) stream << "seconds,step,hole_psnr\n";
  stream << fmt::format("{:.1f},{},{:.4f}\n", state.position.seconds, state.position.step, psnr);
  stream.flush();
  check(stream.good(), "{}: cannot be written: {}", path, std::strerror(errno));
  return psnr;
}

}  // namespace kintsugi
