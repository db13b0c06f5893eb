#include "glcic/step_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tensor/error.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

template <class Batch>  // const or not
auto tensors_of(Batch& batch) {
  return std::array{&batch.images, &batch.masks, &batch.hole_corners, &batch.real_corners};
}

bool are_alike(const TrainingBatch& a, const TrainingBatch& b) {
  const auto is_alike = [](const Tensor* x, const Tensor* y) {
    return x->shape() == y->shape() && x->dtype() == y->dtype() && x->device() == y->device();
  };
  const auto first = tensors_of(a), second = tensors_of(b);
  return std::equal(first.begin(), first.end(), second.begin(), is_alike);
}

/// Copies `from` into the tensors of `to`, which stay where they are.
void copy_into(const TrainingBatch& from, TrainingBatch& to) {
  const auto sources = tensors_of(from);
  const auto targets = tensors_of(to);
  for (size_t i = 0; i < sources.size(); ++i)
    backend(targets[i]->device()).copy(*sources[i], *targets[i]);
}

std::vector<TrainingBatch> clone(StepBatches batches) {
  std::vector<TrainingBatch> clones(batches.begin(), batches.end());
  for (TrainingBatch& batch : clones)
    for (Tensor* tensor : tensors_of(batch)) *tensor = tensor->clone();
  return clones;
}

/// All that training changes in a network. (Pointers, as a copy of a tensor would share it.)
std::vector<const Tensor*> state_of(const Module& network, const Optimizer& optimizer) {
  std::vector<const Tensor*> tensors;
  for (const StateEntry& entry : network.state()) tensors.push_back(&entry.variable.value());
  for (const std::vector<Tensor>& slots : optimizer.slots())
    for (const Tensor& slot : slots) tensors.push_back(&slot);
  return tensors;
}

bool is_shared(const Module& network, const Optimizer& optimizer) {
  return !std::ranges::all_of(state_of(network, optimizer), &Tensor::is_unique);
}

}  // namespace

StepReport StepRunner::run(int phase, StepBatches batches, double weight) {
  if (std::exchange(phase_, phase) != phase) {
    recorded_ = {};
    warm_ = {};
  }
  const Tensor& images = batches.front().images;
  const Tensor alpha = Tensor::full({1}, weight, images.options());
  if (may_replay()) {
    if (!is_of(recorded_, batches)) {
      recorded_ = {};  // its memory first
      // A step before is where algorithms are chosen.
      if (images.shape() == warm_) recorded_ = try_to_record(batches, alpha);
    }
    if (recorded_.recording) return replay(batches, alpha);
  }
  warm_ = images.shape();
  return read(take_step(batches, alpha));
}

bool StepRunner::may_replay() const {
  const bool is_shared_here = (phase_ != 2 && is_shared(*model_.completion, completion_)) ||
                              (phase_ != 1 && is_shared(*model_.discriminators, discriminators_));
  return can_record_ && Profiler::active() == nullptr && !is_shared_here;
}

bool StepRunner::is_of(const RecordedStep& recorded, StepBatches batches) const {
  return recorded.recording && std::ranges::equal(recorded.batches, batches, are_alike) &&
         recorded.setting == setting();
}

StepRunner::RecordedStep StepRunner::record(StepBatches batches, const Tensor& alpha) {
  RecordedStep recorded{.recording = nullptr,
                        .batches = clone(batches),
                        .alpha = alpha.clone(),
                        .figures = {},
                        .setting = setting()};
  recorded.recording = backend(alpha.device()).record([&] {
    recorded.figures = take_step(recorded.batches, recorded.alpha);
  });
  can_record_ = recorded.recording != nullptr;
  return can_record_ ? std::move(recorded) : RecordedStep{};
}

/// Changes nothing of the training. Nothing is recorded where memory runs out.
StepRunner::RecordedStep StepRunner::try_to_record(StepBatches batches, const Tensor& alpha) {
  const int64_t completion_steps = completion_.steps();
  const int64_t discriminators_steps = discriminators_.steps();
  RecordedStep recorded;
  try {
    recorded = record(batches, alpha);
  } catch (const Error& error) {
    can_record_ = false;
    completion_.zero_grad();
    discriminators_.zero_grad();
    fmt::print(stderr, "\ntraining goes on without recorded steps, slower: {}\n", error.what());
  }
  completion_.set_steps(completion_steps);
  discriminators_.set_steps(discriminators_steps);
  return recorded;
}

StepReport StepRunner::replay(StepBatches batches, const Tensor& alpha) {
  for (size_t i = 0; i < batches.size(); ++i) copy_into(batches[i], recorded_.batches[i]);
  backend(alpha.device()).copy(alpha, recorded_.alpha);
  recorded_.recording->replay();
  if (phase_ != 2) completion_.set_steps(completion_.steps() + 1);
  if (phase_ != 1) discriminators_.set_steps(discriminators_.steps() + 1);
  return read(recorded_.figures);
}

StepRunner::Setting StepRunner::setting() const {
  Setting setting{.places = {model_.mean_pixel.raw()},
                  .completion_rate = completion_.rate(),
                  .discriminators_rate = discriminators_.rate()};
  for (const auto& tensors : {state_of(*model_.completion, completion_),
                              state_of(*model_.discriminators, discriminators_)})
    for (const Tensor* tensor : tensors) setting.places.push_back(tensor->raw());
  return setting;
}

StepTensors StepRunner::take_step(StepBatches batches, const Tensor& alpha) {
  return train_step(phase_, model_, batches, completion_, discriminators_, alpha);
}

}  // namespace kintsugi
