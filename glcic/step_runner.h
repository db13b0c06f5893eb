#pragma once
#include <memory>
#include <vector>

#include "glcic/training_step.h"
#include "tensor/backend.h"

namespace kintsugi {

/// Takes the training steps of a run (training_step.h). On a device that records work, a phase's
/// second step is recorded, and from then on a step is a replay: one call in place of the
/// hundreds that it is made of. The numbers are the same. Model and optimizers must outlive it;
/// what else is done to them between two steps, the next one sees.
class StepRunner {
 public:
  /// Not with Adam, whose formula has the number of the step in it.
  StepRunner(Model& model, Optimizer& completion, Optimizer& discriminators)
      : model_(model), completion_(completion), discriminators_(discriminators) {}

  /// One step of phase 1, 2 or 3 (train_step); alpha may be another one each time. There are no
  /// replays while a Profiler times what a step is made of, nor while somebody else holds a tensor
  /// that it changes (it leaves that one as it is, and changes a copy). Where there is no memory
  /// for a recording, says so on stderr and goes on without.
  StepReport run(int phase, StepBatches batches, double alpha);

 private:
  /// What a recording takes for given. Where it has changed, it is the recording of another step.
  struct Setting {
    std::vector<const void*> places;  ///< of all tensors that steps read and change
    double completion_rate = 0, discriminators_rate = 0;
    bool operator==(const Setting&) const = default;
  };
  /// A recorded step, with the tensors that it reads its batches and alpha from and leaves its
  /// figures in.
  struct RecordedStep {
    std::unique_ptr<Recording> recording;
    std::vector<TrainingBatch> batches;
    Tensor alpha;  ///< [1]
    StepTensors figures;
    Setting setting;
  };

  StepTensors take_step(StepBatches batches, const Tensor& alpha);
  bool may_replay() const;
  bool is_of(const RecordedStep& recorded, StepBatches batches) const;
  RecordedStep record(StepBatches batches, const Tensor& alpha);
  RecordedStep try_to_record(StepBatches batches, const Tensor& alpha);
  StepReport replay(StepBatches batches, const Tensor& alpha);
  Setting setting() const;

  Model& model_;
  Optimizer& completion_;
  Optimizer& discriminators_;
  int phase_ = 0;
  Shape warm_;  ///< of the pictures of the phase's last step that was no replay
  bool can_record_ = true;
  RecordedStep recorded_;
};

}  // namespace kintsugi
