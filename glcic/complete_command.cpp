#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "glcic/command_options.h"
#include "glcic/commands.h"
#include "glcic/completer.h"
#include "glcic/mask.h"
#include "tensor/io/image.h"
#include "tensor/io/npy.h"

namespace kintsugi {
namespace {

struct CompleteCommand {
  std::string weights, image, mask, output, raw, post = "none";
  int quality = 95;
  ComputeOptions compute;
};

void write_picture(const std::string& path, const Tensor& picture, int quality) {
  if (has_extension(path, ".png"))
    write_png(path, picture);
  else
    write_jpeg(path, picture, quality);
}

void run(const CompleteCommand& command) {
  const Device device = apply(command.compute);
  const CompleteOptions options{.post = post_from_string(command.post)};
  std::vector<std::string> inputs{command.weights, command.image, command.mask};
  check_output(command.output, {".png", ".jpg", ".jpeg"}, inputs);
  if (!command.raw.empty()) check_output(command.raw, {".npy"}, inputs);

  const Tensor picture = read_image(command.image);
  const Tensor mask = read_mask(command.mask, picture.size(0), picture.size(1));
  const Model model = read_weights(command.weights, device);
  const Completion completion = complete(model, picture, mask, options);
  if (!command.raw.empty()) write_npy(command.raw, completion.raw);
  write_picture(command.output, completion.composite, command.quality);
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
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
