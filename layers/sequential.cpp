#include "layers/sequential.h"

#include <set>

#include "autograd/ops.h"
#include "layers/activation.h"
#include "layers/layer_sample.h"
#include "layers/linear.h"
#include "tensor/error.h"

namespace kintsugi {

Sequential::Sequential(const NamedModules& layers) {
  std::set<std::string> names;
  for (const auto& [name, layer] : layers) {
    check(!name.empty() && name.find('.') == std::string::npos,
          "Sequential: \"{}\" is no name for a layer: it must be neither empty nor have a dot",
          name);
    check(names.insert(name).second, "Sequential: two layers are called {}", name);
    check(layer != nullptr, "Sequential: layer {} is empty", name);
    add_child(name, layer);
  }
}

Variable Sequential::forward(const Variable& x) {
  Variable y = x;
  for (const auto& [name, layer] : children()) y = (*layer)(y);
  return y;
}

std::string Sequential::describe() const {
  return fmt::format("sequence of {} layers", children().size());
}

Shape Sequential::output_shape(const Shape& input) const {
  Shape shape = input;
  for (const auto& [name, layer] : children()) shape = layer->output_shape(shape);
  return shape;
}

std::string Sequential::table(const Shape& input) const { return summary_table(children(), input); }

namespace {

const RegisterLayer registered{
    {.name = "Sequential",
     .formula = "its layers, one after the other",
     .derivative = "the chain rule",
     .samples = {layer_sample(
         [](Generator& generator) {
           return std::make_shared<Sequential>(NamedModules{
               {"flatten", std::make_shared<Flatten>()},
               {"first", std::make_shared<Linear>(LinearOptions{.in = 8, .out = 3}, generator)},
               {"tanh", std::make_shared<Tanh>()},
               {"second", std::make_shared<Linear>(LinearOptions{.in = 3, .out = 2}, generator)}});
         },
         {{.shape = {3, 2, 2, 2}},
          {.shape = {8, 3}},
          {.shape = {3}},
          {.shape = {3, 2}},
          {.shape = {2}}})}}};

}  // namespace

}  // namespace kintsugi
