#include "glcic/run_step.h"

#include <fmt/core.h>

#include <cmath>
#include <optional>

#include "autograd/observer.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

TrainingBatch read_batch(const Dataset& pictures, const LoaderOptions& options, int64_t number,
                         Device device) {
  const Batch batch = make_batch(pictures, options, number);
  return make_training_batch(batch.images, batch.masks, batch.holes, batch.real_regions,
                             {.device = device});
}

std::string first_not_finite(const StateDict& tensors) {
  for (const auto& [name, tensor] : tensors)
    if (!is_finite(tensor)) return name;
  return "";
}

/// "conv2d in completion.layer03, backward": an op, and where this thread is.
std::string place_of(const char* op) {
  const Place& place = Profiler::active()->place();
  const std::string& layer = scope_path(place.scope);
  return fmt::format("{}{}{}, {}", op, layer.empty() ? "" : " in ", layer, to_string(place.pass));
}

/// Takes the next step of `state`; returns the place of the first op whose output is not finite.
std::string watched_step(TrainState& state, int phase, const std::vector<TrainingBatch>& batches) {
  std::string place;
  const ObserverGuard guard([&place](const char* op, const Tensor& output) {
    if (place.empty() && !is_finite(output)) place = place_of(op);
  });
  state.position.phase = phase;
  const Tensor alpha = Tensor::full({1}, state.alpha, batches.front().images.options());
  finish_step(state, read(train_step(phase, state.model, batches, *state.completion_optimizer,
                                     *state.discriminators_optimizer, alpha)));
  return place;
}

}  // namespace

LoaderOptions loader_options(const TrainState& state) {
  const TrainSettings& settings = state.settings;
  return {.size = settings.size,
          .batch = settings.batch,
          .hole_range = settings.holes,
          .scale_range = settings.scale_range,
          .seed = settings.seed,
          .first_step = state.position.step * settings.accumulate};
}

void finish_step(TrainState& state, const StepReport& report) {
  const TrainSettings& settings = state.settings;
  Position& position = state.position;
  if (position.phase != 2 && settings.average.kind != Averaging::Kind::none) {
    const Scope scope("average", Pass::update);
    average_weights(*state.average, *state.model.completion,
                    averaging_part(settings.average, state.completion_optimizer->steps()));
  }
  if (position.phase == 3 && settings.adaptive_alpha)
    state.alpha =
        adapted_alpha(state.alpha, report.completion_gradient, report.adversarial_gradient);
  ++position.phase_step;
  ++position.step;
}

bool is_finite(const Tensor& tensor) {
  // 0·x is 0, but NaN where x is infinite or NaN; and a sum with a NaN in it is one.
  return std::isfinite(ops::sum(ops::affine(tensor, 0, 0)).item());
}

std::string first_not_finite(const TrainState& state) {
  std::string name = first_not_finite(state.model.completion->save("completion."));
  if (name.empty()) name = first_not_finite(state.model.discriminators->save("discriminator."));
  if (name.empty())
    name = first_not_finite(state.completion_optimizer->save("optimizer.completion."));
  if (name.empty())
    name = first_not_finite(state.discriminators_optimizer->save("optimizer.discriminator."));
  return name;
}

Fault find_fault(TrainState state, const Dataset& pictures, int phase, int64_t last_step) {
  const Device device = state.model.mean_pixel.device();
  std::optional<Profiler> profiler;  // knows which layer an op is in
  if (Profiler::active() == nullptr) profiler.emplace(device, 0);
  const LoaderOptions options = loader_options(state);
  std::string place = first_not_finite(state);
  while (place.empty() && state.position.step < last_step) {
    const int64_t first = state.position.step * state.settings.accumulate;
    std::vector<TrainingBatch> batches;
    for (int64_t i = 0; i < state.settings.accumulate; ++i)
      batches.push_back(read_batch(pictures, options, first + i, device));
    place = watched_step(state, phase, batches);
    if (place.empty()) place = first_not_finite(state);
  }
  return {.step = state.position.step, .place = place};
}

}  // namespace kintsugi
