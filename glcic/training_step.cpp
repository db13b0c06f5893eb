#include "glcic/training_step.h"

#include <array>
#include <limits>

#include "autograd/ops.h"

namespace kintsugi {

namespace {

/// Freezes a module for as long as it lives.
class Frozen {
 public:
  explicit Frozen(Module& module) : module_(module) { module.set_frozen(true); }
  ~Frozen() { module_.set_frozen(false); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  Module& module_;
};

/// Tells a module, for as long as it lives, how many batches it gets in a row.
class GhostBatches {
 public:
  GhostBatches(Module& module, int64_t batches) : module_(module) {
    module.set_ghost_batches(batches);
  }
  ~GhostBatches() { module_.set_ghost_batches(1); }
  GhostBatches(const GhostBatches&) = delete;
  GhostBatches& operator=(const GhostBatches&) = delete;

 private:
  Module& module_;
};

/// Local patches of pictures [N, S, S, 3]: S/2 × S/2, round the holes.
Tensor corners_of(const std::vector<Hole>& holes, const Tensor& images, TensorOptions options) {
  const int64_t size = images.size(1);
  std::vector<ops::Corner> corners;
  for (const Hole& hole : holes) {
    Corner corner = local_patch_corner(hole, size);
    corners.push_back({.row = corner.y, .column = corner.x});
  }
  return ops::patch_corners(corners, images.shape(), size / 2, size / 2, options);
}

Variable judge(Model& model, const Variable& pictures, const Tensor& corners) {
  int64_t patch = pictures.size(1) / 2;
  return model.discriminators->judge(pictures, crop_patches(pictures, corners, patch, patch));
}

Tensor norm(const Variable& gradient) { return ops::sqrt(ops::sum(ops::square(gradient.value()))); }

Tensor mean_probability(const Variable& logits) { return ops::mean(ops::sigmoid(logits.value())); }

Variable complete_batch(Model& model, const TrainingBatch& batch) {
  return (*model.completion)(Variable(
      completion_input(batch.images, batch.masks, model.mean_pixel, model.mean_subtracted)));
}

/// C's output where C learns nothing: on batch statistics, keeping every byte.
Tensor frozen_output(Model& model, const TrainingBatch& batch) {
  // lab 10: begin complete_batch(model, batch), which would learn and leave its graph behind
  const Frozen frozen(*model.completion);
  const NoGrad no_grad;
  return complete_batch(model, batch).value();
  // lab 10: end
}

/// Adds `part` of the loss's gradient to those of the parameters.
void add_gradients(const Variable& loss, double part) {
  loss.backward(Variable(Tensor::full(loss.shape(), part, loss.options())));
}

/// What the discriminators learn from a batch in phases 2 and 3; `completed` carries no graph.
void learn_to_judge(Model& model, const TrainingBatch& batch, const Tensor& completed, double part,
                    StepTensors& figures) {
  // lab 10: begin D's loss on a real and a completed batch, its gradients and figures
  const Tensor composites = composite(completed, batch.images, batch.masks);
  // In one pass, which reads the weights once; each batch is normalised by its own statistics.
  const GhostBatches two(*model.discriminators, 2);
  const Variable logits = judge(model, Variable(ops::concat({batch.images, composites}, 0)),
                                ops::concat({batch.real_corners, batch.hole_corners}, 0));
  const int64_t pictures = batch.images.size(0);
  Variable real = slice(logits, 0, 0, pictures);
  Variable fake = slice(logits, 0, pictures, pictures);
  Variable loss = bce_with_logits(real, 1) + bce_with_logits(fake, 0);
  add_gradients(loss, part);
  figures.discriminator_loss = loss.value();
  figures.real_mean = mean_probability(real);
  figures.fake_mean = mean_probability(fake);
  // lab 10: end
}

/// What C learns from a batch in phase 3, by its `output`, which carries the graph; the
/// discriminators are frozen.
void learn_from_judges(Model& model, const TrainingBatch& batch, const Variable& output,
                       const Tensor& alpha, double part, StepTensors& figures) {
  // lab 10: begin C's two losses, the gradient of L + alpha·A, and the figures
  // Both losses are functions of C's output alone, so their gradients meet there: each has its norm
  // taken, and one backward pass carries their sum on through C.
  Variable completed(output.value(), true);
  Variable loss = completion_loss(completed, batch);
  Variable loss_gradient = grad({loss}, {completed})[0];
  Variable fake = judge(model, composite(completed, batch.images, batch.masks), batch.hole_corners);
  Variable adversarial = bce_with_logits(fake, 1);
  Variable adversarial_gradient = grad({adversarial}, {completed})[0];
  Variable weight(alpha.to(adversarial_gradient.value().dtype()));
  output.backward(part * (loss_gradient + weight * adversarial_gradient));
  figures.completion_loss = loss.value();
  figures.adversarial_loss = adversarial.value();
  figures.completion_gradient = norm(loss_gradient);
  figures.adversarial_gradient = norm(adversarial_gradient);
  // lab 10: end
}

/// The figures of a step, from those of its batches, all of one size.
StepTensors of_all(const std::vector<StepTensors>& batches) {
  if (batches.size() == 1) return batches.front();
  const auto gathered = [&](Tensor StepTensors::*figure) {
    std::vector<Tensor> values;
    for (const StepTensors& batch : batches)
      if ((batch.*figure).defined()) values.push_back((batch.*figure).reshape({1}));
    return values.empty() ? Tensor() : ops::concat(values, 0);
  };
  StepTensors all;
  for (Tensor StepTensors::*figure :
       {&StepTensors::completion_loss, &StepTensors::discriminator_loss,
        &StepTensors::adversarial_loss, &StepTensors::real_mean, &StepTensors::fake_mean})
    if (const Tensor values = gathered(figure); values.defined()) all.*figure = ops::mean(values);
  // The gradient of a mean over all pictures has each batch's in it, divided by their number.
  const double part = 1.0 / static_cast<double>(batches.size());
  for (Tensor StepTensors::*figure :
       {&StepTensors::completion_gradient, &StepTensors::adversarial_gradient})
    if (const Tensor norms = gathered(figure); norms.defined())
      all.*figure = ops::affine(ops::sqrt(ops::sum(ops::square(norms))), part, 0);
  return all;
}

/// Zero gradients, what `learn` adds to them batch by batch, and a step.
template <class Learn>
void step_on(StepBatches batches, Optimizer& optimizer, const Learn& learn) {
  optimizer.zero_grad();
  for (size_t i = 0; i < batches.size(); ++i) learn(i, 1.0 / static_cast<double>(batches.size()));
  optimizer.step();
  optimizer.zero_grad();
}

}  // namespace

StepReport read(const StepTensors& figures) {
  const std::array<const Tensor*, 7> tensors{
      &figures.completion_loss,     &figures.discriminator_loss, &figures.adversarial_loss,
      &figures.real_mean,           &figures.fake_mean,          &figures.completion_gradient,
      &figures.adversarial_gradient};
  std::vector<Tensor> defined;  // read at once: each reading waits for the device
  for (const Tensor* tensor : tensors)
    if (tensor->defined()) defined.push_back(tensor->reshape({1}));
  const std::vector<double> numbers = ops::concat(defined, 0).to_vector();
  std::array<double, tensors.size()> all;
  for (size_t i = 0, next = 0; i < all.size(); ++i)
    all[i] = tensors[i]->defined() ? numbers[next++] : std::numeric_limits<double>::quiet_NaN();
  return {all[0], all[1], all[2], all[3], all[4], all[5], all[6]};
}

TrainingBatch make_training_batch(const Tensor& images, const Tensor& masks,
                                  const std::vector<Hole>& holes,
                                  const std::vector<Hole>& real_regions, TensorOptions options) {
  return {.images = images.to(options.dtype).to(options.device),
          .masks = masks.to(options.dtype).to(options.device),
          .hole_corners = corners_of(holes, images, options),
          .real_corners = corners_of(real_regions, images, options)};
}

Variable completion_loss(const Variable& completed, const TrainingBatch& batch) {
  // lab 10: begin L of `completed` [N, S, S, 3] on this batch
  return mse_loss(completed, Variable(batch.images), batch.masks);  // M_c is 0 or 1: M_c² = M_c
  // lab 10: end
}

StepTensors train_completion(Model& model, StepBatches batches, Optimizer& completion) {
  std::vector<StepTensors> figures(batches.size());
  step_on(batches, completion, [&](size_t i, double part) {
    Variable loss = completion_loss(complete_batch(model, batches[i]), batches[i]);
    add_gradients(loss, part);
    figures[i].completion_loss = loss.value();
  });
  return of_all(figures);
}

StepTensors train_discriminators(Model& model, StepBatches batches, Optimizer& discriminators) {
  std::vector<StepTensors> figures(batches.size());
  step_on(batches, discriminators, [&](size_t i, double part) {
    learn_to_judge(model, batches[i], frozen_output(model, batches[i]), part, figures[i]);
  });
  return of_all(figures);
}

StepTensors train_jointly(Model& model, StepBatches batches, Optimizer& completion,
                          Optimizer& discriminators, const Tensor& alpha) {
  std::vector<StepTensors> figures(batches.size());
  Variable output;  // of the only batch
  if (batches.size() == 1) output = complete_batch(model, batches.front());
  step_on(batches, discriminators, [&](size_t i, double part) {
    learn_to_judge(model, batches[i],
                   output.defined() ? output.value() : frozen_output(model, batches[i]), part,
                   figures[i]);
  });
  const Frozen frozen(*model.discriminators);
  step_on(batches, completion, [&](size_t i, double part) {
    learn_from_judges(model, batches[i],
                      output.defined() ? output : complete_batch(model, batches[i]), alpha, part,
                      figures[i]);
  });
  return of_all(figures);
}

StepTensors train_jointly(Model& model, StepBatches batches, Optimizer& completion,
                          Optimizer& discriminators, double alpha) {
  return train_jointly(model, batches, completion, discriminators,
                       Tensor::full({1}, alpha, batches.front().images.options()));
}

StepTensors train_step(int phase, Model& model, StepBatches batches, Optimizer& completion,
                       Optimizer& discriminators, const Tensor& alpha) {
  switch (phase) {
    case 1:
      return train_completion(model, batches, completion);
    case 2:
      return train_discriminators(model, batches, discriminators);
    default:
      return train_jointly(model, batches, completion, discriminators, alpha);
  }
}

}  // namespace kintsugi
