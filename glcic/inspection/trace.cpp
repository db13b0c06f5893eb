#include "glcic/inspection/trace.h"

namespace kintsugi {

Tensor single(const Tensor& batch) {
  const Tensor here = batch.to(Device::cpu).to(DType::float32);
  return here.reshape({here.size(1), here.size(2), here.size(3)});
}

NetworkTrace trace_of(const LayeredNetwork& network, const Variable& x, const Variables& outputs,
                      const Variable& loss) {
  Variables places{x};
  places.insert(places.end(), outputs.begin(), outputs.end());
  const Variables gradients = grad({loss}, places, {}, {.retain_graph = true});

  NetworkTrace trace{.input_gradient = single(gradients[0].value()), .loss = loss.item()};
  for (size_t i = 0; i < outputs.size(); ++i)
    trace.layers.push_back({.name = network.layers[i].first,
                            .kind = network.layers[i].second->describe(),
                            .activation = single(outputs[i].value()),
                            .gradient = single(gradients[i + 1].value())});
  return trace;
}

NetworkTrace trace_network(const LayeredNetwork& network, const Tensor& input,
                           const std::function<Variable(const Variable& output)>& loss_of) {
  const Variable x(input, true);
  const Variables outputs = network.run(x);
  return trace_of(network, x, outputs, loss_of(network.finish(outputs.back())));
}

}  // namespace kintsugi
