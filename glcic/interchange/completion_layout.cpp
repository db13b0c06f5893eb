#include "glcic/interchange/completion_layout.h"

#include "glcic/networks.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

const std::string kPrefix = "completion.";

StateDict weights_of_width(int64_t width) {
  Generator unused;
  return CompletionNetwork(width, unused).save(kPrefix);
}

}  // namespace

std::map<std::string, Shape> completion_shapes(int64_t width) {
  // Every extent is fixed or proportional to the width: it lies on the line through two of them.
  const StateDict two = weights_of_width(2), four = weights_of_width(4);
  std::map<std::string, Shape> shapes;
  for (const auto& [name, tensor] : two) {
    Shape shape = tensor.shape();
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const int64_t rise = four.at(name).size(axis) - tensor.size(axis);
      shape = shape.with(axis, tensor.size(axis) + rise * (width / 2 - 1));
    }
    shapes[name] = shape;
  }
  return shapes;
}

std::vector<CompletionLayer> completion_layers() {
  Generator unused;
  std::vector<CompletionLayer> layers;
  const CompletionNetwork network(2, unused);
  for (const auto& [name, layer] : network.children())
    layers.push_back({kPrefix + name, layer->footprints().front(), layer->children().size() > 1});
  return layers;
}

void check_completion(const StateDict& weights, const std::string& origin,
                      const std::map<std::string, std::string>& source_names) {
  const auto called = [&](const std::string& name) {
    const auto source = source_names.find(name);
    return source == source_names.end() ? name : fmt::format("{} ({})", source->second, name);
  };
  const std::string& first = glcic_architecture().first_weight;
  const auto found = weights.find(first);
  check(found != weights.end(), "{}: {} is missing", origin, called(first));
  check(found->second.rank() == 4, "{}: {} has shape {}, not 4 axes", origin, called(first),
        found->second.shape());
  const int64_t width = found->second.size(0);
  check(width >= 2 && width % 2 == 0, "{}: {} has {} channels, but the width must be even", origin,
        called(first), width);
  for (const auto& [name, shape] : completion_shapes(width)) {
    const auto entry = weights.find(name);
    check(entry != weights.end(), "{}: {} is missing", origin, called(name));
    check(entry->second.shape() == shape, "{}: {} has shape {}, but GLCIC of width {} takes {}",
          origin, called(name), entry->second.shape(), width, shape);
  }
}

Tensor checked_mean_pixel(const Tensor& mean, const std::string& origin) {
  check(mean.numel() == 3, "{}: its mean pixel has {} numbers, not 3", origin, mean.numel());
  for (const double part : mean.to_vector())
    check(part >= 0 && part <= 1, "{}: its mean pixel holds {}, which is not from 0 to 1", origin,
          part);
  return mean.to(DType::float32).reshape({3});
}

}  // namespace kintsugi
