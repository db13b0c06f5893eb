#pragma once
#include <map>
#include <string>

#include "autograd/variable.h"

namespace kintsugi {

/// The graph behind `output` as text in Graphviz's DOT language: a node for each op with its name
/// and the shape of its output, a box for each leaf (filled where it requires a gradient), an edge
/// from each input. Leaves found in `names` are called so. The same graph always gives the same
/// text: nodes are n0, n1, ... in order of creation.
///
///   std::ofstream("graph.dot") << to_graphviz(loss, {{"weight", weight}});
///   dot -Tsvg graph.dot > graph.svg
std::string to_graphviz(const Variable& output, const std::map<std::string, Variable>& names = {});

}  // namespace kintsugi
