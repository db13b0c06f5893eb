#include "tests/gradcheck/report/entry_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "glcic/html.h"
#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/math.h"
#include "tests/gradcheck/report/source.h"
#include "tests/gradcheck/report/text.h"
#include "tests/gradcheck/report/v_plot.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

std::string formulas(const Entry& entry) {
  const bool is_equation = entry.formula.find(" = ") != std::string::npos;
  std::string html = fmt::format("<div class=\"formula\"><b>{}</b>{}</div>",
                                 is_equation ? "" : "y =", math_html(entry.formula));
  for (const std::string& part : separate_formulas(entry.derivative))
    html += fmt::format("<div class=\"formula\"><b>∂</b>{}</div>", math_html(part));
  return html;
}

std::string verdict(const CheckResult& result) {
  if (result.skipped) return "<span class=\"ok\">declared none</span>";
  return result.passed ? "<span class=\"ok\">ok</span>" : "<span class=\"failed\">FAILED</span>";
}

std::string check_row(const std::string& device, const CheckResult& result) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.1e}</td><td>{}</td><td>{}</td>"
      "<td class=\"where\">{}</td></tr>",
      html_text(device), result.order == 1 ? "first" : "second", result.samples, result.elements,
      result.worst, result.kinks_excluded, verdict(result), html_text(result.where));
}

std::string check_table(const MergedEntry& merged) {
  std::string rows, said;
  for (const auto& [device, results] : merged.devices)
    for (const CheckResult& result : results) {
      rows += check_row(device, result);
      if (!result.passed)
        said += fmt::format("<p class=\"said\">{}: {}</p>", device, html_text(result.failure));
    }
  return "<div class=\"wide\"><table><tr><th>device</th><th>order</th><th>samples</th>"
         "<th>elements</th><th>worst error</th><th>kinks</th><th>verdict</th>"
         "<th class=\"text\">where</th></tr>" +
         rows + "</table></div>" + said;
}

std::string input_text(const SampleInputText& input) {
  std::string text =
      fmt::format("{} in [{:g}, {:g}]", shape_text(input.shape), input.low, input.high);
  if (!input.differentiable) text += ", no gradient";
  if (input.zero_gradient) text += ", gradient 0 as declared";
  return text;
}

std::string sample_list(const Entry& entry) {
  std::string items;
  for (size_t i = 0; i < entry.samples.size(); ++i) {
    const SampleText& sample = entry.samples[i];
    std::vector<std::string> inputs;
    for (const SampleInputText& input : sample.inputs) inputs.push_back(input_text(input));
    items +=
        fmt::format("<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{} → {}</td></tr>",
                    i, html_text(sample.label), joined(inputs, "; "), shape_text(sample.output));
  }
  std::string kinks;
  for (const double kink : entry.kinks) kinks += fmt::format(" Kink at {:g}.", kink);
  if (entry.differences_kink) kinks += " Kinks where two elements are equal.";
  return fmt::format(
      "<details><summary>{} sample{}: shapes and numbers</summary><p class=\"note\">Uniform random "
      "numbers in float64.{}</p><div class=\"wide\"><table><tr><th>sample</th><th class=\"text\">"
      "what is special</th><th class=\"text\">inputs → output</th></tr>{}</table></div></details>",
      entry.samples.size(), entry.samples.size() == 1 ? "" : "s", kinks, items);
}

std::string maps_by_device(const MergedEntry& merged, int order, double tolerance) {
  std::string html;
  for (const auto& [device, results] : merged.devices)
    for (const CheckResult& result : results) {
      if (result.order != order || result.inputs.empty()) continue;
      if (merged.devices.size() > 1)
        html += fmt::format("<p class=\"note\">{}</p>", html_text(device));
      html += maps_of(result, tolerance);
    }
  return html;
}

bool failed(const MergedEntry& merged, int order) {
  for (const auto& device : merged.devices)
    for (const CheckResult& result : device.second)
      if (result.order == order && !result.passed) return true;
  return false;
}

std::string maps(const MergedEntry& merged, double tolerance) {
  std::string html;
  for (const int order : {1, 2}) {
    const std::string content = maps_by_device(merged, order, tolerance);
    if (content.empty()) continue;
    html +=
        fmt::format("<details{}><summary>Errors of every element, {} order</summary>{}</details>",
                    order == 1 || failed(merged, order) ? " open" : "",
                    order == 1 ? "first" : "second", content);
  }
  return html;
}

std::string memory_table(const Entry& entry) {
  if (entry.kept.tensors.empty()) return "";
  std::string rows;
  for (const KeptTensor& tensor : entry.kept.tensors) {
    const std::string readers =
        tensor.read_by.empty() ? "–" : fmt::format("of {}", joined(tensor.read_by));
    const std::string bytes = tensor.bytes == 0 ? "shared" : fmt::format("{}", tensor.bytes);
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"text\">{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
        html_text(tensor.what), shape_text(tensor.shape), bytes, readers);
  }
  if (entry.kept.extra_bytes > 0)
    rows += fmt::format(
        "<tr><td>put aside</td><td></td><td>{}</td><td class=\"text\">what the op "
        "stored for its backward besides</td></tr>",
        entry.kept.extra_bytes);
  return fmt::format(
      "<details><summary>Memory between forward and backward</summary><p>{}</p><div class=\"wide\">"
      "<table><tr><th>tensor</th><th class=\"text\">shape</th><th>bytes</th><th "
      "class=\"text\">read "
      "by the gradients</th></tr>{}</table></div><p class=\"note\">{}, in float64. Measured: a "
      "tensor "
      "is read by the gradients that change when it is spoilt between the two "
      "passes.</p></details>",
      html_text(entry.reason), rows, html_text(entry.kept.place));
}

std::string source(const Entry& entry, const std::string& root, const std::string& to_root) {
  const SourcePlace place = find_source(root, entry);
  if (place.file.empty()) return "";
  return fmt::format(
      "<details><summary>Source</summary><p><a href=\"{0}{1}#L{2}\">{1}, line {2}</a></p>"
      "<pre>{3}</pre></details>",
      to_root, place.file, place.line, html_text(place.excerpt));
}

}  // namespace

std::string maps_of(const CheckResult& result, double tolerance) {
  std::string figures;
  for (const InputMap& map : result.inputs) {
    const bool wrong = !map.got.values.empty();
    const std::string sample = result.samples == 1 ? "" : html_text(map.place) + "<br>";
    const std::string figure =
        fmt::format("<figure>{}<figcaption>{}{} {}</figcaption></figure>",
                    error_map(map, tolerance), sample, html_text(map.input), shape_text(map.shape));
    figures +=
        wrong ? fmt::format("<div class=\"wrong\">{}{}</div>", figure, gradient_maps(map)) : figure;
  }
  return figures.empty() ? "" : "<div class=\"maps\">" + figures + "</div>";
}

std::string entry_section(const MergedEntry& merged, double tolerance, const std::string& root,
                          const std::string& to_root) {
  const Entry& entry = merged.entry;
  const std::string anchor = anchor_of(entry);
  std::string html = fmt::format("<section id=\"{0}\"><h3><a href=\"#{0}\">{1}</a></h3>", anchor,
                                 html_text(entry.name));
  if (entry.kind == "network")
    html += "<p class=\"note\">" + html_text(entry.samples[0].label) + "</p>";
  html += formulas(entry) + check_table(merged);
  html +=
      "<div class=\"pair\"><div>" + maps(merged, tolerance) + "</div><div>" + v_plot(entry.steps);
  if (!entry.steps.steps.empty())
    html += fmt::format("<p class=\"note\">{} ({}, {} elements)</p>", v_words(entry.steps),
                        html_text(entry.steps.place), entry.steps.elements);
  html += "</div></div>" + sample_list(entry) + memory_table(entry);
  return html + source(entry, root, to_root) + "</section>";
}

}  // namespace kintsugi
