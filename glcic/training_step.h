#pragma once
#include <span>
#include <vector>

#include "glcic/mask.h"
#include "glcic/model.h"
#include "layers/optimizer.h"
#include "tensor/ops.h"

/// The three kinds of iterations of GLCIC's algorithm 1. Everything that a step does to a network
/// stands here.
namespace kintsugi {

/// A batch where the networks are, in their dtype.
struct TrainingBatch {
  Tensor images;        ///< [N, S, S, 3], RGB in [0, 1]
  Tensor masks;         ///< [N, S, S, 1], M_c: 1 = hole
  Tensor hole_corners;  ///< [N, 2], local patches round M_c: row, column
  Tensor real_corners;  ///< [N, 2], local patches of the real pictures: M_d
};

/// Local patches at `real_regions` as at `holes`: centred, as far as the picture allows.
TrainingBatch make_training_batch(const Tensor& images, const Tensor& masks,
                                  const std::vector<Hole>& holes,
                                  const std::vector<Hole>& real_regions, TensorOptions options);

/// What one step learns from: a batch, or several where all their pictures at once do not fit into
/// memory. Then the gradients of a step are means over the pictures of all of them, and its figures
/// those of all of them, so that a network without batch statistics steps as on one large batch;
/// batch statistics are each batch's own, and running statistics move once a batch.
class StepBatches : public std::span<const TrainingBatch> {
 public:
  StepBatches(const TrainingBatch& one) : span(&one, 1) {}
  StepBatches(const std::vector<TrainingBatch>& several) : span(several) {}
};

/// What a step sees.
template <class Number>
struct StepFigures {
  Number completion_loss;       ///< L: mean over N·H·W·3 of (M_c ⊙ (C − x))²
  Number discriminator_loss;    ///< BCE(D(x), 1) + BCE(D(composite), 0), before D's step
  Number adversarial_loss;      ///< BCE(D(composite), 1), after D's step
  Number real_mean;             ///< mean probability that D gives real pictures
  Number fake_mean;             ///< … and composites
  Number completion_gradient;   ///< ‖∂L / ∂C(x)‖
  Number adversarial_gradient;  ///< ‖∂(adversarial loss) / ∂C(x)‖, without α
};
/// Where the step was computed, one element each; undefined where the phase has none. The device
/// may still be at work on them.
using StepTensors = StepFigures<Tensor>;
/// NaN where the phase has none.
using StepReport = StepFigures<double>;
/// Waits for the device.
StepReport read(const StepTensors& figures);

/// L(x, M_c) of GLCIC, eq. 2, as a mean over all N·H·W·3 entries.
Variable completion_loss(const Variable& completed, const TrainingBatch& batch);

/// Phase 1: C steps on L.
StepTensors train_completion(Model& model, StepBatches batches, Optimizer& completion);

/// Phase 2: C is frozen, on batch statistics, and keeps every byte; the discriminators step on
/// BCE(D(x), 1) + BCE(D(composite), 0), the real batch first, each by its own statistics.
StepTensors train_discriminators(Model& model, StepBatches batches, Optimizer& discriminators);

/// Phase 3: the discriminators step on C's detached composites; then C steps on
/// L + alpha·BCE(D(composite), 1) through the updated, frozen discriminators. C runs once a batch;
/// twice where there are several, frozen the first time, as its maps are not kept for all of them.
/// alpha [1], where the networks are.
StepTensors train_jointly(Model& model, StepBatches batches, Optimizer& completion,
                          Optimizer& discriminators, const Tensor& alpha);
StepTensors train_jointly(Model& model, StepBatches batches, Optimizer& completion,
                          Optimizer& discriminators, double alpha);

/// A step of phase 1, 2 or 3.
StepTensors train_step(int phase, Model& model, StepBatches batches, Optimizer& completion,
                       Optimizer& discriminators, const Tensor& alpha);

}  // namespace kintsugi
