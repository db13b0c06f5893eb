#include "glcic/evaluation.h"

#include "glcic/evaluation_scores.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

void check_options(const std::vector<NamedModel>& systems, const Dataset& dataset,
                   const EvaluationOptions& options) {
  const int64_t size = options.size;
  check(size >= 4 && size % 4 == 0, "evaluate: size {} is not a multiple of 4", size);
  check(options.batch >= 1, "evaluate: a batch of {} holes", options.batch);
  check(options.limit >= 0, "evaluate: a limit of {} pictures", options.limit);
  check(options.sheet_pictures >= 0, "evaluate: a sheet of {} pictures", options.sheet_pictures);
  check(!systems.empty() && !options.posts.empty(), "evaluate: there is nothing to measure");
  check(dataset.size() > 0, "evaluate: there are no pictures in this split");
  for (const NamedModel& system : systems) check_fits(system.model, size, size);
}

/// One value a picture: the mean of a figure over the bins from `first` to before `end`.
std::vector<double> values(const EvaluationScores& scores, const MethodScores& method,
                           Figure figure, int64_t first, int64_t end) {
  std::vector<double> means;
  for (int64_t picture = 0; picture < scores.pictures; ++picture) {
    double sum = 0.0;
    for (int64_t bin = first; bin < end; ++bin)
      sum += method.holes[static_cast<size_t>(picture * scores.bins + bin)][figure];
    means.push_back(sum / static_cast<double>(end - first));
  }
  return means;
}

/// Of one method, and against the first one, over the same bins.
MethodFigures summary(const EvaluationScores& scores, const MethodScores& method, int64_t first,
                      int64_t end) {
  MethodFigures result;
  for (const Figure figure : kFigures) {
    const std::vector<double> own = values(scores, method, figure, first, end);
    result.means[figure] = estimate(own);
    result.differences[figure] =
        estimate_difference(values(scores, scores.methods.front(), figure, first, end), own);
  }
  return result;
}

MethodResult result_of(const EvaluationScores& scores, const MethodScores& method, bool has_bins) {
  MethodResult result{.name = method.name, .overall = summary(scores, method, 0, scores.bins)};
  for (int64_t bin = 0; has_bins && bin < scores.bins; ++bin)
    result.bins.push_back(summary(scores, method, bin, bin + 1));
  result.seconds = method.seconds / static_cast<double>(method.holes.size());
  return result;
}

}  // namespace

Evaluation evaluate(const std::vector<NamedModel>& systems, const Dataset& dataset,
                    EvaluationOptions options) {
  check_options(systems, dataset, options);
  if (options.holes.rule == HoleRule::random && options.holes.sides == HoleRange{})
    options.holes.sides = default_hole_range(options.size);
  EvaluationScores scores = score_methods(systems, dataset, options);
  const bool has_bins = !hole_bins(options.holes.rule).empty();
  Evaluation evaluation{std::move(options), scores.pictures, {}, std::move(scores.sheet)};
  for (const MethodScores& method : scores.methods)
    evaluation.methods.push_back(result_of(scores, method, has_bins));
  return evaluation;
}

Evaluation evaluate(const Model& model, const Dataset& dataset, EvaluationOptions options) {
  return evaluate({{model.architecture->title, model}}, dataset, std::move(options));
}

}  // namespace kintsugi
