#include "tests/gradcheck/report/math_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace kintsugi {

namespace {

using Kind = MathToken::Kind;

constexpr std::pair<std::string_view, std::string_view> kRaised[] = {
    {"²", "2"}, {"³", "3"}, {"⁴", "4"}, {"⁻", "−"}, {"ˣ", "x"}, {"ᵀ", "T"}, {"ⁿ", "n"}};

// Names of several letters that stand in formulas without parentheses or a subscript behind them.
constexpr std::string_view kNames[] = {
    "dy",   "dx",      "da",     "db",   "dt",    "dw",       "dγ",    "dβ",    "ddy",   "ddx",
    "eps",  "dweight", "dbias",  "log",  "ln",    "tanh",     "scale", "slope", "shift", "low",
    "high", "mean",    "weight", "bias", "label", "variance", "rows",  "var"};
// Letters that are words where a word stands before or behind them.
constexpr std::string_view kArticles[] = {"a"};

/// The bytes of the UTF-8 character at `place`, with a combining mark behind it.
std::string character(const std::string& text, size_t place) {
  const auto length = [&](size_t at) -> size_t {
    const auto lead = static_cast<unsigned char>(text[at]);
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  };
  size_t end = place + length(place);
  if (end + 1 < text.size() && text[end] == '\xCC') end += 2;  // U+0300 and following: a hat
  return text.substr(place, std::min(end, text.size()) - place);
}

std::string_view raised(const std::string& c) {
  for (const auto& [sign, letter] : kRaised)
    if (c == sign) return letter;
  return {};
}

bool is_ascii_letter(const std::string& c) {
  return c.size() == 1 && std::isalpha(static_cast<unsigned char>(c[0])) != 0;
}

/// A letter, also a Greek one, also with a hat.
bool is_letter(const std::string& c) {
  return is_ascii_letter(c) || (c.size() == 3 && is_ascii_letter(c.substr(0, 1))) ||
         (c.size() == 2 && (c[0] == '\xCE' || c[0] == '\xCF') && c != "Σ");
}

bool is_digit(const std::string& c) {
  return c.size() == 1 && std::isdigit(static_cast<unsigned char>(c[0])) != 0;
}

template <class Range>
bool contains(const Range& range, const std::string& text) {
  return std::find(std::begin(range), std::end(range), text) != std::end(range);
}

/// True for two letters or more behind an underscore, which go on with a name ("sum_to"); a single
/// one is a subscript ("x_j").
bool goes_on(const std::string& text, size_t underscore) {
  const std::string first = underscore + 1 < text.size() ? character(text, underscore + 1) : "";
  const size_t second = underscore + 1 + first.size();
  return is_letter(first) && second < text.size() && is_letter(character(text, second));
}

/// Letters and digits from `place` on, with underscores and apostrophes between them.
std::string read_name(const std::string& text, size_t& place) {
  std::string name;
  while (place < text.size()) {
    const std::string c = character(text, place);
    const bool inside =
        !name.empty() && (is_digit(c) || c == "'" || (c == "_" && goes_on(text, place)));
    if (!is_letter(c) && !inside) break;
    name += c;
    place += c.size();
  }
  return name;
}

bool is_single_letter(const std::string& name) { return character(name, 0).size() == name.size(); }

/// A name of mathematics, by how it looks and what follows it.
bool is_mathematical(const std::string& name, const std::string& next) {
  return is_single_letter(name) || contains(kNames, name) || next == "(" || next == "[" ||
         next == "_" || !raised(next).empty() || name.find("2d") != std::string::npos;
}

MathToken read_token(const std::string& text, size_t& place) {
  const std::string c = character(text, place);
  if (is_letter(c)) {
    const std::string name = read_name(text, place);
    const std::string next = place < text.size() ? character(text, place) : "";
    return {is_mathematical(name, next) ? Kind::name : Kind::word, name};
  }
  if (is_digit(c)) {
    std::string number;
    while (place < text.size() && (is_digit(text.substr(place, 1)) || text[place] == '.'))
      number += text[place++];
    return {Kind::number, number};
  }
  place += c.size();
  if (c == "_") return {Kind::subscript, read_name(text, place)};
  std::string up(raised(c));
  if (up.empty()) return {Kind::sign, c};
  while (place < text.size() && !raised(character(text, place)).empty()) {
    const std::string more = character(text, place);
    up += raised(more);
    place += more.size();
  }
  return {Kind::superscript, up};
}

/// An article between words is one of them.
void settle_articles(std::vector<MathToken>& tokens) {
  for (size_t i = 0; i + 1 < tokens.size(); ++i)
    if (tokens[i].kind == Kind::name && contains(kArticles, tokens[i].text) &&
        tokens[i].space_before && tokens[i + 1].kind == Kind::word)
      tokens[i].kind = Kind::word;
}

}  // namespace

std::vector<MathToken> math_tokens(const std::string& formula) {
  std::vector<MathToken> tokens;
  bool space = false;
  for (size_t place = 0; place < formula.size();) {
    if (formula[place] == ' ') {
      space = true;
      ++place;
      continue;
    }
    tokens.push_back(read_token(formula, place));
    tokens.back().space_before = std::exchange(space, false);
  }
  settle_articles(tokens);
  tokens.push_back({});
  return tokens;
}

}  // namespace kintsugi
