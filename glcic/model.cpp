#include "glcic/model.h"

#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

const Tensor& entry(const StateDict& saved, const std::string& origin, const std::string& name,
                    int rank) {
  auto found = saved.find(name);
  check(found != saved.end(), "{}: not the weights of GLCIC: {} is missing", origin, name);
  check(found->second.rank() == rank, "{}: {} has shape {}, not {} axes", origin, name,
        found->second.shape(), rank);
  return found->second;
}

void load_into(Module& module, const StateDict& saved, const std::string& origin,
               const std::string& prefix) {
  try {
    module.load(saved, prefix);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: not the weights of GLCIC: {}", origin, error.what()));
  }
}

}  // namespace

Model make_model(int64_t size, int64_t width, uint64_t seed, const Tensor& mean_pixel) {
  Generator generator{.seed = seed};
  return {.completion = std::make_shared<CompletionNetwork>(width, generator),
          .discriminators = std::make_shared<Discriminators>(size, width, generator),
          .mean_pixel = mean_pixel};
}

StateDict save_model(const Model& model) {
  StateDict saved = model.completion->save("completion.");
  if (model.discriminators) saved.merge(model.discriminators->save("discriminator."));
  saved["mean_pixel"] = model.mean_pixel;
  return saved;
}

Model load_model(const StateDict& saved, const std::string& origin, int64_t size) {
  const Tensor& first = entry(saved, origin, "completion.layer01.conv.weight", 4);
  Model model;
  model.mean_pixel = entry(saved, origin, "mean_pixel", 1).to(first.dtype());
  check(model.mean_pixel.numel() == 3, "{}: mean_pixel has shape {}, not [3]", origin,
        model.mean_pixel.shape());
  Generator unused;  // every number that is drawn is replaced
  model.completion = std::make_shared<CompletionNetwork>(first.size(0), unused);
  model.completion->to(first.dtype());
  load_into(*model.completion, saved, origin, "completion.");
  if (size > 0) {
    const Tensor& judge = entry(saved, origin, "discriminator.global.layer1.conv.weight", 4);
    model.discriminators = std::make_shared<Discriminators>(size, judge.size(0), unused);
    model.discriminators->to(first.dtype());
    load_into(*model.discriminators, saved, origin, "discriminator.");
  }
  return model;
}

Model read_weights(const std::string& path, Device device) {
  Model model = load_model(read_safetensors(path).tensors, path, 0);
  model.completion->to(device);
  model.completion->eval();
  model.completion->set_frozen(true);
  model.mean_pixel = model.mean_pixel.to(device);
  return model;
}

Tensor completion_input(const Tensor& images, const Tensor& masks, const Tensor& mean_pixel) {
  return ops::concat({ops::where(masks, mean_pixel, images), masks}, -1);
}

Variable composite(const Variable& completed, const Tensor& images, const Tensor& masks) {
  return where(masks, completed, Variable(images));
}

Tensor composite(const Tensor& completed, const Tensor& images, const Tensor& masks) {
  return ops::where(masks, completed, images);
}

}  // namespace kintsugi
