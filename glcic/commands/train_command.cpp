#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/recipe.h"
#include "glcic/trainer.h"
#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

// Set by Ctrl-C; the run stops after the step that it is in.
volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);  // a second Ctrl-C does not wait
}

struct TrainArguments {
  TrainOptions options;
  TrainSettings given;  // the options that are settings
  std::string recipe;
  std::string steps = "1000,200,2000", average = "polynomial";
  std::string budget, hole, alpha;
  bool print = false;
  ComputeOptions compute;
  ProfileOptions profile;
};

void set_alpha(TrainSettings& settings, const std::string& text) {
  settings.adaptive_alpha = text == "adaptive";
  if (settings.adaptive_alpha) return;  // from the alpha that there is
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, settings.alpha);
  check(fault == std::errc{} && rest == end,
        "\"{}\" is no weight of the adversarial term: a number, or adaptive", text);
}

/// An option that a checkpoint and a recipe state, too.
struct SettingOption {
  const char* name;
  void (*put)(const TrainArguments& given, TrainSettings& settings);
};
using Given = const TrainArguments&;
constexpr SettingOption kSettingOptions[] = {
    {"--architecture",
     [](Given a, TrainSettings& s) {
       s.architecture = a.given.architecture;
       s.alpha = find_architecture(s.architecture).alpha;
     }},
    {"--data", [](Given a, TrainSettings& s) { s.data = a.given.data; }},
    {"--size", [](Given a, TrainSettings& s) { s.size = a.given.size; }},
    {"--width", [](Given a, TrainSettings& s) { s.width = a.given.width; }},
    {"--batch", [](Given a, TrainSettings& s) { s.batch = a.given.batch; }},
    {"--accumulate", [](Given a, TrainSettings& s) { s.accumulate = a.given.accumulate; }},
    {"--steps",
     [](Given a, TrainSettings& s) {
       s.steps = steps_from_string(a.steps);
       s.budget = 0;
     }},
    {"--budget", [](Given a, TrainSettings& s) { s.budget = seconds_from_string(a.budget); }},
    {"--seed", [](Given a, TrainSettings& s) { s.seed = a.given.seed; }},
    {"--alpha", [](Given a, TrainSettings& s) { set_alpha(s, a.alpha); }},
    {"--average", [](Given a, TrainSettings& s) { s.average = averaging_from_string(a.average); }},
    {"--hole", [](Given a, TrainSettings& s) { s.holes = hole_range_from_string(a.hole); }},
    {"--scale-range", [](Given a, TrainSettings& s) { s.scale_range = a.given.scale_range; }},
};

/// The recipe's, or the defaults, and over them what was given.
TrainSettings settings_from(const CLI::App& command, const TrainArguments& arguments) {
  check(command.count("--steps") == 0 || command.count("--budget") == 0,
        "train: give --steps or --budget, not both");
  TrainSettings settings;
  if (!arguments.recipe.empty()) settings = read_recipe(arguments.recipe);
  for (const SettingOption& option : kSettingOptions)
    if (command.count(option.name) > 0) option.put(arguments, settings);
  check_settings(settings);
  return settings;
}

void check_resumable(const CLI::App& command) {
  const auto refuse = [&](const char* name) {
    check(command.count(name) == 0,
          "train: {} cannot change when a run is resumed: its checkpoint says", name);
  };
  refuse("--recipe");
  for (const SettingOption& option : kSettingOptions) refuse(option.name);
}

std::string recipe_names() {
  std::string names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) names += fmt::format("{}, ", recipe.name);
  return names;
}

void run_train(const CLI::App& command, TrainArguments arguments) {
  TrainOptions& options = arguments.options;
  TrainSettings& settings = options.settings;
  if (options.resume)
    check_resumable(command);
  else
    settings = settings_from(command, arguments);
  if (arguments.print) {
    fmt::print("{}", to_recipe(settings));
    return;
  }
  check(!options.run.empty(), "train: --run is missing: the folder of the run");
  check(!settings.data.empty(), "train: recipe {} does not say which pictures: give --data",
        arguments.recipe);
  options.device = apply(arguments.compute);
  options.stop = [](const Position&) { return interrupted != 0; };
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGHUP, on_interrupt);

  Position end;
  run_profiled(arguments.profile, options.device, options.run + "/trace.json", {},
               [&] { end = train(options); });
  if (end.phase <= 3) {
    fmt::print(stderr, "\nstopped at step {}; go on with: glcic train --run {} --resume\n",
               end.step, options.run);
    throw CLI::RuntimeError(130);
  }
  fmt::print(stderr, "\ndone: {} steps in {}; weights in {}/checkpoint.safetensors\n", end.step,
             duration_string(end.seconds), options.run);
}

}  // namespace

void add_train_command(CLI::App& program) {
  auto arguments = std::make_shared<TrainArguments>();
  TrainOptions& options = arguments->options;
  TrainSettings& settings = arguments->given;
  CLI::App* command = program.add_subcommand("train",
                                             "Train on a folder of pictures, or on faces "
                                             "that the program draws");
  command->add_option("--run", options.run, "Folder for checkpoints, metrics and samples");
  CLI::Option* resume =
      command->add_flag("--resume", options.resume, "Go on from the run's checkpoint");
  command->add_option("--recipe", arguments->recipe,
                      "All settings below: " + recipe_names() +
                          "or a JSON file; options that are given come before it");
  command
      ->add_flag("--print", arguments->print,
                 "Print the settings, as a recipe, and do nothing else")
      ->excludes(resume);
  command
      ->add_option("--architecture", settings.architecture,
                   "The learned system: glcic, or another that this program knows")
      ->capture_default_str();
  command
      ->add_option("--data", settings.data,
                   "\"synthetic\", a folder in CelebA's layout, or a folder of PNG and JPEG files")
      ->capture_default_str();
  command->add_option("--size", settings.size, "Side of the training pictures, in pixels")
      ->capture_default_str();
  command->add_option("--width", settings.width, "Base width of the networks (64 in the paper)")
      ->capture_default_str();
  command->add_option("--batch", settings.batch, "Pictures in memory at once, and in a step")
      ->capture_default_str();
  command
      ->add_option("--accumulate", settings.accumulate,
                   "Batches a step: gradients are means over all of their pictures")
      ->capture_default_str();
  command->add_option("--steps", arguments->steps, "Steps of the three phases")
      ->capture_default_str();
  command->add_option("--budget", arguments->budget,
                      "Wall-clock time to divide over the phases instead: 90s, 10m, 1.5h");
  command->add_option("--seed", settings.seed, "Decides weights, batches and holes")
      ->capture_default_str();
  command->add_option("--alpha", arguments->alpha,
                      "Weight of the adversarial term; adaptive: follows the norms of both "
                      "gradients [the architecture's; GLCIC 0.0004]");
  command
      ->add_option("--average", arguments->average,
                   "Weights that complete pictures: polynomial, ema:0.999 (of the last 1000 "
                   "steps, say), or none, the last ones")
      ->capture_default_str();
  command->add_option("--hole", arguments->hole,
                      "Sides of the holes, LOW:HIGH in pixels [3/8 to 1/2 of the size]");
  command->add_option("--scale-range", settings.scale_range,
                      "Shorter edge: size to this times size [1.1125 for faces, 1.5 else]");
  command->add_flag("--validate", options.validate,
                    "Measure the hole PSNR on unseen pictures at each checkpoint, and keep the "
                    "best in best.safetensors");
  command->add_option("--checkpoint-every", options.checkpoint_every, "Seconds between checkpoints")
      ->capture_default_str();
  command->add_option("--keep", options.keep, "Checkpoints that stay: the last so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--strict", options.strict,
                    "A damaged picture ends the run; else it is passed over with a warning");
  add_compute_options(*command, arguments->compute);
  command->add_option("--loader-threads", options.loader_threads, "Threads that read pictures")
      ->capture_default_str();
  add_profile_option(*command, arguments->profile);
  command->callback([command, arguments] { run_train(*command, *arguments); });
}

}  // namespace kintsugi
