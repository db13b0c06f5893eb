#pragma once
#include <string>
#include <vector>

namespace kintsugi {

/// The registry's plain formulas as HTML with MathML, which browsers draw themselves:
///
///   x̂·Σ dy·x̂ / M     Σ_k a_ik·b_kj     1 / √(var(x) + eps)     eˣ where x > 0
///
/// Known are sub- and superscripts (Unicode's or `_name`), Σ, √, |x|, functions, indices in
/// brackets, and a / b as a fraction. Words are set as text between the formulas, so that lines can
/// break there. What is no formula at all comes out as the text that it is.
std::string math_html(const std::string& formula);

/// The formulas of "dx = …, dγ = …" one by one.
std::vector<std::string> separate_formulas(const std::string& formulas);

}  // namespace kintsugi
