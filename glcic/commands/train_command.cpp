#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
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
  std::string steps = "1000,200,2000";
  std::string budget, hole;
  ComputeOptions compute;
  ProfileOptions profile;
};

/// The options that a checkpoint holds itself, so that they cannot be given with --resume.
constexpr const char* kSettingOptions[] = {"--data",  "--size",       "--width", "--batch",
                                           "--steps", "--budget",     "--seed",  "--alpha",
                                           "--hole",  "--scale-range"};

void run_train(const CLI::App& command, TrainArguments arguments) {
  TrainOptions& options = arguments.options;
  TrainSettings& settings = options.settings;
  if (options.resume)
    for (const char* name : kSettingOptions)
      check(command.count(name) == 0,
            "train: {} cannot change when a run is resumed: its checkpoint says", name);
  check(command.count("--steps") == 0 || command.count("--budget") == 0,
        "train: give --steps or --budget, not both");
  settings.steps = steps_from_string(arguments.steps);
  if (!arguments.budget.empty()) settings.budget = seconds_from_string(arguments.budget);
  if (!arguments.hole.empty()) settings.holes = hole_range_from_string(arguments.hole);
  options.device = apply(arguments.compute);
  options.stop = [](const Position&) { return interrupted != 0; };
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);

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
  TrainSettings& settings = options.settings;
  CLI::App* command = program.add_subcommand("train",
                                             "Train on a folder of pictures, or on faces "
                                             "that the program draws");
  command->add_option("--run", options.run, "Folder for checkpoints, metrics and samples")
      ->required();
  command->add_flag("--resume", options.resume, "Go on from the run's checkpoint");
  command
      ->add_option("--data", settings.data,
                   "\"synthetic\", a folder in CelebA's layout, or a folder of PNG and JPEG files")
      ->capture_default_str();
  command->add_option("--size", settings.size, "Side of the training pictures, in pixels")
      ->capture_default_str();
  command->add_option("--width", settings.width, "Base width of the networks (64 in the paper)")
      ->capture_default_str();
  command->add_option("--batch", settings.batch, "Pictures a step")->capture_default_str();
  command->add_option("--steps", arguments->steps, "Steps of the three phases")
      ->capture_default_str();
  command->add_option("--budget", arguments->budget,
                      "Wall-clock time to divide over the phases instead: 90s, 10m, 1.5h");
  command->add_option("--seed", settings.seed, "Decides weights, batches and holes")
      ->capture_default_str();
  command->add_option("--alpha", settings.alpha, "Weight of the adversarial term")
      ->capture_default_str();
  command->add_option("--hole", arguments->hole,
                      "Sides of the holes, LOW:HIGH in pixels [3/8 to 1/2 of the size]");
  command->add_option("--scale-range", settings.scale_range,
                      "Shorter edge: size to this times size [1.1125 for faces, 1.5 else]");
  command->add_flag("--validate", options.validate,
                    "Measure the hole PSNR on unseen pictures at each checkpoint");
  command->add_option("--checkpoint-every", options.checkpoint_every, "Seconds between checkpoints")
      ->capture_default_str();
  add_compute_options(*command, arguments->compute);
  command->add_option("--loader-threads", options.loader_threads, "Threads that read pictures")
      ->capture_default_str();
  add_profile_option(*command, arguments->profile);
  command->callback([command, arguments] { run_train(*command, *arguments); });
}

}  // namespace kintsugi
