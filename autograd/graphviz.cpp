#include "autograd/graphviz.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "autograd/node.h"

namespace kintsugi {

namespace {

/// Every node behind the output, in order of creation.
std::vector<const Node*> nodes_behind(const Variable& output) {
  std::vector<const Node*> found;
  std::unordered_set<const Node*> seen;
  const auto visit = [&](const Variable& variable) {
    if (seen.insert(variable.node().get()).second) found.push_back(variable.node().get());
  };
  visit(output);
  for (size_t next = 0; next < found.size(); ++next)
    for (size_t i = 0; i < found[next]->inputs.size(); ++i) visit(found[next]->inputs[i]);
  std::sort(found.begin(), found.end(),
            [](const Node* a, const Node* b) { return a->sequence < b->sequence; });
  return found;
}

/// Text within double quotes.
std::string escaped(const std::string& text) {
  std::string result;
  for (char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    result += letter;
  }
  return result;
}

std::string attributes(const Node& node, const std::string& name) {
  if (!node.inputs.empty()) return fmt::format("label=\"{}\\n{}\"", node.op, node.shape);
  return fmt::format("label=\"{}\\n{}\", shape=box{}", escaped(name), node.shape,
                     node.requires_grad ? ", style=filled, fillcolor=gold" : "");
}

}  // namespace

std::string to_graphviz(const Variable& output, const std::map<std::string, Variable>& names) {
  std::unordered_map<const Node*, std::string> given;
  for (const auto& [name, variable] : names) given.emplace(variable.node().get(), name);
  const std::vector<const Node*> nodes = nodes_behind(output);
  std::unordered_map<const Node*, size_t> number;
  std::string text = "digraph {\n";
  auto out = std::back_inserter(text);
  for (const Node* node : nodes) {
    const size_t n = number.emplace(node, number.size()).first->second;
    const auto name = given.find(node);
    fmt::format_to(out, "  n{} [{}];\n", n,
                   attributes(*node, name != given.end() ? name->second : node->op));
    for (const Variable& input : node->inputs)
      fmt::format_to(out, "  n{} -> n{};\n", number.at(input.node().get()), n);
  }
  return text + "}\n";
}

}  // namespace kintsugi
