#pragma once
#include <string>
#include <utility>
#include <vector>

#include "glcic/evaluation.h"

namespace kintsugi {

/// Where an evaluation's pictures and weights came from; what is empty is not told.
struct EvaluationSource {
  std::string data, split;
  std::vector<std::pair<std::string, std::string>> weights = {};  ///< system, file
};

/// How the figures came about, each point as its name and a sentence: pictures, crop and scale,
/// rule and seed of the holes, composite or raw, post-processing, what each figure means.
std::vector<std::pair<std::string, std::string>> evaluation_protocol(
    const Evaluation& evaluation, const EvaluationSource& source);

/// Means, differences to the first method and times as aligned text, then the protocol.
std::string evaluation_table(const Evaluation& evaluation, const EvaluationSource& source = {});
/// The same as Markdown, with the columns and rows of the contact sheet.
std::string evaluation_markdown(const Evaluation& evaluation, const EvaluationSource& source);

/// The same as JSON:
///
///   {"protocol": {"pictures": 67, "size": 64, "data": …, "split": …, "weights": {SYSTEM: FILE},
///                 "hole": "bins", "hole_sides": [LOW, HIGH], "bins": [{"name", "low", "high"}],
///                 "seed": 1, "measured": "composite" or "raw", "post_processing": ["none", …],
///                 "figures": {KEY: MEANING}, "text": {POINT: SENTENCE}},
///    "methods": [{"name": "GLCIC", KEY: ESTIMATE, …, "differences": {KEY: ESTIMATE, …},
///                 "bins": [{"name": "10-20 %", KEY: ESTIMATE, …, "differences": {…}}, …],
///                 "seconds": 0.01}, …],
///    "sheet": {"columns": ["original", "masked", "GLCIC", …], "rows": [PICTURE, …]}}
///
/// KEY is hole_l1, hole_l2, hole_psnr_db, hole_ssim, picture_l1, picture_l2, picture_psnr_db or
/// picture_ssim; ESTIMATE is {"mean", "standard_error", "confidence_95": [LOW, HIGH]}, the interval
/// null for a single picture; `differences` are the first method's figure minus this one's, on the
/// same pictures and holes. hole_sides stands there for rectangles of one range alone, seed where
/// holes are drawn, bins where there are bins, sheet where there is one.
std::string evaluation_json(const Evaluation& evaluation, const EvaluationSource& source);

}  // namespace kintsugi
