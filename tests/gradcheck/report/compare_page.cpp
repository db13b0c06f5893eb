#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "glcic/html.h"
#include "tests/gradcheck/report/entry_section.h"
#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/pages.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

/// The same check in both runs; null where a run does not have it.
struct Pair {
  std::string name;
  int order = 1;
  const CheckResult *before = nullptr, *after = nullptr;

  /// Decades between the worst errors.
  double distance() const {
    const auto decade = [](const CheckResult& result) {
      return std::log10(std::max(result.worst, 1e-16));
    };
    return before == nullptr || after == nullptr ? 0 : std::abs(decade(*after) - decade(*before));
  }
  bool verdict_changed() const {
    return before == nullptr || after == nullptr || before->passed != after->passed;
  }
};

std::vector<Pair> pairs_of(const Run& before, const Run& after) {
  std::vector<Pair> pairs;
  const auto place = [&](const Entry& entry, int order) -> Pair& {
    const std::string name = entry.kind + " " + entry.name;
    for (Pair& pair : pairs)
      if (pair.name == name && pair.order == order) return pair;
    pairs.push_back({.name = name, .order = order});
    return pairs.back();
  };
  for (const Entry& entry : before.entries)
    for (const CheckResult& result : entry.checks) place(entry, result.order).before = &result;
  for (const Entry& entry : after.entries)
    for (const CheckResult& result : entry.checks) place(entry, result.order).after = &result;
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::pair(!a.verdict_changed(), -a.distance()) <
           std::pair(!b.verdict_changed(), -b.distance());
  });
  return pairs;
}

std::string verdict(const CheckResult* result) {
  return result == nullptr ? "not there"
         : result->skipped ? "declared none"
         : result->passed  ? "ok"
                           : "FAILED";
}
std::string worst(const CheckResult* result) {
  return result == nullptr ? "–" : fmt::format("{:.1e}", result->worst);
}
std::string title_of(const Run& run) {
  return run.broken.empty() ? run.device : fmt::format("{}, broken: {}", run.device, run.broken);
}

std::string table(const std::vector<Pair>& pairs, const Run& before, const Run& after) {
  std::string rows;
  for (const Pair& pair : pairs) {
    const auto cell = [](const CheckResult* result) {
      const bool good = result != nullptr && result->passed;
      return fmt::format("<td>{}</td><td class=\"{}\">{}</td>", worst(result),
                         good ? "ok" : "failed", verdict(result));
    };
    rows += fmt::format("<tr><td>{}</td><td>{}</td>{}{}</tr>", html_text(pair.name),
                        pair.order == 1 ? "first" : "second", cell(pair.before), cell(pair.after));
  }
  return fmt::format(
      "<div class=\"wide\"><table><tr><th>check</th><th>order</th><th>A: {}</th><th></th>"
      "<th>B: {}</th><th></th></tr>{}</table></div>",
      html_text(title_of(before)), html_text(title_of(after)), rows);
}

std::string side(const char* letter, const CheckResult* result, double tolerance) {
  if (result == nullptr)
    return fmt::format("<div><p class=\"note\">{}: not there</p></div>", letter);
  std::string html = fmt::format("<div><p class=\"note\">{}: worst error {}, {}</p>", letter,
                                 worst(result), verdict(result));
  if (!result->passed) html += "<p class=\"said\">" + html_text(result->failure) + "</p>";
  return html + maps_of(*result, tolerance) + "</div>";
}

}  // namespace

std::string compare_page(const Run& before, const Run& after) {
  const std::vector<Pair> pairs = pairs_of(before, after);
  const auto changed = std::count_if(pairs.begin(), pairs.end(),
                                     [](const Pair& pair) { return pair.verdict_changed(); });
  std::string content = fmt::format(
      "<p>{} checks, {} with another verdict. Those come first, then the ones whose worst errors "
      "lie "
      "farthest apart.</p>",
      pairs.size(), changed);
  content += table(pairs, before, after) + "<h2>What changed, as pictures</h2>" +
             error_scale(after.tolerance);
  for (const Pair& pair : pairs) {
    if (!pair.verdict_changed() && pair.distance() < 1) continue;
    content += fmt::format("<section><h3>{}, {} order</h3><div class=\"pair\">{}{}</div></section>",
                           html_text(pair.name), pair.order == 1 ? "first" : "second",
                           side("A", pair.before, before.tolerance),
                           side("B", pair.after, after.tolerance));
  }
  return page("Two runs of the gradient checks", content);
}

std::string compare_markdown(const Run& before, const Run& after) {
  std::string text = fmt::format(
      "# Two runs of the gradient checks\n\n| check | order | A: {} | | B: {} | |\n"
      "|---|---|---:|---|---:|---|\n",
      title_of(before), title_of(after));
  for (const Pair& pair : pairs_of(before, after))
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", pair.name,
                        pair.order == 1 ? "first" : "second", worst(pair.before),
                        verdict(pair.before), worst(pair.after), verdict(pair.after));
  return text;
}

}  // namespace kintsugi
