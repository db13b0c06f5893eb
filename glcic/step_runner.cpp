#include "glcic/step_runner.h"

namespace kintsugi {

namespace {

std::array<Tensor*, 4> tensors_of(TrainingBatch& batch) {
  return {&batch.images, &batch.masks, &batch.hole_corners, &batch.real_corners};
}

/// Copies `from` into the tensors of `to`, which stay where they are.
void copy_into(TrainingBatch from, TrainingBatch& to) {
  const std::array<Tensor*, 4> sources = tensors_of(from), targets = tensors_of(to);
  for (size_t i = 0; i < sources.size(); ++i)
    backend(targets[i]->device()).copy(*sources[i], *targets[i]);
}

TrainingBatch clone(TrainingBatch batch) {
  for (Tensor* tensor : tensors_of(batch)) *tensor = tensor->clone();
  return batch;
}

}  // namespace

StepReport StepRunner::run(int phase, const TrainingBatch& batch) {
  RecordedStep& recorded = recorded_[static_cast<size_t>(phase - 1)];
  if (can_replay(recorded, batch)) {
    copy_into(batch, recorded.batch);
    if (phase != 2) completion_.count_step();
    if (phase != 1) discriminators_.count_step();
  } else {
    recorded.recording = nullptr;
    // The first step is where algorithms are chosen and memory is found.
    if (recorded.steps_taken++ > 0) record(phase, batch, recorded);
    if (recorded.recording == nullptr) return read(step(phase, batch));
  }
  recorded.recording->replay();
  return read(recorded.figures);
}

void StepRunner::record(int phase, const TrainingBatch& batch, RecordedStep& recorded) {
  recorded.batch = clone(batch);
  recorded.places = places();
  recorded.recording = backend(batch.images.device()).record([&] {
    recorded.figures = step(phase, recorded.batch);
  });
}

bool StepRunner::can_replay(const RecordedStep& recorded, const TrainingBatch& batch) const {
  return recorded.recording != nullptr && batch.images.shape() == recorded.batch.images.shape() &&
         places() == recorded.places;
}

std::vector<const void*> StepRunner::places() const {
  std::vector<const void*> all;
  for (const Module* module : {static_cast<const Module*>(model_.completion.get()),
                               static_cast<const Module*>(model_.discriminators.get())})
    for (const StateEntry& entry : module->state()) all.push_back(entry.variable.value().raw());
  return all;
}

StepTensors StepRunner::step(int phase, const TrainingBatch& batch) {
  switch (phase) {
    case 1:
      return train_completion(model_, batch, completion_);
    case 2:
      return train_discriminators(model_, batch, discriminators_);
    default:
      return train_jointly(model_, batch, completion_, discriminators_, alpha_);
  }
}

}  // namespace kintsugi
