#pragma once
#include <string>
#include <vector>

namespace kintsugi {

/// A piece of a formula.
struct MathToken {
  enum class Kind { name, number, superscript, subscript, sign, word, end };
  Kind kind = Kind::end;
  std::string text;           ///< UTF-8; of a superscript, the letters that stand raised
  bool space_before = false;  ///< only words care
};

/// Takes a formula apart. A word is text, not mathematics: "over the last axis". Ends with `end`.
std::vector<MathToken> math_tokens(const std::string& formula);

}  // namespace kintsugi
