#pragma once
#include <array>
#include <memory>
#include <vector>

#include "glcic/training_step.h"
#include "tensor/backend.h"

namespace kintsugi {

/// Takes the training steps of a run (training_step.h). On a device that records work the second
/// step of a phase is recorded, and each one after it is a replay: one call in place of the some
/// thousand that a step is made of. The numbers are the same. Model and optimizers must outlive it.
class StepRunner {
 public:
  StepRunner(Model& model, Optimizer& completion, Optimizer& discriminators, double alpha)
      : model_(model), completion_(completion), discriminators_(discriminators), alpha_(alpha) {}

  /// One step of phase 1, 2 or 3.
  StepReport run(int phase, const TrainingBatch& batch);

 private:
  /// The recorded step of a phase, with the tensors that it reads its batch from and leaves its
  /// figures in.
  struct RecordedStep {
    int steps_taken = 0;
    TrainingBatch batch;
    StepTensors figures;
    std::unique_ptr<Recording> recording;
    std::vector<const void*> places;  ///< of the state, when it was recorded
  };

  StepTensors step(int phase, const TrainingBatch& batch);
  void record(int phase, const TrainingBatch& batch, RecordedStep& recorded);
  bool can_replay(const RecordedStep& recorded, const TrainingBatch& batch) const;
  /// Where every number lies that steps read and change, except for the optimizers' own.
  std::vector<const void*> places() const;

  Model& model_;
  Optimizer& completion_;
  Optimizer& discriminators_;
  double alpha_;
  std::array<RecordedStep, 3> recorded_;
};

}  // namespace kintsugi
