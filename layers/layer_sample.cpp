#include "layers/layer_sample.h"

#include <utility>

namespace kintsugi {

Sample layer_sample(std::function<std::shared_ptr<Module>(Generator&)> make,
                    std::vector<SampleInput> inputs, std::string label) {
  auto apply = [make = std::move(make)](const Variables& in) {
    Generator generator;
    std::shared_ptr<Module> layer = make(generator);
    layer->to(in[0].value().dtype());
    layer->to(in[0].value().device());
    return layer->forward_with(Variables(in.begin() + 1, in.end()), in[0]);
  };
  return {.inputs = std::move(inputs), .apply = std::move(apply), .label = std::move(label)};
}

}  // namespace kintsugi
