#include "glcic/checkpoint.h"

#include <charconv>
#include <map>

#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

constexpr const char* kTrainingPrefix = "training.completion.";
constexpr const char* kCompletionPrefix = "optimizer.completion.";
constexpr const char* kDiscriminatorsPrefix = "optimizer.discriminator.";

using Metadata = std::map<std::string, std::string>;

const std::string& text_entry(const Metadata& metadata, const char* name,
                              const std::string& origin) {
  auto found = metadata.find(name);
  check(found != metadata.end(), "{}: no checkpoint of glcic train: its metadata has no {}", origin,
        name);
  return found->second;
}

template <class Number>
Number number_entry(const Metadata& metadata, const char* name, const std::string& origin) {
  const std::string& text = text_entry(metadata, name, origin);
  Number number{};
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(fault == std::errc{} && end == text.data() + text.size(),
        "{}: no checkpoint of glcic train: its {} is \"{}\"", origin, name, text);
  return number;
}

/// A completion network for weights to be loaded into.
std::shared_ptr<Module> blank_completion(const TrainSettings& settings) {
  Generator unused;  // every number that is drawn is replaced
  return find_architecture(settings.architecture)
      .make_completion(settings.size, settings.width, unused);
}

void move_to(TrainState& state, Device device) {
  if (state.settings.average.kind == Averaging::Kind::none) state.average = state.model.completion;
  state.model.completion->to(device);
  state.average->to(device);
  state.model.discriminators->to(device);
  state.model.mean_pixel = state.model.mean_pixel.to(device);
  const AdadeltaOptions method{.rho = state.settings.rho, .eps = state.settings.eps};
  state.completion_optimizer = std::make_unique<Adadelta>(state.model.completion->state(), method);
  state.discriminators_optimizer =
      std::make_unique<Adadelta>(state.model.discriminators->state(), method);
}

}  // namespace

TrainState make_train_state(const TrainSettings& settings, const Tensor& mean_pixel,
                            Device device) {
  TrainState state;
  state.settings = settings;
  state.model = make_model(settings.size, settings.width, settings.seed, mean_pixel,
                           find_architecture(settings.architecture));
  state.average = blank_completion(settings);
  state.average->load(state.model.completion->save());
  state.alpha = settings.alpha;
  move_to(state, device);
  return state;
}

Model averaged_model(const TrainState& state) {
  Model model = state.model;
  model.completion = state.average;
  return model;
}

void write_checkpoint(const std::string& path, const TrainState& state, const Metadata& more) {
  write_safetensors(path, checkpoint_contents(state, more));
}

SafeTensors checkpoint_contents(const TrainState& state, const Metadata& more) {
  SafeTensors file;
  file.tensors = save_model(averaged_model(state));
  file.tensors.merge(state.model.completion->save(kTrainingPrefix));
  file.tensors.merge(state.completion_optimizer->save(kCompletionPrefix));
  file.tensors.merge(state.discriminators_optimizer->save(kDiscriminatorsPrefix));
  file.metadata = {{"format", "kintsugi glcic checkpoint 1"},
                   {"settings", to_json(state.settings)},
                   {"phase", std::to_string(state.position.phase)},
                   {"phase_step", std::to_string(state.position.phase_step)},
                   {"step", std::to_string(state.position.step)},
                   {"seconds", fmt::format("{}", state.position.seconds)},
                   {"alpha", fmt::format("{}", state.alpha)}};
  file.metadata.insert(more.begin(), more.end());
  return file;
}

TrainState read_checkpoint(const std::string& path, Device device) {
  SafeTensors file = read_safetensors(path);
  TrainState state;
  state.settings = settings_from_json(text_entry(file.metadata, "settings", path), path);
  state.position = {.phase = number_entry<int>(file.metadata, "phase", path),
                    .phase_step = number_entry<int64_t>(file.metadata, "phase_step", path),
                    .step = number_entry<int64_t>(file.metadata, "step", path),
                    .seconds = number_entry<double>(file.metadata, "seconds", path)};
  // Older versions had no other alpha than the settings'.
  state.alpha = file.metadata.contains("alpha") ? number_entry<double>(file.metadata, "alpha", path)
                                                : state.settings.alpha;
  check(state.position.phase >= 1 && state.position.phase <= 4 && state.position.step >= 0 &&
            state.position.phase_step >= 0,
        "{}: no checkpoint of glcic train: phase {}, step {}", path, state.position.phase,
        state.position.step);
  state.model = load_model(file.tensors, path, state.settings.size);
  state.average = state.model.completion;
  state.model.completion = blank_completion(state.settings);
  move_to(state, device);
  try {
    state.model.completion->load(file.tensors, kTrainingPrefix);
    state.completion_optimizer->load(file.tensors, kCompletionPrefix);
    state.discriminators_optimizer->load(file.tensors, kDiscriminatorsPrefix);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: no checkpoint of glcic train: {}", path, error.what()));
  }
  return state;
}

}  // namespace kintsugi
