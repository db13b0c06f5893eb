#include "tests/gradcheck/report/math.h"

#include <fmt/core.h>

#include <utility>

#include "glcic/html.h"
#include "tests/gradcheck/report/math_tokens.h"

namespace kintsugi {

namespace {

using Kind = MathToken::Kind;

std::string element(const char* name, const std::string& content) {
  return fmt::format("<{0}>{1}</{0}>", name, content);
}
std::string row(const std::string& content) { return element("mrow", content); }
std::string sign(const std::string& text) { return element("mo", html_text(text)); }

/// A factor or term as MathML, and, where it is (…), what is inside.
struct Piece {
  std::string math;
  std::string inside;

  /// Without parentheses that a bar or a root makes superfluous.
  const std::string& bare() const { return inside.empty() ? math : inside; }
};

/// Recursive descent over one run of tokens without words:
///   formula := expression { relation expression }     relation: = ≠ > < , ? : …
///   expression := [−] product { + | − product }
///   product := factor { · factor | / factor | factor }
///   factor := primary { superscript | subscript | [ formula ] }
class MathParser {
 public:
  explicit MathParser(std::vector<MathToken> tokens) : tokens_(std::move(tokens)) {}

  std::string parse() {
    const std::string math = formula();
    return at_end() ? math : math + text_of_rest();
  }

 private:
  const MathToken& now() const { return tokens_[next_]; }
  bool at_end() const { return now().kind == Kind::end; }
  bool at(const char* text) const { return now().kind == Kind::sign && now().text == text; }
  std::string take() { return tokens_[next_++].text; }
  bool take_if(const char* text) {
    if (!at(text)) return false;
    ++next_;
    return true;
  }
  bool at_relation() const {
    for (const char* relation : {"=", "≠", ">", "<", ",", "?", ":", "…"})
      if (at(relation)) return true;
    return false;
  }
  bool starts_factor() const {
    return now().kind == Kind::name || now().kind == Kind::number || at("(") || at("√") ||
           at("Σ") || at("[");
  }

  std::string formula() {
    std::string math;
    while (!at_end()) {
      const size_t before = next_;
      math += expression();
      if (at_relation())
        math += sign(take());
      else if (next_ == before || !starts_factor())
        break;
    }
    return math;
  }

  std::string expression() {
    std::string math;
    if (at("−") || at("+")) math += sign(take());
    math += product();
    while (at("+") || at("−")) {
      math += sign(take());
      math += product();
    }
    return math;
  }

  std::string product() {
    Piece piece = factor();
    while (!at_end()) {
      if (take_if("·")) {
        piece = {piece.math + sign("·") + factor().math, ""};
      } else if (take_if("/")) {
        const Piece below = factor();
        piece = {fmt::format("<mfrac>{}{}</mfrac>", row(piece.bare()), row(below.bare())), ""};
      } else if (starts_factor()) {
        piece = {piece.math + factor().math, ""};
      } else {
        break;
      }
    }
    return piece.math;
  }

  Piece factor() {
    Piece piece = primary();
    while (!at_end()) {
      if (now().kind == Kind::superscript)
        piece = {fmt::format("<msup>{}{}</msup>", row(piece.math), raised(take())), ""};
      else if (now().kind == Kind::subscript)
        piece = {fmt::format("<msub>{}{}</msub>", row(piece.math), element("mi", take())), ""};
      else if (at("[") && !now().space_before)
        piece = {piece.math + enclosed("[", "]"), ""};
      else
        break;
    }
    return piece;
  }

  Piece primary() {
    if (now().kind == Kind::number) return {element("mn", take()), ""};
    if (now().kind == Kind::name) return {name(), ""};
    if (at("(")) {
      std::string all = enclosed("(", ")");
      return {all, std::exchange(last_inside_, "")};
    }
    if (at("[")) return {enclosed("[", "]"), ""};
    if (take_if("√")) return {fmt::format("<msqrt>{}</msqrt>", row(factor().bare())), ""};
    if (at("Σ")) return {sum(), ""};
    if (at("|")) return {enclosed("|", "|"), ""};
    return {};
  }

  std::string sum() {
    take();
    std::string sigma = sign("Σ");
    if (now().kind == Kind::subscript)
      sigma = fmt::format("<munder>{}{}</munder>", sigma, element("mi", take()));
    return sigma + row(product());
  }

  std::string enclosed(const char* open, const char* close) {
    take_if(open);
    const std::string inside = formula();
    take_if(close);
    last_inside_ = inside;
    return row("<mo stretchy=\"false\">" + std::string(open) + "</mo>" + inside +
               "<mo stretchy=\"false\">" + close + "</mo>");
  }

  /// Single letters slanted, names of several upright, dx as one.
  std::string name() {
    const std::string text = take();
    const bool upright = text.size() > 3 || text == "max" || text == "min" || text == "log" ||
                         text == "ln" || text == "var" || text == "eps";
    std::string math =
        fmt::format("<mi{}>{}</mi>", upright ? " mathvariant=\"normal\"" : "", html_text(text));
    if (at("(") && !now().space_before) return math + enclosed("(", ")");
    if (upright && starts_factor()) return math + "<mspace width=\"0.2em\"/>" + factor().math;
    return math;
  }

  static std::string raised(const std::string& text) {
    if (text.starts_with("−")) return row(sign("−") + element("mi", text.substr(3)));
    return element(text >= "0" && text <= "9" ? "mn" : "mi", text);
  }

  std::string text_of_rest() {
    std::string rest;
    while (!at_end()) {
      if (now().space_before) rest += ' ';
      rest += take();
    }
    return element("mtext", html_text(rest));
  }

  std::vector<MathToken> tokens_;
  size_t next_ = 0;
  std::string last_inside_;
};

}  // namespace

std::string math_html(const std::string& formula) {
  std::string html;
  std::vector<MathToken> run;
  const auto flush = [&] {
    if (run.empty()) return;
    const bool space = run[0].space_before;
    if (run.size() == 1 && run[0].kind == Kind::sign) {  // a comma between words
      html += fmt::format("{}{}", space ? " " : "", html_text(run[0].text));
    } else {
      run.push_back({});
      html += fmt::format("{}<math displaystyle=\"true\">{}</math>", space ? " " : "",
                          MathParser(std::move(run)).parse());
    }
    run.clear();
  };
  int depth = 0;
  for (const MathToken& token : math_tokens(formula)) {
    if (token.text == "(" || token.text == "[") ++depth;
    if (token.text == ")" || token.text == "]") --depth;
    const bool separates =
        depth == 0 && (token.text == ";" || token.text == "," || token.text == ":");
    if (token.kind != Kind::word && token.kind != Kind::end && !separates) {
      run.push_back(token);
      continue;
    }
    flush();
    html += fmt::format("{}{}", token.space_before ? " " : "", html_text(token.text));
  }
  flush();
  return html;
}

std::vector<std::string> separate_formulas(const std::string& formulas) {
  std::vector<std::string> parts{""};
  int depth = 0;
  for (size_t i = 0; i < formulas.size(); ++i) {
    const char c = formulas[i];
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    const bool ends = depth == 0 && formulas.compare(i, 3, ", d") == 0 &&
                      formulas.find(" = ", i) != std::string::npos;
    if (!ends) {
      parts.back() += c;
      continue;
    }
    parts.emplace_back();
    ++i;  // the space
  }
  return parts;
}

}  // namespace kintsugi
