#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "glcic/dataset.h"
#include "glcic/estimate.h"
#include "glcic/evaluation_masks.h"
#include "glcic/model.h"
#include "glcic/picture_metrics.h"
#include "tensor/tensor.h"

namespace kintsugi {

struct EvaluationOptions {
  int64_t size = 64;  ///< pictures are the centre square, scaled to this; a multiple of 4
  HoleOptions holes = {};
  int64_t limit = 0;                          ///< pictures, spread evenly over the dataset; 0: all
  int64_t batch = 16;                         ///< holes at a time; no result depends on it
  bool baselines = false;                     ///< also: all of fill_methods()
  std::vector<std::string> methods = {};      ///< also: these of fill_methods(), by name
  std::vector<std::string> posts = {"none"};  ///< the first system with each of these (Post)
  bool raw = false;            ///< measure what networks put out, not composites of it
  int64_t sheet_pictures = 0;  ///< rows of the contact sheet, pictures spread evenly
  /// Told after every few pictures how many are done.
  std::function<void(int64_t done, int64_t all)> progress = {};
};

/// A learned system under the name that tables give it.
struct NamedModel {
  std::string name;
  Model model;
};

/// The figures of one method over a set of holes.
struct MethodFigures {
  PerFigure<Estimate> means;
  /// The first method's figure minus this one's, pair by pair on the same picture and hole.
  PerFigure<Estimate> differences;
};

struct MethodResult {
  std::string name;                      ///< "GLCIC", "GLCIC + poisson", "diffusion"
  MethodFigures overall = {};            ///< where there are bins: of each picture's mean over them
  std::vector<MethodFigures> bins = {};  ///< one for each of hole_bins
  double seconds = 0.0;  ///< time of one hole: on one thread, but networks on all, in batches

  const Estimate& operator[](Figure figure) const { return overall.means[figure]; }
};

/// Pictures side by side: the original, the same with its hole painted in the mean pixel, and what
/// each method made of it.
struct EvaluationSheet {
  std::vector<std::string> columns;  ///< "original", "masked", then the methods' names
  std::vector<std::string> rows;     ///< the pictures' names, with the bin where there are bins
  std::vector<Tensor> pictures;      ///< row by row, [size, size, 3] each
};

struct Evaluation {
  EvaluationOptions options;  ///< with the hole range that was used
  int64_t pictures = 0;
  std::vector<MethodResult> methods;  ///< the first system, with each post-processing, comes first
  EvaluationSheet sheet;              ///< empty unless it was asked for
};

/// Completes the pictures of a dataset at inference and measures the composites (or, with
/// options.raw, the networks' output), every method on the same pictures and holes. Methods that
/// learn nothing fill several pictures side by side; the mean colour is that of the first system.
///
/// Throws Error where two methods would have one name, for unknown methods or post-processings, for
/// post-processing of raw output, for an empty dataset, for a size that is no multiple of 4 or that
/// a system does not take, and for a damaged picture, naming it: a score over some of the pictures
/// would not be the score.
Evaluation evaluate(const std::vector<NamedModel>& systems, const Dataset& dataset,
                    EvaluationOptions options);
/// Of one system, called "GLCIC".
Evaluation evaluate(const Model& model, const Dataset& dataset, EvaluationOptions options);

}  // namespace kintsugi
