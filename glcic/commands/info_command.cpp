#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "glcic/commands/commands.h"
#include "glcic/model.h"
#include "layers/summary.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {
namespace {

constexpr int64_t kPaperSize = 256, kPaperWidth = 64;

struct InfoCommand {
  std::string weights, architecture = "glcic";
  int64_t size = kPaperSize, width = kPaperWidth;
  bool size_given = false, width_given = false, architecture_given = false;
};

/// One network: a headline, the table, what a forward pass costs.
void print_network(const Module& network, const Shape& input) {
  fmt::print("{}, input {}\n{}", network.describe(), input,
             summary_table(named_layers(network), input));
}

void print_completion(const Module& network, int64_t size) {
  const Shape input{1, size, size, 4};
  print_network(network, input);
  const int64_t field = receptive_field(network.footprints());
  fmt::print("{:.2f} GFLOP a picture (2 for a multiply-add), receptive field {} x {} pixels\n",
             2e-9 * static_cast<double>(network.multiply_adds(input)), field, field);
}

void print_judge(const Judge& judge) {
  const std::vector<Judge::Part> parts = judge.parts();
  for (const Judge::Part& part : parts) {
    fmt::print("\n{}{}", part.name, part.name.empty() ? "" : " ");
    print_network(*part.network, part.input);
  }
  if (parts.size() == 2)
    fmt::print("{} parameters in both and in the layer that joins them\n", judge.parameter_count());
}

/// Networks that nobody has trained; the judge only where there is a size for it.
Model fresh_model(const InfoCommand& command) {
  const Architecture& architecture = find_architecture(command.architecture);
  architecture.check_scale(command.size, command.width);
  Generator generator;
  Model model;
  model.completion = architecture.make_completion(command.size, command.width, generator);
  if (command.size_given)
    model.discriminators = architecture.make_judge(command.size, command.width, generator);
  return model;
}

void run(const InfoCommand& command) {
  check(!command.size_given || command.size % 4 == 0, "--size {} is not a multiple of 4",
        command.size);
  Model model;
  if (command.weights.empty()) {
    model = fresh_model(command);
  } else {
    check(!command.width_given, "--width and --weights exclude each other: the weights have one");
    check(!command.architecture_given,
          "--architecture and --weights exclude each other: the weights have one");
    const SafeTensors file = read_safetensors(command.weights);
    const Architecture* known = recognise_architecture(file.tensors);
    const bool judged = known != nullptr && file.tensors.contains(known->judge_first_weight);
    model =
        load_model(file.tensors, command.weights, command.size_given && judged ? command.size : 0);
    fmt::print("{}\n", command.weights);
    for (const auto& [key, value] : file.metadata) fmt::print("  {}: {}\n", key, value);
    fmt::print("\n");
  }
  print_completion(*model.completion, model.only_size > 0 ? model.only_size : command.size);
  if (model.discriminators) print_judge(*model.discriminators);
}

}  // namespace

void add_info_command(CLI::App& program) {
  const auto options = std::make_shared<InfoCommand>();
  CLI::App* command = program.add_subcommand(
      "info", "The networks' layers: shapes, parameters, multiply-adds, receptive field");
  command->add_option("--weights", options->weights,
                      "Weights or checkpoint (safetensors): its width, and what it says of itself");
  CLI::Option* size =
      command
          ->add_option("--size", options->size,
                       "Pictures of this side; where given, the discriminators for it as well")
          ->check(CLI::Range(4, 8192))
          ->capture_default_str();
  CLI::Option* width =
      command->add_option("--width", options->width, "Base width, where there are no weights")
          ->check(CLI::Range(2, 4096))
          ->capture_default_str();
  CLI::Option* architecture = command
                                  ->add_option("--architecture", options->architecture,
                                               "The learned system, where there are no weights")
                                  ->capture_default_str();
  command->callback([options, size, width, architecture] {
    options->size_given = size->count() > 0;
    options->width_given = width->count() > 0;
    options->architecture_given = architecture->count() > 0;
    run(*options);
  });
}

}  // namespace kintsugi
