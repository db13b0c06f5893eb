#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "glcic/dataset.h"
#include "glcic/mask.h"
#include "glcic/model.h"
#include "tensor/tensor.h"

namespace kintsugi {

enum class HoleRule {
  centre,  ///< the centred square of half the side
  random,  ///< a rectangle drawn for each picture, with sides in a range
};
/// "centre" or "random"; throws Error for any other name.
HoleRule hole_rule_from_string(const std::string& name);
std::string to_string(HoleRule rule);

struct EvaluationOptions {
  int64_t size = 64;  ///< pictures are the centre square, scaled to this; a multiple of 4
  HoleRule hole = HoleRule::centre;
  HoleRange hole_range = {};  ///< of random holes; {0, 0}: default_hole_range(size)
  uint64_t seed = 1;          ///< the random hole of picture i depends on seed and i alone
  int64_t limit = 0;          ///< this many pictures, spread evenly over the dataset; 0: all
  int64_t batch = 16;         ///< changes speed and memory, not results
  bool baselines = false;     ///< also: one mean colour, colour diffusion
};

/// A mean over pictures and how sure it is.
struct Estimate {
  double mean = 0.0;
  double standard_error = 0.0;  ///< s / √n; 0 for a single picture

  /// Half of the 95 % confidence interval, 1.96 standard errors.
  double margin() const { return 1.96 * standard_error; }
};
Estimate estimate(const std::vector<double>& values);

struct MethodResult {
  std::string name;  ///< "GLCIC", "mean colour", "diffusion"
  Estimate psnr;     ///< hole_psnr, in dB, averaged over the pictures
  Estimate l1;       ///< hole_l1, averaged over the pictures
};

struct Evaluation {
  EvaluationOptions options;  ///< with the hole range that was used
  int64_t pictures = 0;
  std::vector<MethodResult> methods;  ///< GLCIC first
};

/// 10·log10(1 / mean squared difference) in dB, over the hole's pixels and all channels alone, of
/// values in [0, 1]; at most 100 dB, for pictures that agree. a, b [H, W, C], mask [H, W, 1].
/// Throws Error for an empty mask.
double hole_psnr(const Tensor& a, const Tensor& b, const Tensor& mask);
/// Mean absolute difference over the same.
double hole_l1(const Tensor& a, const Tensor& b, const Tensor& mask);

/// The hole of picture `index` (its place in the dataset).
Hole evaluation_hole(const EvaluationOptions& options, int64_t index);

/// Completes the pictures of a dataset at inference and measures the composites inside their holes,
/// every method on the same pictures and holes. Throws Error for an empty dataset, a size that is
/// no multiple of 4, or a damaged picture, naming it: a score over some of the pictures would not
/// be the score.
Evaluation evaluate(const Model& model, const Dataset& dataset, EvaluationOptions options);

/// As aligned text.
std::string evaluation_table(const Evaluation& evaluation);
/// As JSON, with the protocol: `data` and `split` name the dataset.
std::string evaluation_json(const Evaluation& evaluation, const std::string& data,
                            const std::string& split);

}  // namespace kintsugi
