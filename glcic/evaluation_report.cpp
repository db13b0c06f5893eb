#include "glcic/evaluation_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "glcic/text_table.h"

namespace kintsugi {
namespace {

using Cell = std::function<std::string(const MethodFigures&, Figure)>;

/// Without bins: the hole's figures in one grid, the picture's in another, a column each.
std::vector<TextTable> grids_by_area(const Evaluation& evaluation, const std::string& corner,
                                     size_t first, const Cell& cell) {
  std::vector<TextTable> grids;
  const size_t half = kFigures.size() / 2;
  for (const size_t start : {size_t{0}, half}) {
    TextTable grid{{corner}, {}};
    for (size_t k = start; k < start + half; ++k)
      grid.header.push_back(figure_info(kFigures[k]).title);
    for (size_t i = first; i < evaluation.methods.size(); ++i) {
      const MethodResult& method = evaluation.methods[i];
      grid.rows.push_back({method.name});
      for (size_t k = start; k < start + half; ++k)
        grid.rows.back().push_back(cell(method.overall, kFigures[k]));
    }
    grids.push_back(std::move(grid));
  }
  return grids;
}

/// With bins: a grid for each figure, a column for each bin and one for all.
std::vector<TextTable> grids_by_figure(const Evaluation& evaluation, const std::string& corner,
                                       size_t first, const Cell& cell) {
  std::vector<TextTable> grids;
  for (const Figure figure : kFigures) {
    TextTable grid{{corner + ", " + figure_info(figure).title}, {}};
    for (const HoleBin& bin : hole_bins(evaluation.options.holes.rule))
      grid.header.push_back(bin.name);
    grid.header.emplace_back("all");
    for (size_t i = first; i < evaluation.methods.size(); ++i) {
      const MethodResult& method = evaluation.methods[i];
      grid.rows.push_back({method.name});
      for (const MethodFigures& bin : method.bins) grid.rows.back().push_back(cell(bin, figure));
      grid.rows.back().push_back(cell(method.overall, figure));
    }
    grids.push_back(std::move(grid));
  }
  return grids;
}

std::vector<TextTable> all_grids(const Evaluation& evaluation) {
  const bool has_bins = !hole_bins(evaluation.options.holes.rule).empty();
  const auto make = has_bins ? grids_by_figure : grids_by_area;
  std::vector<TextTable> grids =
      make(evaluation, "method", 0, [](const MethodFigures& figures, Figure figure) {
        const Estimate& value = figures.means[figure];
        return fmt::format("{0:.{2}f} ± {1:.{2}f}", value.mean, value.margin(),
                           figure_info(figure).decimals);
      });
  TextTable times{{"method", "ms a hole"}, {}};
  for (const MethodResult& method : evaluation.methods)
    times.rows.push_back({method.name, fmt::format("{:.2f}", method.seconds * 1e3)});
  grids.push_back(std::move(times));
  if (evaluation.methods.size() < 2) return grids;
  for (TextTable& grid : make(evaluation, evaluation.methods.front().name + " minus", 1,
                              [](const MethodFigures&figures, Figure figure) {
                                const Estimate& value = figures.differences[figure];
                                return fmt::format("{0:+.{2}f} ± {1:.{2}f}", value.mean,
                                                   value.margin(), figure_info(figure).decimals);
                              }))
    grids.push_back(std::move(grid));
  return grids;
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> evaluation_protocol(
    const Evaluation& evaluation, const EvaluationSource& source) {
  const EvaluationOptions& options = evaluation.options;
  const std::string first = evaluation.methods.front().name;
  std::vector<std::pair<std::string, std::string>> points;
  std::string pictures =
      fmt::format("{0} pictures of {1} x {1} px", evaluation.pictures, options.size);
  if (!source.data.empty()) pictures += fmt::format(" of {}, split {}", source.data, source.split);
  points.emplace_back("pictures", pictures);
  for (const auto& [system, file] : source.weights)
    points.emplace_back("weights of " + system, file);
  points.emplace_back("crop", "the centre square");
  points.emplace_back(
      "scale", fmt::format("its side to {} px, antialiased (triangle filter)", options.size));
  points.emplace_back("holes",
                      describe(options.holes, options.size) + "; the same for every method");
  if (!hole_bins(options.holes.rule).empty())
    points.emplace_back("bins",
                        "by the hole's share of the picture's area; every picture has a hole in "
                        "each; \"all\" is over each picture's mean over its holes");
  points.emplace_back("measured",
                      options.raw ? "raw: the networks' own output against the original, RGB in "
                                    "[0, 1], not rounded to 8 bits"
                                  : "composite: the original outside of the hole, the method's "
                                    "pixels inside, against the original, RGB in [0, 1], not "
                                    "rounded to 8 bits");
  points.emplace_back("post-processing",
                      options.posts == std::vector<std::string>{"none"}
                          ? "none"
                          : "of the first system: " + joined(options.posts, ", ") +
                                " (named after the +); of the others: none");
  for (const Figure figure : kFigures)
    points.emplace_back(figure_info(figure).title,
                        "mean over pictures of: " + figure_info(figure).meaning);
  points.emplace_back("±",
                      "half of the mean's 95 % confidence interval over pictures (Student's t)");
  if (evaluation.methods.size() > 1)
    points.emplace_back(first + " minus",
                        "its figure minus the other method's, paired: on the "
                        "same picture and hole");
  points.emplace_back("ms a hole",
                      "time on one thread, several pictures side by side; networks on "
                      "all threads, in batches");
  return points;
}

std::string evaluation_table(const Evaluation& evaluation, const EvaluationSource& source) {
  std::string text;
  for (const TextTable& grid : all_grids(evaluation)) text += as_text(grid) + "\n";
  for (const auto& [name, sentence] : evaluation_protocol(evaluation, source))
    text += name + ": " + sentence + "\n";
  return text;
}

std::string evaluation_markdown(const Evaluation& evaluation, const EvaluationSource& source) {
  std::string text;
  for (const TextTable& grid : all_grids(evaluation)) text += as_markdown(grid) + "\n";
  const EvaluationSheet& sheet = evaluation.sheet;
  if (!sheet.rows.empty()) {
    text += "Contact sheet, columns: " + as_markdown_cell(joined(sheet.columns, ", ")) + "\n\n";
    text += "Contact sheet, rows: " + as_markdown_cell(joined(sheet.rows, "; ")) + "\n\n";
  }
  for (const auto& [name, sentence] : evaluation_protocol(evaluation, source))
    text += "- " + name + ": " + as_markdown_cell(sentence) + "\n";
  return text;
}

}  // namespace kintsugi
