#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "glcic/inspection/effective_field.h"
#include "glcic/inspection/inspected_picture.h"
#include "glcic/inspection/judge_trace.h"

namespace kintsugi {

/// How far a network looks: what its layers allow, and what its weights make of that.
struct FieldInspection {
  int64_t side = 0;  ///< of the output's receptive field, by its layers
  std::vector<FieldStep> walk;
  std::optional<size_t> spans{};  ///< the first layer whose unit sees all of the hole's box
  /// For each layer, of the walk's unit; the last with more samples than the others.
  std::vector<EffectiveField> effective{};
};

/// Everything that there is to show of a model at work on a picture.
struct Inspection {
  InspectedPicture picture{};
  Hole box;            ///< of the hole
  Tensor masked{};     ///< what the network sees [H, W, 3]: the mean pixel in the hole
  Tensor output{};     ///< the network's [H, W, 3]
  Tensor completed{};  ///< the picture with the output in its hole
  LayeredNetwork network;
  /// The loss is mean over H·W·3 of (M ⊙ (C − x))², phase 1's (GLCIC, eq. 2).
  NetworkTrace trace{};
  std::optional<FieldInspection> field{};  ///< where every layer is a step on the grid of pixels
  std::optional<FieldInspection>
      plain{};  ///< of the same network with dilation 1, where it differs
  std::optional<JudgeTrace> judge{};
};

struct InspectionOptions {
  int64_t layer_samples = 2;    ///< cotangents for the effective field of each layer
  int64_t output_samples = 25;  ///< those for the output's, an odd number squared
  std::function<void(const std::string& stage)> progress = {};  ///< told what comes next
};

/// `judge` may be null. The same arguments give the same numbers.
Inspection inspect(const Model& model, InspectedPicture picture, Discriminators* judge,
                   const InspectionOptions& options = {});

}  // namespace kintsugi
