#pragma once
#include <memory>
#include <string>

#include "glcic/model.h"
#include "glcic/settings.h"
#include "layers/optimizer.h"

namespace kintsugi {

/// How far a run has come.
struct Position {
  int phase = 1;           ///< 1, 2, 3; 4 when it is done
  int64_t phase_step = 0;  ///< steps done in this phase
  int64_t step = 0;        ///< steps done in all: also what the next batch is keyed by
  double seconds = 0;      ///< wall-clock time spent training
};

/// A training run, between two steps: with this and the pictures, everything that follows is
/// decided to the bit.
struct TrainState {
  TrainSettings settings;
  Model model;
  /// Average of model.completion over its last steps (average_weights): what completes pictures.
  std::shared_ptr<CompletionNetwork> average;
  std::unique_ptr<Adadelta> completion_optimizer;
  std::unique_ptr<Adadelta> discriminators_optimizer;
  Position position;
};

/// Fresh weights from the settings' seed.
TrainState make_train_state(const TrainSettings& settings, const Tensor& mean_pixel, Device device);

/// Moves `average` on after the steps-th step of `network`, running statistics included:
///   w̄ ← w̄ + (9 / (steps + 8))·(w − w̄),
/// polynomial-decay averaging (Shamir & Zhang, "Stochastic Gradient Descent for Non-smooth
/// Optimization", ICML 2013, §4, η = 8): most of it are the last tenth of the steps, however many
/// there were. Training itself never sees it; it takes the noise of ADADELTA's steps out.
void average_weights(CompletionNetwork& average, const CompletionNetwork& network, int64_t steps);

/// The model with the averaged completion network in place of the one in training.
Model averaged_model(const TrainState& state);

/// One safetensors file: the averaged model under the usual names (so that a checkpoint serves as
/// weights), the completion network in training under "training.completion.…", optimisers under
/// "optimizer.…", settings and position as metadata. Written aside and renamed.
void write_checkpoint(const std::string& path, const TrainState& state);
/// Throws Error, naming the file, where it is no checkpoint.
TrainState read_checkpoint(const std::string& path, Device device);

}  // namespace kintsugi
