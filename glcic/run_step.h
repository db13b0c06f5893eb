#pragma once
#include "glcic/checkpoint.h"
#include "glcic/loader.h"
#include "glcic/training_step.h"

/// What a step of a run is made of beside the networks' own step (training_step.h): the same for
/// the run, and for whoever takes its steps again.
namespace kintsugi {

/// Which batches a run reads from its state on: step s has the accumulate batches from
/// s·accumulate on. How they are read (threads, strict) is left open.
LoaderOptions loader_options(const TrainState& state);

/// α, averaged weights and position, after the networks' step; not the clock.
void finish_step(TrainState& state, const StepReport& report);

/// True where no element is NaN or infinite.
bool is_finite(const Tensor& tensor);
/// The first weight, running statistic or number of an optimiser that is not finite, by its name
/// in checkpoints ("completion.layer03.conv.weight"); "" where there is none.
std::string first_not_finite(const TrainState& state);

/// Where numbers first ceased to be finite.
struct Fault {
  int64_t step = 0;
  std::string place;  ///< "conv2d in completion.layer03, backward"; "" where all is finite
};

/// Takes the steps of a phase from `state` on once more, to `last_step` at most, and looks at what
/// every op makes and at every weight after it. Steps are the same bits as they were, so that it
/// finds what went wrong in them.
Fault find_fault(TrainState state, const Dataset& pictures, int phase, int64_t last_step);

}  // namespace kintsugi
