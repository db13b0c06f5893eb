#include <doctest/doctest.h>

#include "autograd/graphviz.h"
#include "tests/autograd/ops_support.h"

namespace kintsugi {

TEST_CASE("a graph is drawn with its ops, shapes and named leaves") {
  const Variable x = random_leaf({2, 3}, 1, false), w = random_leaf({3, 1}, 2);
  CHECK(to_graphviz(sum(matmul(x, w)), {{"weight", w}}) ==
        "digraph {\n"
        "  n0 [label=\"leaf\\n[2, 3]\", shape=box];\n"
        "  n1 [label=\"weight\\n[3, 1]\", shape=box, style=filled, fillcolor=gold];\n"
        "  n2 [label=\"matmul\\n[2, 1]\"];\n"
        "  n0 -> n2;\n"
        "  n1 -> n2;\n"
        "  n3 [label=\"sum\\n[]\"];\n"
        "  n2 -> n3;\n"
        "}\n");
}

TEST_CASE("the same graph built twice is the same text") {
  const auto text = [] {
    const Variable x = random_leaf({4}, 1);
    return to_graphviz(sum(x * sigmoid(x) + x));
  };
  CHECK(text() == text());
}

TEST_CASE("a name with quotes does not break the text") {
  const Variable x = random_leaf({1}, 1);
  CHECK(to_graphviz(square(x), {{"the \"x\"", x}}).find("label=\"the \\\"x\\\"\\n[1]\"") !=
        std::string::npos);
}

TEST_CASE("a graph of a hundred thousand ops is drawn without recursion") {
  Variable x = random_leaf({1}, 1);
  for (int i = 0; i < 100000; ++i) x = negate(x);
  CHECK(to_graphviz(x).find("n99999 -> n100000;") != std::string::npos);
}

}  // namespace kintsugi
