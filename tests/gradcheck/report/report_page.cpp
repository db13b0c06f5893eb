#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "glcic/html.h"
#include "glcic/page_style.h"
#include "tests/gradcheck/report/entry_section.h"
#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/pages.h"
#include "tests/gradcheck/report/style.h"

namespace kintsugi {

namespace {

using gradcheck_run::Run;

constexpr const char* kHow = R"html(
<h2>How to read it</h2>
<p>A gradient is a formula that somebody derived and somebody typed. Whether it is right can be
measured: move one input a little, up and down, and see how the output changes. Each op and layer is
checked so, in float64, for every element of every input, with a random cotangent <i>u</i>:
<math><mi>L</mi><mo>(</mo><mi>x</mi><mo>)</mo><mo>=</mo><mrow><mo>⟨</mo><mi>u</mi><mo>,</mo><mi>f</mi>
<mo>(</mo><mi>x</mi><mo>)</mo><mo>⟩</mo></mrow></math>, and</p>
<p class="formula"><math display="block"><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi>
<msub><mi>x</mi><mi>i</mi></msub></mrow></mfrac><mo>≈</mo><mfrac><mrow><mn>8</mn><mo>(</mo>
<mi>L</mi><mo>(</mo><mi>x</mi><mo>+</mo><msub><mi>ε</mi><mi>i</mi></msub><mo>)</mo><mo>−</mo>
<mi>L</mi><mo>(</mo><mi>x</mi><mo>−</mo><msub><mi>ε</mi><mi>i</mi></msub><mo>)</mo><mo>)</mo>
<mo>−</mo><mo>(</mo><mi>L</mi><mo>(</mo><mi>x</mi><mo>+</mo><mn>2</mn><msub><mi>ε</mi><mi>i</mi></msub>
<mo>)</mo><mo>−</mo><mi>L</mi><mo>(</mo><mi>x</mi><mo>−</mo><mn>2</mn><msub><mi>ε</mi><mi>i</mi></msub>
<mo>)</mo><mo>)</mo></mrow><mrow><mn>12</mn><mi>ε</mi></mrow></mfrac></math></p>
<p><b>Second order</b> is the same check of the gradient itself, as a function of the inputs and of the
cotangent. <b>Kinks</b> are places without a derivative, such as 0 for ReLU: elements too near to one
are drawn again or left out, and counted.</p>
<p><b>The maps</b> show the relative error of every element. An element [i, j, k, l] is in the tile of
row i and column j, and there in row k and column l. A right backward is blue to green all over; a
wrong one shows where it is wrong, and then the expected gradient and the one that was got stand
beside the map (blue below zero, white at zero, orange above).</p>)html";

constexpr const char* kKey =
    "<p class=\"note\"><span class=\"key\" style=\"background:#969696\"></span>left out, near a "
    "kink"
    "<span class=\"key\" style=\"background:#000;outline:1px solid #888\"></span>not a number</p>";

constexpr const char* kV = R"html(
<p><b>The V</b>: the error of the numerical derivative itself, against the step ε. A large step errs by
what Taylor's series goes on with, here by ε⁴: a line of slope 4 to the right. A small step divides
the rounding of <i>f</i> by ε: a line of slope −1 to the left. Between them is the best step. Both lines
are predicted (dashed) from <i>f</i> and its fifth derivative alone, then measured (dots). The dotted
vertical line is the step that the checks take, 10<sup>−4</sup>. In float32 the V's bottom is so high
that a gradient check there proves little. Where a backward is wrong there is no V: its error is
the same for every step.</p>)html";

/// A heading for each kind, and its entries.
constexpr std::pair<const char*, const char*> kKinds[] = {
    {"op", "Ops"}, {"layer", "Layers"}, {"network", "GLCIC's networks, layer by layer"}};

bool has_kind(const MergedRuns& runs, const std::string& kind) {
  return std::any_of(runs.entries.begin(), runs.entries.end(),
                     [&](const MergedEntry& merged) { return merged.entry.kind == kind; });
}

std::string index_of(const MergedRuns& runs, const std::string& kind) {
  std::string items;
  for (const MergedEntry& merged : runs.entries) {
    if (merged.entry.kind != kind) continue;
    const EntrySummary summary = summarise(merged);
    items +=
        fmt::format("<li><a href=\"#{}\">{}</a><span{}>{}</span></li>", anchor_of(merged.entry),
                    html_text(merged.entry.name), summary.failed == 0 ? "" : " class=\"failed\"",
                    summary.failed == 0 ? fmt::format("{:.0e}", summary.worst) : "FAILED");
  }
  return "<ul class=\"index\">" + items + "</ul>";
}

std::string figures(const MergedRuns& runs) {
  int checks = 0, failed = 0;
  int64_t elements = 0;
  double worst = 0;
  for (const MergedEntry& merged : runs.entries) {
    const EntrySummary summary = summarise(merged);
    checks += summary.checks;
    elements += summary.elements;
    worst = std::max(worst, summary.worst);
    failed += summary.failed;
  }
  return fmt::format(
      "<dl class=\"figures\"><div><dt>checks</dt><dd>{}</dd></div><div><dt>failed</dt><dd{}>{}</dd>"
      "</div><div><dt>elements compared</dt><dd>{}</dd></div><div class=\"gain\"><dt>worst "
      "relative "
      "error</dt><dd>{:.1e}</dd></div></dl>",
      checks, failed == 0 ? "" : " class=\"failed\"", failed, elements, worst);
}

std::string machines(const MergedRuns& runs) {
  std::string text;
  for (const Run& head : runs.heads) {
    text += fmt::format("{}{} ({:.0f} s)", text.empty() ? "" : ", ", html_text(head.device),
                        head.seconds);
    if (!head.broken.empty())
      text += fmt::format(", <span class=\"failed\">every backward broken on purpose: {}</span>",
                          html_text(head.broken));
  }
  std::string absent;
  for (const char* device : {"emulated", "cuda"})
    if (std::none_of(runs.heads.begin(), runs.heads.end(),
                     [&](const Run& run) { return run.device == device; }))
      absent += (absent.empty() ? ". Not run here: " : ", ") + std::string(device);
  return "<p class=\"note\">Gradients computed on: " + text + absent + ".</p>";
}

}  // namespace

std::string page(const std::string& title, const std::string& content) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>{0}</title><style>{1}{2}</style>"
      "<main><h1>{0}</h1>{3}</main></html>\n",
      html_text(title), kPageStyle, kGradcheckStyle, content);
}

std::string report_page(const MergedRuns& runs, const std::string& root, const std::string& to_root,
                        const std::string& links) {
  std::string content =
      "<p>Numerical against analytical gradients: every op, every layer, and GLCIC's networks "
      "layer "
      "by layer.</p>" +
      figures(runs) + machines(runs) + links;
  for (const auto& [kind, heading] : kKinds)
    if (has_kind(runs, kind)) content += fmt::format("<h3>{}</h3>", heading) + index_of(runs, kind);
  content += kHow + error_scale(runs.tolerance) + kKey + kV;
  for (const auto& [kind, heading] : kKinds) {
    if (!has_kind(runs, kind)) continue;
    content += fmt::format("<h2>{}</h2>", heading);
    for (const MergedEntry& merged : runs.entries)
      if (merged.entry.kind == kind)
        content += entry_section(merged, runs.tolerance, root, to_root);
  }
  return page("Gradient checks", content);
}

}  // namespace kintsugi
