#include <fmt/format.h>

#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/pages.h"
#include "tests/gradcheck/report/source.h"
#include "tests/gradcheck/report/text.h"
#include "tests/gradcheck/report/v_plot.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

/// A bar of a table's row must not end its cell.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

const char* verdict(const CheckResult& result) {
  return result.skipped ? "declared none" : result.passed ? "ok" : "**FAILED**";
}

std::string checks(const MergedEntry& merged) {
  std::string text =
      "| device | order | samples | elements | worst error | kinks | verdict | where |\n"
      "|---|---|---:|---:|---:|---:|---|---|\n";
  std::string said;
  for (const auto& [device, results] : merged.devices)
    for (const CheckResult& result : results) {
      text += fmt::format("| {} | {} | {} | {} | {:.1e} | {} | {} | {} |\n", device,
                          result.order == 1 ? "first" : "second", result.samples, result.elements,
                          result.worst, result.kinks_excluded, verdict(result), cell(result.where));
      if (!result.passed) said += fmt::format("\n> {}\n", result.failure);
    }
  return text + said;
}

std::string samples(const Entry& entry) {
  std::string text = "\nSamples:\n\n";
  for (size_t i = 0; i < entry.samples.size(); ++i) {
    const SampleText& sample = entry.samples[i];
    std::vector<std::string> shapes;
    for (const SampleInputText& input : sample.inputs) shapes.push_back(shape_text(input.shape));
    text += fmt::format("{}. {}{}{} → {}\n", i, sample.label, sample.label.empty() ? "" : ": ",
                        joined(shapes), shape_text(sample.output));
  }
  return text;
}

std::string memory(const Entry& entry) {
  if (entry.kept.tensors.empty()) return "";
  std::string text = fmt::format("\nBackward keeps: {}\n\n", entry.reason);
  for (const KeptTensor& tensor : entry.kept.tensors)
    text += fmt::format(
        "- {} {}, {} bytes, read by {}\n", tensor.what, shape_text(tensor.shape), tensor.bytes,
        tensor.read_by.empty() ? "no gradient"
                               : fmt::format("the gradients of {}", joined(tensor.read_by)));
  if (entry.kept.extra_bytes > 0)
    text += fmt::format("- put aside besides: {} bytes\n", entry.kept.extra_bytes);
  return text;
}

std::string section(const MergedEntry& merged, const std::string& root,
                    const std::string& to_root) {
  const Entry& entry = merged.entry;
  std::string text = fmt::format("\n### {}\n\n    y = {}\n    {}\n\n", entry.name, entry.formula,
                                 entry.derivative);
  text += checks(merged) + samples(entry);
  if (!entry.steps.steps.empty())
    text += fmt::format("\nNumerical derivatives: {}\n", v_words(entry.steps));
  text += memory(entry);
  const SourcePlace place = find_source(root, entry);
  if (!place.file.empty())
    text +=
        fmt::format("\nSource: [{0}, line {1}]({2}{0}#L{1})\n", place.file, place.line, to_root);
  return text;
}

}  // namespace

std::string report_markdown(const MergedRuns& runs, const std::string& root,
                            const std::string& to_root) {
  std::string text = fmt::format(
      "# Gradient checks\n\nNumerical against analytical gradients in float64, every element of "
      "every "
      "input; a relative error of {:.0e} is allowed. The page index.html has the pictures.\n",
      runs.tolerance);
  std::string kind;
  for (const MergedEntry& merged : runs.entries) {
    if (merged.entry.kind != kind) {
      kind = merged.entry.kind;
      text += fmt::format("\n## {}\n", kind == "op"      ? "Ops"
                                       : kind == "layer" ? "Layers"
                                                         : "GLCIC's networks, layer by layer");
    }
    text += section(merged, root, to_root);
  }
  return text;
}

}  // namespace kintsugi
