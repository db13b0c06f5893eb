#include "glcic/model.h"

#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

constexpr const char* kCompletion = "completion.";
constexpr const char* kMeanPixel = "mean_pixel";
/// The flag of files whose C sees RGB − mean_pixel.
constexpr const char* kMeanSubtracted = "mean_subtracted";

/// A file with weights, as its reader speaks of it.
struct Source {
  const StateDict& saved;
  const std::string& origin;
  const Architecture& architecture;
};

const Architecture& recognise(const StateDict& saved, const std::string& origin) {
  const Architecture* architecture = recognise_architecture(saved);
  std::string titles;
  for (const Architecture* known : architectures())
    titles += (titles.empty() ? "" : " or ") + known->title;
  check(architecture != nullptr, "{}: not the weights of {}: {} is missing", origin, titles,
        glcic_architecture().first_weight);
  return *architecture;
}

const Tensor& entry(const Source& source, const std::string& name, int rank) {
  auto found = source.saved.find(name);
  check(found != source.saved.end(), "{}: not the weights of {}: {} is missing", source.origin,
        source.architecture.title, name);
  check(found->second.rank() == rank, "{}: {} has shape {}, not {} axes", source.origin, name,
        found->second.shape(), rank);
  return found->second;
}

void load_into(Module& module, const Source& source, const std::string& prefix) {
  try {
    module.load(source.saved, prefix);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: not the weights of {}: {}", source.origin,
                            source.architecture.title, error.what()));
  }
}

}  // namespace

Model make_model(int64_t size, int64_t width, uint64_t seed, const Tensor& mean_pixel,
                 const Architecture& architecture) {
  Generator generator{.seed = seed};
  return {.completion = architecture.make_completion(size, width, generator),
          .discriminators = architecture.make_judge(size, width, generator),
          .mean_pixel = mean_pixel,
          .architecture = &architecture,
          .only_size = architecture.only_size ? size : 0};
}

void check_fits(const Model& model, int64_t height, int64_t width) {
  const int64_t size = model.only_size;
  check(
      size == 0 || (height == size && width == size),
      "these weights of the {0} complete pictures of {1} x {1} alone, not {2} x {3}: some of them "
      "belong to one place of the picture each",
      model.architecture->title, size, width, height);
}

StateDict save_model(const Model& model) {
  StateDict saved = model.completion->save(kCompletion);
  if (model.discriminators) saved.merge(model.discriminators->save("discriminator."));
  saved[kMeanPixel] = model.mean_pixel;
  if (model.mean_subtracted) saved[kMeanSubtracted] = Tensor::full({1}, 1);
  return saved;
}

Model load_model(const StateDict& saved, const std::string& origin, int64_t size) {
  const Architecture& architecture = recognise(saved, origin);
  const Source source{saved, origin, architecture};
  const Tensor& first = entry(source, architecture.first_weight, 4);
  Model model;
  model.architecture = &architecture;
  if (architecture.only_size) model.only_size = architecture.only_size(saved);
  model.mean_pixel = entry(source, kMeanPixel, 1).to(first.dtype());
  check(model.mean_pixel.numel() == 3, "{}: mean_pixel has shape {}, not [3]", origin,
        model.mean_pixel.shape());
  model.mean_subtracted = saved.contains(kMeanSubtracted) &&
                          entry(source, kMeanSubtracted, 1).to_vector() == std::vector{1.0};
  Generator unused;  // every number that is drawn is replaced
  model.completion = architecture.make_completion(model.only_size, first.size(0), unused);
  model.completion->to(first.dtype());
  load_into(*model.completion, source, kCompletion);
  if (size > 0) {
    check_fits(model, size, size);
    const Tensor& judge = entry(source, architecture.judge_first_weight, 4);
    model.discriminators = architecture.make_judge(size, judge.size(0), unused);
    model.discriminators->to(first.dtype());
    load_into(*model.discriminators, source, "discriminator.");
  }
  return model;
}

SafeTensors read_completion_entries(const std::string& path) {
  return read_safetensors(path, [](const std::string& name) {
    return name.starts_with(kCompletion) || name == kMeanPixel || name == kMeanSubtracted;
  });
}

Model inference_model(const StateDict& saved, const std::string& origin, Device device) {
  Model model = load_model(saved, origin, 0);
  model.completion->to(device);
  model.completion->eval();
  model.completion->set_frozen(true);
  model.mean_pixel = model.mean_pixel.to(device);
  return model;
}

Model read_weights(const std::string& path, Device device) {
  return inference_model(read_completion_entries(path).tensors, path, device);
}

Tensor completion_input(const Tensor& images, const Tensor& masks, const Tensor& mean_pixel,
                        bool mean_subtracted) {
  Tensor filled = ops::where(masks, mean_pixel, images);
  if (mean_subtracted) filled = ops::subtract(filled, mean_pixel);
  return ops::concat({filled, masks}, -1);
}

Variable composite(const Variable& completed, const Tensor& images, const Tensor& masks) {
  return where(masks, completed, Variable(images));
}

Tensor composite(const Tensor& completed, const Tensor& images, const Tensor& masks) {
  return ops::where(masks, completed, images);
}

}  // namespace kintsugi
