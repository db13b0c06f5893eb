// autodiff.svg: the graph of f = (a·b + a)², taken from the text of to_graphviz, with the value and
// the gradient of every node.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "autograd/graphviz.h"
#include "autograd/ops.h"
#include "docs/figures/svg.h"
#include "tensor/error.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

struct GraphNode {
  std::string label{};
  std::vector<size_t> inputs{};
  int level = 0;  ///< 0 for leaves, else one more than the highest input's
  Point at{};
};

/// Reads lines such as `n2 [label="multiply\n[]"];` and `n0 -> n2;`. Nodes come in order of
/// creation, each before the edges that lead to it.
std::vector<GraphNode> parse(const std::string& graphviz) {
  std::vector<GraphNode> nodes;
  std::istringstream lines(graphviz);
  for (std::string line; std::getline(lines, line);) {
    const size_t label = line.find("label=\""), arrow = line.find("-> n");
    if (label != std::string::npos) {
      const size_t start = label + 7;
      nodes.push_back({.label = line.substr(start, line.find("\\n") - start)});
    } else if (arrow != std::string::npos) {
      GraphNode& node = nodes[std::stoul(line.substr(arrow + 4))];
      node.inputs.push_back(std::stoul(line.substr(line.find('n') + 1)));
      node.level = std::max(node.level, nodes[node.inputs.back()].level + 1);
    }
  }
  return nodes;
}

/// Levels from left to right.
void lay_out(std::vector<GraphNode>& nodes) {
  double leaf_y = 55;
  for (GraphNode& node : nodes) {
    node.at.x = 85 + 175 * node.level;
    if (node.inputs.empty()) {
      node.at.y = leaf_y;
      leaf_y += 130;
    } else {
      node.at.y = 0;
      for (size_t input : node.inputs)
        node.at.y += nodes[input].at.y / static_cast<double>(node.inputs.size());
    }
  }
}

void draw_edge(Drawing& drawing, Point from, Point to) {
  const Point start{from.x + 48, from.y}, end{to.x - 50, to.y};
  drawing.line(start, end, {.colour = colour::kGrey, .width = 1.5});
  drawing.ellipse(end, 3, 3, colour::kGrey, "none");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("figure_autodiff: give the folder to write to\n", stderr), 2;
  try {
    Variable a(Tensor::scalar(2), true), b(Tensor::scalar(3), true);
    Variable product = a * b, total = product + a, f = square(total);
    const Variables made{a, b, product, total, f};  // in order of creation, as in the text
    for (Variable node : made) node.retain_grad();
    f.backward({.retain_graph = true});

    std::vector<GraphNode> nodes = parse(to_graphviz(f, {{"a", a}, {"b", b}}));
    lay_out(nodes);
    Drawing drawing(700, 260, "The graph of (ab + a) squared with values and gradients");
    for (const GraphNode& node : nodes)
      for (size_t input : node.inputs) draw_edge(drawing, nodes[input].at, node.at);
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto& [label, inputs, level, at] = nodes[i];
      if (inputs.empty())
        drawing.rectangle({at.x - 48, at.y - 18}, 96, 36, colour::kGold, colour::kInk);
      else
        drawing.ellipse(at, 50, 20, colour::kPale, colour::kInk);
      drawing.text({at.x, at.y + 5}, label, {.anchor = "middle", .bold = true});
      drawing.text({at.x, at.y - 26}, fmt::format("value {}", made[i].item()),
                   {.colour = colour::kBlue, .anchor = "middle"});
      drawing.text({at.x, at.y + 38}, fmt::format("gradient {}", made[i].grad().item()),
                   {.colour = colour::kOrange, .anchor = "middle"});
    }
    drawing.text({350, 248}, "values: left to right; gradients: right to left",
                 {.size = 12, .colour = colour::kGrey, .anchor = "middle"});
    drawing.save(argv[1], "autodiff");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_autodiff: {}\n", error.what()), 2;
  }
}
