#include <nlohmann/json.hpp>

#include "glcic/evaluation_report.h"

namespace kintsugi {
namespace {

using Json = nlohmann::ordered_json;

Json as_json(const Estimate& value) {
  Json json{{"mean", value.mean}, {"standard_error", value.standard_error}};
  if (value.count < 2)
    json["confidence_95"] = nullptr;
  else
    json["confidence_95"] = {value.mean - value.margin(), value.mean + value.margin()};
  return json;
}

/// Adds the means to `json`, and the differences as a member of it.
void add_figures(Json& json, const MethodFigures& figures) {
  Json differences = Json::object();
  for (const Figure figure : kFigures) {
    json[figure_info(figure).key] = as_json(figures.means[figure]);
    differences[figure_info(figure).key] = as_json(figures.differences[figure]);
  }
  json["differences"] = std::move(differences);
}

Json protocol_of(const Evaluation& evaluation, const EvaluationSource& source) {
  const EvaluationOptions& options = evaluation.options;
  const HoleOptions& holes = options.holes;
  Json protocol{{"pictures", evaluation.pictures}, {"size", options.size}};
  if (!source.data.empty()) {
    protocol["data"] = source.data;
    protocol["split"] = source.split;
  }
  for (const auto& [system, file] : source.weights) protocol["weights"][system] = file;
  protocol["hole"] = to_string(holes.rule);
  if (holes.rule == HoleRule::centre) protocol["hole_sides"] = {options.size / 2, options.size / 2};
  if (holes.rule == HoleRule::random) protocol["hole_sides"] = {holes.sides.low, holes.sides.high};
  for (const HoleBin& bin : hole_bins(holes.rule))
    protocol["bins"].push_back({{"name", bin.name}, {"low", bin.low}, {"high", bin.high}});
  if (holes.rule != HoleRule::centre) protocol["seed"] = holes.seed;
  protocol["measured"] = options.raw ? "raw" : "composite";
  protocol["post_processing"] = options.posts;
  for (const Figure figure : kFigures)
    protocol["figures"][figure_info(figure).key] = figure_info(figure).meaning;
  for (const auto& [name, sentence] : evaluation_protocol(evaluation, source))
    protocol["text"][name] = sentence;
  return protocol;
}

Json method_of(const MethodResult& method, const std::vector<HoleBin>& bins) {
  Json json{{"name", method.name}};
  add_figures(json, method.overall);
  for (size_t i = 0; i < method.bins.size(); ++i) {
    Json bin{{"name", bins[i].name}};
    add_figures(bin, method.bins[i]);
    json["bins"].push_back(std::move(bin));
  }
  json["seconds"] = method.seconds;
  return json;
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation, const EvaluationSource& source) {
  Json json{{"protocol", protocol_of(evaluation, source)}, {"methods", Json::array()}};
  for (const MethodResult& method : evaluation.methods)
    json["methods"].push_back(method_of(method, hole_bins(evaluation.options.holes.rule)));
  if (!evaluation.sheet.rows.empty())
    json["sheet"] = {{"columns", evaluation.sheet.columns}, {"rows", evaluation.sheet.rows}};
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kintsugi
