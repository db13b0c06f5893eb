#include <fmt/format.h>

#include <algorithm>

#include "glcic/html.h"
#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/pages.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

struct Totals {
  int applicable = 0, reported = 0;
};

Totals totals(const MutationRun& run) {
  Totals sum;
  for (const MutatedOp& op : run.ops)
    for (const Attempt& attempt : op.attempts) {
      sum.applicable += attempt.applicable;
      sum.reported += attempt.reported;
    }
  return sum;
}

std::string picture(const Attempt& attempt, double tolerance) {
  if (attempt.map.error.values.empty()) return "";
  return fmt::format(
      "<div class=\"maps\"><figure>{}<figcaption>error of {} {}</figcaption></figure>{}</div>",
      error_map(attempt.map, tolerance), html_text(attempt.map.input),
      shape_text(attempt.map.shape), gradient_maps(attempt.map));
}

std::string example(const MutationRun& run, const std::string& mutation, double tolerance) {
  for (const Attempt& attempt : run.example.attempts)
    if (attempt.mutation == mutation)
      return fmt::format("{}<p class=\"note\">{}</p>", picture(attempt, tolerance),
                         html_text(attempt.failure));
  return "";
}

/// A name as an element's id.
std::string id_of(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string catalogue(const MutationRun& run, double tolerance) {
  std::string html;
  for (const MutationText& text : run.mutations)
    html += fmt::format(
        "<section id=\"{5}\"><h3>{0}</h3><p>{1}</p><pre>{2}</pre>{3}<p><b>How to recognise it.</b> "
        "{4}</p></section>",
        html_text(text.name), html_text(text.mistake), html_text(text.code),
        example(run, text.name, tolerance), html_text(text.picture), id_of(text.name));
  return html;
}

std::string cell(const Attempt& attempt) {
  if (attempt.applicable == 0)
    return fmt::format("<td title=\"{}\">–</td>", html_text(attempt.why_not));
  const bool all = attempt.reported == attempt.applicable;
  return fmt::format("<td class=\"{}\">{} of {}</td>", all ? "ok" : "failed", attempt.reported,
                     attempt.applicable);
}

std::string matrix(const MutationRun& run) {
  std::string html = "<div class=\"wide\"><table class=\"grid\"><tr><th>op</th>";
  for (const MutationText& text : run.mutations)
    html += fmt::format("<th><a href=\"#{}\">{}</a></th>", id_of(text.name), html_text(text.name));
  html += "</tr>";
  for (const MutatedOp& op : run.ops) {
    html += fmt::format("<tr><td class=\"plain\"><a href=\"#op-{0}\">{0}</a></td>", op.name);
    for (const Attempt& attempt : op.attempts) html += cell(attempt);
    html += "</tr>";
  }
  return html + "</table></div>";
}

std::string op_section(const MutatedOp& op, double tolerance) {
  std::string cases, absent;
  for (const Attempt& attempt : op.attempts) {
    if (attempt.applicable == 0) {
      absent += fmt::format("{}<b>{}</b> {}", absent.empty() ? "" : "; ",
                            html_text(attempt.mutation), html_text(attempt.why_not));
      continue;
    }
    cases += fmt::format("<div><b>{}</b>{}<p>{}</p></div>", html_text(attempt.mutation),
                         picture(attempt, tolerance), html_text(attempt.failure));
  }
  if (!absent.empty()) absent = "<p class=\"note\">Do not apply: " + absent + ".</p>";
  return fmt::format(
      "<details><summary>{0}</summary><div id=\"op-{0}\" class=\"cases\">{1}</div>{2}</details>",
      html_text(op.name), cases, absent);
}

}  // namespace

std::string mutation_page(const MutationRun& run, double tolerance) {
  const Totals sum = totals(run);
  std::string content = fmt::format(
      "<p>A check that nothing can fail proves nothing. Here each op's backward is broken on "
      "purpose, "
      "in each of the ways in which it usually goes wrong, for each of its inputs, and the check "
      "must "
      "say so: <b>{} of {} broken gradients are reported</b>. It is a catalogue, too: whoever has "
      "written a backward that fails looks for the picture that is like theirs. "
      "<a href=\"index.html\">The report on the gradients as they are</a>.</p>",
      sum.reported, sum.applicable);
  content +=
      "<h2>The mistakes, and how to recognise them</h2><p>Shown on a linear layer, "
      "<i>y = x·w + b</i> with 6 x 6 numbers in <i>x</i> and in <i>w</i>.</p>" +
      error_scale(tolerance) + catalogue(run, tolerance);
  content +=
      "<h2>Every op, every mistake</h2><p>Inputs whose broken gradient was reported, of those "
      "where "
      "the mistake changes anything; – where it does not apply.</p>" +
      matrix(run) + "<h2>What the check says, op by op</h2>";
  for (const MutatedOp& op : run.ops) content += op_section(op, tolerance);
  return page("Broken on purpose", content);
}

std::string mutation_markdown(const MutationRun& run) {
  const Totals sum = totals(run);
  std::string text = fmt::format(
      "# Broken on purpose\n\nEach op's backward, broken in the usual ways: {} of {} broken "
      "gradients "
      "are reported by the gradient check.\n\n## The mistakes, and how to recognise them\n",
      sum.reported, sum.applicable);
  for (const MutationText& mistake : run.mutations)
    text += fmt::format("\n### {}\n\n{}\n\n```cpp\n{}\n```\n\n{}\n", mistake.name, mistake.mistake,
                        mistake.code, mistake.picture);
  text += "\n## What the check says, op by op\n";
  for (const MutatedOp& op : run.ops) {
    text += fmt::format(
        "\n### {}\n\n| mistake | reported | the check's sentence |\n|---|---|---|\n", op.name);
    for (const Attempt& attempt : op.attempts)
      text += attempt.applicable == 0
                  ? fmt::format("| {} | – | {} |\n", attempt.mutation, attempt.why_not)
                  : fmt::format("| {} | {} of {} | {} |\n", attempt.mutation, attempt.reported,
                                attempt.applicable, attempt.failure);
  }
  return text;
}

}  // namespace kintsugi
