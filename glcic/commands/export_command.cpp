#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/interchange/onnx_export.h"

namespace kintsugi {
namespace {

struct ExportCommand {
  std::string weights, onnx;
  bool raw_network = false;
};

void run(const ExportCommand& command) {
  check_output(command.onnx, {".onnx"}, {command.weights});
  const Model model = read_weights(command.weights);
  write_onnx(command.onnx, model, command.raw_network ? OnnxGraph::network : OnnxGraph::completion);
  fmt::print("{}: {}\n", command.onnx,
             command.raw_network
                 ? "input [N, 4, H, W] -> output [N, 3, H, W], H and W multiples of 4"
                 : "image [N, 3, H, W], mask [N, 1, H, W] -> completed [N, 3, H, W], any H and W");
}

}  // namespace

void add_export_command(CLI::App& program) {
  const auto options = std::make_shared<ExportCommand>();
  CLI::App* command =
      program.add_subcommand("export", "The completion network for other programs: ONNX");
  command->add_option("--weights", options->weights, "Weights or checkpoint (safetensors)")
      ->required();
  command
      ->add_option("--onnx", options->onnx,
                   "Where to write it: picture and mask in, completed picture out, of any size")
      ->required();
  command->add_flag("--raw-network", options->raw_network,
                    "The network alone: 4 channels in, 3 out; no mean fill, no composite");
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
