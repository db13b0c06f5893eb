#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/evaluation.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

struct EvaluateCommand {
  std::string weights, data, split = "test", hole = "centre", sides, json;
  EvaluationOptions options;
  ComputeOptions compute;
};

void run(const EvaluateCommand& command) {
  const Device device = apply(command.compute);
  EvaluationOptions options = command.options;
  options.hole = hole_rule_from_string(command.hole);
  if (!command.sides.empty()) {
    check(options.hole == HoleRule::random, "--hole-sides goes with --hole random alone");
    options.hole_range = hole_range_from_string(command.sides);
  }
  const Split split = split_from_string(command.split);
  if (!command.json.empty()) check_output(command.json, {".json"}, {command.weights});

  const Model model = read_weights(command.weights, device);
  const std::unique_ptr<Dataset> dataset = open_dataset(command.data, split, {.cache_bytes = 0});
  const Evaluation evaluation = evaluate(model, *dataset, options);
  fmt::print("{}", evaluation_table(evaluation));
  if (!command.json.empty())
    write_file_atomically(command.json, evaluation_json(evaluation, command.data, command.split));
}

}  // namespace

void add_evaluate_command(CLI::App& program) {
  const auto options = std::make_shared<EvaluateCommand>();
  CLI::App* command =
      program.add_subcommand("evaluate", "Measure completions of pictures with a hole cut in");
  command->add_option("--weights", options->weights, "Weights or checkpoint (safetensors)")
      ->required();
  command
      ->add_option("--data", options->data,
                   "\"synthetic\", or a folder: CelebA's layout, or any PNG and JPEG files")
      ->required();
  command->add_option("--split", options->split, "train, valid, test or all")
      ->capture_default_str();
  command
      ->add_option("--size", options->options.size, "Pictures are scaled to this, a multiple of 4")
      ->check(CLI::Range(4, 8192))
      ->capture_default_str();
  command
      ->add_option("--hole", options->hole,
                   "centre (a square of half the side) or random (a rectangle a picture)")
      ->capture_default_str();
  command->add_option("--hole-sides", options->sides,
                      "LOW:HIGH pixels of a random hole's sides (default: 3/8 to 1/2 of the size)");
  command->add_option("--seed", options->options.seed, "Of the random holes")
      ->capture_default_str();
  command
      ->add_option("--limit", options->options.limit,
                   "Only so many pictures, spread evenly (default: all)")
      ->check(CLI::PositiveNumber);
  command->add_option("--batch", options->options.batch, "Pictures at a time")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_flag("--baselines", options->options.baselines,
                    "Also measure one mean colour and colour diffusion");
  command->add_option("--json", options->json, "Also write the figures and their protocol: .json");
  add_compute_options(*command, options->compute);
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
