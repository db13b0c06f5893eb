#include "glcic/checkpoint.h"

#include <charconv>
#include <map>

#include "layers/own_value.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"
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

void move_to(TrainState& state, Device device) {
  state.model.completion->to(device);
  state.average->to(device);
  state.model.discriminators->to(device);
  state.model.mean_pixel = state.model.mean_pixel.to(device);
  state.completion_optimizer = std::make_unique<Adadelta>(state.model.completion->state());
  state.discriminators_optimizer = std::make_unique<Adadelta>(state.model.discriminators->state());
}

}  // namespace

TrainState make_train_state(const TrainSettings& settings, const Tensor& mean_pixel,
                            Device device) {
  TrainState state;
  state.settings = settings;
  state.model = make_model(settings.size, settings.width, settings.seed, mean_pixel);
  Generator unused;  // every number that is drawn is replaced
  state.average = std::make_shared<CompletionNetwork>(settings.width, unused);
  state.average->load(state.model.completion->save());
  move_to(state, device);
  return state;
}

void average_weights(CompletionNetwork& average, const CompletionNetwork& network, int64_t steps) {
  double part = 9.0 / (static_cast<double>(steps) + 8.0);
  std::vector<StateEntry> from = network.state(), to = average.state();
  std::vector<ParameterStep> averages;
  for (size_t i = 0; i < to.size(); ++i)
    averages.push_back(
        {.weight = own_value(to[i].variable), .grad = from[i].variable.value(), .slots = {}});
  backend(averages.front().weight.device()).average_step(averages, part);
}

Model averaged_model(const TrainState& state) {
  Model model = state.model;
  model.completion = state.average;
  return model;
}

void write_checkpoint(const std::string& path, const TrainState& state) {
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
                   {"seconds", fmt::format("{}", state.position.seconds)}};
  write_safetensors(path, file);
}

TrainState read_checkpoint(const std::string& path, Device device) {
  SafeTensors file = read_safetensors(path);
  TrainState state;
  state.settings = settings_from_json(text_entry(file.metadata, "settings", path), path);
  state.position = {.phase = number_entry<int>(file.metadata, "phase", path),
                    .phase_step = number_entry<int64_t>(file.metadata, "phase_step", path),
                    .step = number_entry<int64_t>(file.metadata, "step", path),
                    .seconds = number_entry<double>(file.metadata, "seconds", path)};
  check(state.position.phase >= 1 && state.position.phase <= 4 && state.position.step >= 0 &&
            state.position.phase_step >= 0,
        "{}: no checkpoint of glcic train: phase {}, step {}", path, state.position.phase,
        state.position.step);
  state.model = load_model(file.tensors, path, state.settings.size);
  state.average = state.model.completion;
  Generator unused;  // every number that is drawn is replaced
  state.model.completion = std::make_shared<CompletionNetwork>(state.average->width(), unused);
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
