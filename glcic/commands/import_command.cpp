#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/interchange/completion_layout.h"
#include "glcic/interchange/t7_network.h"
#include "glcic/interchange/torch_names.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {
namespace {

struct ImportCommand {
  std::string weights, names, t7, output;
  std::vector<double> mean_pixel;
};

StateDict read_theirs(const ImportCommand& command) {
  std::optional<Tensor> mean;
  if (!command.mean_pixel.empty())
    mean = checked_mean_pixel(
        Tensor::from(command.mean_pixel, {static_cast<int64_t>(command.mean_pixel.size())}),
        "--mean-pixel");
  if (!command.t7.empty()) return weights_of_t7(read_t7(command.t7), mean);
  const NameMapping mapping = parse_name_mapping(read_file(command.names), command.names);
  return rename_weights(read_safetensors(command.weights).tensors, command.weights, mapping, mean);
}

void run(const ImportCommand& command) {
  check(command.weights.empty() != command.t7.empty(),
        "what is to be imported? Give --weights with --names, or --t7");
  check(command.weights.empty() == command.names.empty(),
        "--weights and --names belong together: names say what the weights are called");
  const std::string& theirs = command.t7.empty() ? command.weights : command.t7;
  check_output(command.output, {".safetensors"}, {theirs, command.names});
  const SafeTensors ours{read_theirs(command),
                         {{"imported_from", std::filesystem::path(theirs).filename().string()}}};
  write_safetensors(command.output, ours);
  fmt::print("{}: GLCIC of width {}, input {}\n", command.output,
             ours.tensors.at("completion.layer01.conv.weight").size(0),
             ours.tensors.contains("mean_subtracted") ? "mean-subtracted" : "mean-filled");
}

}  // namespace

void add_import_command(CLI::App& program) {
  const auto options = std::make_shared<ImportCommand>();
  CLI::App* command = program.add_subcommand(
      "import", "Weights of other programs: PyTorch with a list of names, Torch7");
  command->add_option("--weights", options->weights, "A PyTorch state_dict (safetensors)");
  command->add_option("--names", options->names,
                      "What its tensors are called (JSON; glcic/interchange/names has some)");
  command->add_option("--t7", options->t7, "A file of Torch7, as the authors released theirs");
  command
      ->add_option("--mean-pixel", options->mean_pixel,
                   "R,G,B from 0 to 1, where the file says nothing of it, or something else")
      ->delimiter(',')
      ->type_name("R,G,B");
  command->add_option("--output", options->output, "Weights for glcic (safetensors)")->required();
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
