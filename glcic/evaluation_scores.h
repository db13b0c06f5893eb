#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "glcic/evaluation.h"

namespace kintsugi {

/// What one method reached, hole by hole.
struct MethodScores {
  std::string name;
  std::vector<Figures> holes;  ///< of picture i in bin b at i·bins + b
  double seconds = 0.0;        ///< for all of them together
};

struct EvaluationScores {
  int64_t pictures = 0;
  int64_t bins = 1;  ///< 1 where there are none
  std::vector<MethodScores> methods;
  EvaluationSheet sheet;
};

/// The first half of evaluate(): completes the pictures and measures them. The options are those
/// that evaluate() has checked; names, methods and post-processings are checked here.
EvaluationScores score_methods(const std::vector<NamedModel>& systems, const Dataset& dataset,
                               const EvaluationOptions& options);

}  // namespace kintsugi
