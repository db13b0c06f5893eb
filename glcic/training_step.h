#pragma once
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
StepTensors train_completion(Model& model, const TrainingBatch& batch, Optimizer& completion);

/// Phase 2: C is frozen, on batch statistics, and keeps every byte; the discriminators step on
/// BCE(D(x), 1) + BCE(D(composite), 0), the real batch first, each by its own statistics.
StepTensors train_discriminators(Model& model, const TrainingBatch& batch,
                                 Optimizer& discriminators);

/// Phase 3: C runs once. The discriminators step on its detached composite; then C steps on
/// L + alpha·BCE(D(composite), 1) through the updated, frozen discriminators.
StepTensors train_jointly(Model& model, const TrainingBatch& batch, Optimizer& completion,
                          Optimizer& discriminators, double alpha);

}  // namespace kintsugi
