#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/completer.h"
#include "glcic/mask.h"
#include "tensor/io/image.h"
#include "tensor/io/npy.h"
#include "tensor/profiler.h"

namespace kintsugi {
namespace {

struct CompleteCommand {
  std::string weights, image, mask, output, raw, post = "none";
  int quality = 95;
  ComputeOptions compute;
  ProfileOptions profile;
};

void write_picture(const std::string& path, const Tensor& picture, int quality) {
  if (has_extension(path, ".png"))
    write_png(path, picture);
  else
    write_jpeg(path, picture, quality);
}

struct Inputs {
  Tensor picture, mask;
  Model model;
};

Inputs read_inputs(const CompleteCommand& command, Device device) {
  const Region region("read");
  Tensor picture = read_image(command.image);
  Tensor mask = read_mask(command.mask, picture.size(0), picture.size(1));
  return {std::move(picture), std::move(mask), read_weights(command.weights, device)};
}

Completion complete_picture(const Inputs& inputs, const CompleteOptions& options) {
  const Region region("complete");
  return complete(inputs.model, inputs.picture, inputs.mask, options);
}

void write_outputs(const CompleteCommand& command, const Completion& completion) {
  const Region region("write");
  if (!command.raw.empty()) write_npy(command.raw, completion.raw);
  write_picture(command.output, completion.composite, command.quality);
}

void run(const CompleteCommand& command) {
  const Device device = apply(command.compute);
  const CompleteOptions options{.post = post_from_string(command.post)};
  std::vector<std::string> inputs{command.weights, command.image, command.mask};
  check_output(command.output, {".png", ".jpg", ".jpeg"}, inputs);
  if (!command.raw.empty()) check_output(command.raw, {".npy"}, inputs);
  const std::string trace =
      std::filesystem::path(command.output).replace_extension(".trace.json").string();
  run_profiled(command.profile, device, trace, inputs, [&] {
    write_outputs(command, complete_picture(read_inputs(command, device), options));
  });
}

}  // namespace

void add_complete_command(CLI::App& program) {
  const auto options = std::make_shared<CompleteCommand>();
  CLI::App* command = program.add_subcommand("complete", "Fill the hole of a picture");
  command->add_option("--weights", options->weights, "Weights or checkpoint (safetensors)")
      ->required();
  command->add_option("--image", options->image, "The picture, of any size: PNG or JPEG")
      ->required();
  command
      ->add_option("--mask", options->mask,
                   "What to fill: a picture of the same size, 255 = fill, 0 = keep")
      ->required();
  command->add_option("--output", options->output, "The completed picture: .png, .jpg or .jpeg")
      ->required();
  command
      ->add_option("--post", options->post,
                   "After the network: none, or poisson (blends its gradients into the picture)")
      ->capture_default_str();
  command->add_option("--raw", options->raw, "Also write the network's output, [H, W, 3]: .npy");
  command->add_option("--quality", options->quality, "Of a JPEG file")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_compute_options(*command, options->compute);
  add_profile_option(*command, options->profile);
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
