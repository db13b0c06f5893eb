#pragma once
#include <map>
#include <memory>
#include <string>

#include "glcic/model.h"
#include "glcic/settings.h"
#include "layers/optimizer.h"
#include "tensor/io/safetensors.h"

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
  /// What completes pictures: model.completion itself, or its average (settings.average).
  std::shared_ptr<Module> average;
  std::unique_ptr<Adadelta> completion_optimizer;
  std::unique_ptr<Adadelta> discriminators_optimizer;
  Position position;
  double alpha = 0;  ///< of the next step of phase 3
};

/// Fresh weights from the settings' seed.
TrainState make_train_state(const TrainSettings& settings, const Tensor& mean_pixel, Device device);

/// The model with the averaged completion network in place of the one in training.
Model averaged_model(const TrainState& state);

/// One safetensors file: the averaged model under the usual names (so that a checkpoint serves as
/// weights), the completion network in training under "training.completion.…", optimisers under
/// "optimizer.…", settings, position, alpha and what is in `more` as metadata. Written aside and
/// renamed.
void write_checkpoint(const std::string& path, const TrainState& state,
                      const std::map<std::string, std::string>& more = {});
/// What that file holds.
SafeTensors checkpoint_contents(const TrainState& state,
                                const std::map<std::string, std::string>& more = {});
/// Throws Error, naming the file, where it is no checkpoint.
TrainState read_checkpoint(const std::string& path, Device device);

}  // namespace kintsugi
