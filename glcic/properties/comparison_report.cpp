#include <fmt/core.h>

#include <algorithm>

#include "glcic/properties/comparison.h"
#include "glcic/text_table.h"

namespace kintsugi {
namespace {

std::string cell(const Estimate& figure, int decimals) {
  return fmt::format("{0:.{2}f} ± {1:.{2}f}", figure.mean, figure.margin(), decimals);
}

std::string sizes_cell(const std::vector<SizeOutcome>& sizes) {
  const auto completed = std::count_if(
      sizes.begin(), sizes.end(), [](const SizeOutcome& size) { return size.refusal.empty(); });
  return fmt::format("{} of {}", completed, sizes.size());
}

TextTable table_of(const Comparison& comparison) {
  const std::vector<PropertyInfo>& infos = property_infos();
  TextTable table{{"method", "any size"}, {}};
  for (const PropertyInfo& info : infos) table.header.push_back(info.title);
  for (const MethodProperties& method : comparison.methods) {
    std::vector<std::string> row{method.name, sizes_cell(method.sizes)};
    for (size_t k = 0; k < infos.size(); ++k)
      row.push_back(method.figures.empty() ? "–" : cell(method.figures[k], infos[k].decimals));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// One sentence for each method that refuses something, with the first of its own sentences.
std::vector<std::string> refusals(const Comparison& comparison) {
  std::vector<std::string> sentences;
  for (const MethodProperties& method : comparison.methods) {
    std::string refused, why;
    for (const SizeOutcome& outcome : method.sizes) {
      if (outcome.refusal.empty()) continue;
      refused += (refused.empty() ? "" : ", ") + to_string(outcome.size);
      if (why.empty()) why = outcome.refusal;
    }
    if (!refused.empty())
      sentences.push_back(
          fmt::format("{} does not complete {}: \"{}\"", method.name, refused, why));
  }
  return sentences;
}

std::vector<std::string> notes(const Comparison& comparison) {
  const ComparisonOptions& options = comparison.options;
  std::string sizes;
  for (const PictureSize& size : options.sizes)
    sizes += (sizes.empty() ? "" : ", ") + to_string(size);
  std::vector<std::string> lines = refusals(comparison);
  lines.push_back(fmt::format(
      "{0} pictures of {1} x {1} px, holes: the centre square of {2} px; ± is the 95 % confidence "
      "interval of the mean",
      comparison.pictures, options.size, options.size / 2));
  lines.push_back(fmt::format("any size: completed sizes of {}, on one picture", sizes));
  for (const PropertyInfo& info : property_infos())
    lines.push_back(info.title + ": " + info.meaning);
  lines.push_back(fmt::format(
      "just inside the rim: up to {} px from it; deep: more than {} px; patches: {} x {} px",
      options.scales.rim, options.scales.depth, options.scales.patch, options.scales.patch));
  return lines;
}

}  // namespace

std::string comparison_table(const Comparison& comparison) {
  std::string text = as_text(table_of(comparison)) + "\n";
  for (const std::string& note : notes(comparison)) text += note + "\n";
  return text;
}

std::string comparison_markdown(const Comparison& comparison) {
  std::string text = as_markdown(table_of(comparison)) + "\n";
  for (const std::string& note : notes(comparison)) text += "- " + as_markdown_cell(note) + "\n";
  return text;
}

}  // namespace kintsugi
