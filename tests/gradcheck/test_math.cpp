#include <doctest/doctest.h>

#include <string>

#include "tests/gradcheck/report/math.h"

namespace kintsugi {

namespace {

std::string inner(const std::string& formula) {
  const std::string html = math_html(formula);
  const std::string open = "<math displaystyle=\"true\">", close = "</math>";
  REQUIRE(html.starts_with(open));
  REQUIRE(html.ends_with(close));
  return html.substr(open.size(), html.size() - open.size() - close.size());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "a quotient of products is a fraction, without the parentheses that it makes superfluous") {
  CHECK(inner("a / b") == "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>");
  const std::string long_one = inner("1 / (1 + x)");
  CHECK(has(long_one, "<mrow><mn>1</mn><mo>+</mo><mi>x</mi></mrow></mfrac>"));
  CHECK_FALSE(has(long_one, "("));
  CHECK(has(inner("dy·y / b"), "<mfrac><mrow><mi>dy</mi><mo>·</mo><mi>y</mi></mrow>"));
  CHECK(inner("−a / b").starts_with("<mo>−</mo><mfrac>"));
}

TEST_CASE("superscripts, subscripts, roots, sums and indices are set as such") {
  CHECK(inner("x²") == "<msup><mrow><mi>x</mi></mrow><mn>2</mn></msup>");
  CHECK(inner("bᵀ") == "<msup><mrow><mi>b</mi></mrow><mi>T</mi></msup>");
  CHECK(has(inner("e⁻ˣ"), "<mrow><mo>−</mo><mi>x</mi></mrow></msup>"));
  CHECK(inner("x_j") == "<msub><mrow><mi>x</mi></mrow><mi>j</mi></msub>");
  CHECK(inner("√x").starts_with("<msqrt>"));
  CHECK_FALSE(has(inner("√(x + 1)"), "("));
  CHECK(has(inner("Σ_k a·b"), "<munder><mo>Σ</mo><mi>k</mi></munder>"));
  CHECK(has(inner("y[n, c]"), "<mi>n</mi><mo>,</mo><mi>c</mi>"));
  CHECK(has(inner("max(x, 0)"), "<mi mathvariant=\"normal\">max</mi>"));
}

TEST_CASE("words stand between formulas, so that a line can break there") {
  CHECK(math_html("x where y") ==
        "<math displaystyle=\"true\"><mi>x</mi></math> where "
        "<math displaystyle=\"true\"><mi>y</mi></math>");
  CHECK(math_html("that of batch_norm") == "that of batch_norm");
  CHECK(math_html("the convolution's bias").starts_with("the convolution's "));
}

TEST_CASE("what is no formula loses nothing, and no text becomes an element") {
  CHECK(has(math_html("a <b> c"), "&lt;"));
  CHECK_FALSE(has(math_html("a <script> c"), "<script>"));
  for (const char* odd : {"", "(", "Σ", "a /", ")x", "√", "[1", "|x", "a ; ; b", "_"})
    CHECK_NOTHROW(math_html(odd));
  CHECK(has(math_html("a) rest"), "rest"));
}

TEST_CASE("gradients of several inputs are told apart, commas within parentheses are not") {
  CHECK(separate_formulas("da = dy·b, db = conv(a, dy)") ==
        std::vector<std::string>{"da = dy·b", "db = conv(a, dy)"});
  CHECK(separate_formulas("dy to the larger, to a on ties").size() == 1);
}

}  // namespace kintsugi
