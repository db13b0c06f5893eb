#pragma once
#include <string>
#include <vector>

#include "glcic/checkpoint.h"
#include "glcic/evaluation.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// One face of the demo: pictures [H, W, 3], and how well each filling met the original.
struct PageFace {
  Tensor original, masked, completed, diffusion;
  double completed_psnr = 0.0, diffusion_psnr = 0.0;  ///< of the hole, in dB
};

struct FaceGroup {
  std::string caption;
  std::vector<PageFace> faces;
};

/// Fills a picture's hole both ways. picture [H, W, 3], mask [H, W, 1].
PageFace fill_face(const Model& model, const Tensor& picture, const Tensor& mask);

/// What the demo has to show.
struct DemoPage {
  TrainSettings settings;
  Position end;           ///< where training ended
  Evaluation evaluation;  ///< over many unseen faces, with baselines
  std::vector<FaceGroup> groups;
  std::string metrics;  ///< path of the run's metrics.csv
};

/// Writes folder/index.html, which holds its pictures and curves in itself, and beside it the
/// pictures as files (faces/…png, faces.png) and the figures (evaluation.json). Throws Error where
/// one of them cannot be written, or where the metrics cannot be read.
void write_demo_page(const std::string& folder, const DemoPage& page);

}  // namespace kintsugi
