#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "glcic/evaluation.h"

namespace kintsugi {

std::string evaluation_table(const Evaluation& evaluation) {
  std::string table = fmt::format("{:<12}  {:>16}  {:>17}\n", "method", "hole PSNR, dB", "hole L1");
  for (const MethodResult& method : evaluation.methods)
    table +=
        fmt::format("{:<12}  {:>8.2f} ± {:<5.2f}  {:>8.4f} ± {:.4f}\n", method.name,
                    method.psnr.mean, method.psnr.margin(), method.l1.mean, method.l1.margin());
  const EvaluationOptions& options = evaluation.options;
  std::string holes =
      options.hole == HoleRule::centre
          ? fmt::format("the centre square of {} px", options.size / 2)
          : fmt::format("rectangles with sides of {} to {} px, seed {}", options.hole_range.low,
                        options.hole_range.high, options.seed);
  return table + fmt::format(
                     "{0} pictures of {1} x {1} px, holes: {2}; ± is the 95 % confidence "
                     "interval of the mean\n",
                     evaluation.pictures, options.size, holes);
}

std::string evaluation_json(const Evaluation& evaluation, const std::string& data,
                            const std::string& split) {
  using Json = nlohmann::ordered_json;
  const EvaluationOptions& options = evaluation.options;
  Json protocol = {
      {"data", data},
      {"split", split},
      {"pictures", evaluation.pictures},
      {"size", options.size},
      {"picture", "centre square, scaled"},
      {"hole", to_string(options.hole)},
  };
  if (options.hole == HoleRule::random) {
    protocol["hole_sides"] = {options.hole_range.low, options.hole_range.high};
    protocol["seed"] = options.seed;
  } else {
    protocol["hole_sides"] = {options.size / 2, options.size / 2};
  }
  protocol["compared"] =
      "composite with original, over the hole's pixels and RGB, values in [0, 1]";
  protocol["hole_psnr_db"] = "mean over pictures of 10 log10(1 / mean squared error), at most 100";
  protocol["hole_l1"] = "mean over pictures of the mean absolute error";

  const auto as_json = [](const Estimate& value) {
    return Json{{"mean", value.mean},
                {"standard_error", value.standard_error},
                {"confidence_95", {value.mean - value.margin(), value.mean + value.margin()}}};
  };
  Json methods = Json::array();
  for (const MethodResult& method : evaluation.methods)
    methods.push_back({{"name", method.name},
                       {"hole_psnr_db", as_json(method.psnr)},
                       {"hole_l1", as_json(method.l1)}});
  // File names need not be UTF-8.
  return Json{{"protocol", protocol}, {"methods", methods}}.dump(2, ' ', false,
                                                                 Json::error_handler_t::replace) +
         "\n";
}

}  // namespace kintsugi
