// Takes one training step of each phase from given weights, for comparison with any other
// implementation of GLCIC: parity IN.safetensors OUT.safetensors. What IN and OUT hold is said in
// tests/parity/README.md; the numbers are computed in the dtype of IN's weights.
#include <cstdio>
#include <string>

#include "glcic/training_step.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {
namespace {

const Tensor& entry(const StateDict& input, const std::string& name) {
  auto found = input.find(name);
  check(found != input.end(), "parity: the input has no {}", name);
  return found->second;
}

/// [N, 3, S, S] ↔ [N, S, S, 3]
Tensor channels_last(const Tensor& x) { return ops::permute(x, {0, 2, 3, 1}); }
Tensor channels_first(const Tensor& x) { return ops::permute(x, {0, 3, 1, 2}); }

std::vector<Hole> read_holes(const Tensor& rows) {
  check_shape(rows.rank() == 2 && rows.size(1) == 4, "parity: holes {} are not [N, 4]",
              rows.shape());
  std::vector<double> numbers = rows.to_vector();
  std::vector<Hole> holes;
  for (size_t i = 0; i < numbers.size(); i += 4)
    holes.push_back({static_cast<int64_t>(numbers[i]), static_cast<int64_t>(numbers[i + 1]),
                     static_cast<int64_t>(numbers[i + 2]), static_cast<int64_t>(numbers[i + 3])});
  return holes;
}

std::vector<ops::Corner> read_corners(const Tensor& rows) {
  check_shape(rows.rank() == 2 && rows.size(1) == 2, "parity: real_patches {} are not [N, 2]",
              rows.shape());
  std::vector<double> numbers = rows.to_vector();
  std::vector<ops::Corner> corners;
  for (size_t i = 0; i < numbers.size(); i += 2)
    corners.push_back(
        {.row = static_cast<int64_t>(numbers[i + 1]), .column = static_cast<int64_t>(numbers[i])});
  return corners;
}

StateDict without_inputs(StateDict input) {
  for (const char* name : {"images", "holes", "real_patches", "alpha"}) input.erase(name);
  return input;
}

Tensor as_loss(double value, DType dtype) { return Tensor::full({1}, value, {.dtype = dtype}); }

/// Runs `step` on fresh weights and optimisers, and adds all that it left to `output`.
template <class Step>
void run_phase(const std::string& phase, const StateDict& weights, int64_t size, StateDict& output,
               Step step) {
  Model model = load_model(weights, "the input", size);
  Adadelta completion(model.completion->state());
  Adadelta discriminators(model.discriminators->state());
  step(model, completion, discriminators);
  StateDict state = save_model(model);
  state.erase("mean_pixel");
  for (auto& [name, value] : state) output[phase + "." + name] = value;
}

void run(const std::string& in_path, const std::string& out_path) {
  StateDict input = read_safetensors(in_path).tensors;
  StateDict weights = without_inputs(input);
  DType dtype = entry(input, "completion.layer01.conv.weight").dtype();
  Tensor images = channels_last(entry(input, "images")).to(dtype);
  int64_t size = images.size(1);
  std::vector<Hole> holes = read_holes(entry(input, "holes"));
  TrainingBatch batch = make_training_batch(images, masks_from_holes(holes, size, size), holes,
                                            holes, {.dtype = dtype});
  batch.real_corners =
      ops::patch_corners(read_corners(entry(input, "real_patches")), images.shape(), size / 2,
                         size / 2, batch.images.options());
  double alpha = entry(input, "alpha").item();

  StateDict output;
  {
    Model model = load_model(weights, "the input", size);
    model.completion->eval();
    NoGrad no_grad;
    Variable x(completion_input(batch.images, batch.masks, model.mean_pixel));
    output["eval.output"] = channels_first(model.completion->forward(x).value());
  }
  run_phase("phase1", weights, size, output, [&](Model& model, Optimizer& c, Optimizer&) {
    output["phase1.loss"] = as_loss(read(train_completion(model, batch, c)).completion_loss, dtype);
  });
  run_phase("phase2", weights, size, output, [&](Model& model, Optimizer&, Optimizer& d) {
    output["phase2.loss"] =
        as_loss(read(train_discriminators(model, batch, d)).discriminator_loss, dtype);
  });
  run_phase("phase3", weights, size, output, [&](Model& model, Optimizer& c, Optimizer& d) {
    StepReport report = read(train_jointly(model, batch, c, d, alpha));
    output["phase3.loss_completion"] =
        as_loss(report.completion_loss + alpha * report.adversarial_loss, dtype);
    output["phase3.loss_discriminator"] = as_loss(report.discriminator_loss, dtype);
  });
  write_safetensors(out_path, {.tensors = output, .metadata = {}});
}

}  // namespace
}  // namespace kintsugi

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: parity IN.safetensors OUT.safetensors\n", stderr);
    return 2;
  }
  try {
    kintsugi::run(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
