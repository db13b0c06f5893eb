#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "glcic/batch_completion.h"
#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/inspection/inspection_page.h"
#include "glcic/pictures/mask_source.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

struct InspectCommand {
  std::string weights, image, out;
  MaskSource mask;
  int64_t size = 256;
  ComputeOptions compute;
};

/// A folder that nothing is in, or none yet.
void check_free(const std::string& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    const fs::path parent = fs::path(folder).parent_path();
    check(parent.empty() || fs::is_directory(parent, ignored),
          "cannot make the folder {}: there is no folder {}", folder, parent.string());
    return;
  }
  check(fs::is_directory(folder, ignored), "cannot write into {}: it is no folder", folder);
  check(fs::is_empty(folder, ignored),
        "cannot write into {}: it is not empty, and what is there would be written over", folder);
}

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

std::string command_line(const InspectCommand& command) {
  return fmt::format("glcic inspect --weights {} --image {} --mask {} --size {} --out {}",
                     file_name(command.weights), file_name(command.image),
                     file_name(command.mask.path), command.size, file_name(command.out));
}

/// The discriminators of a GLCIC file; null, with a sentence why, where there is nothing to show.
std::shared_ptr<Discriminators> read_judge(const SafeTensors& file, const InspectCommand& command,
                                           const Model& model, std::vector<std::string>& notes) {
  if (model.architecture != &glcic_architecture()) {
    notes.push_back(fmt::format(
        "Of the {} this page shows activations, filters and gradients: its discriminator is not "
        "GLCIC's, and one of its layers joins all places of the map, so that there is no receptive "
        "field to walk through and no dilation to take away.",
        model.architecture->title));
    return nullptr;
  }
  const int64_t size = judged_size(file);
  if (size == 0) {
    notes.push_back("The file holds no discriminators, so there are none to show.");
    return nullptr;
  }
  const Model whole = load_model(file.tensors, command.weights, size);
  whole.discriminators->to(model.mean_pixel.device());
  whole.discriminators->eval();
  whole.discriminators->set_frozen(true);
  return std::dynamic_pointer_cast<Discriminators>(whole.discriminators);
}

/// A line on the terminal that is written anew, so that nobody waits in silence.
void tell(const std::string& stage) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{:<64}\r", stage);
  std::fflush(stderr);
}

void run(const InspectCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const Device device = apply(command.compute);
  check(command.size % 4 == 0, "--size {} is not a multiple of 4", command.size);
  check_free(command.out);
  const Photograph photograph = Photograph::read(command.image);
  const PixelMask hole = read_hole(command.mask, photograph);
  const Model model = read_weights(command.weights, device);
  InspectedPicture picture = inspected_picture(photograph, hole, model, command.size);
  InspectionSource source{.network = model.completion->describe(),
                          .weights = file_name(command.weights),
                          .image = file_name(command.image),
                          .command = command_line(command),
                          .notes = {}};
  const std::shared_ptr<Discriminators> judge =
      read_judge(read_safetensors(command.weights), command, model, source.notes);
  const Inspection inspection = inspect(model, std::move(picture), judge.get(), {.progress = tell});
  tell("writing the page");
  make_output_folder(command.out);
  write_inspection_page(command.out, inspection, source);
  tell("");

  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!inspection.picture.note.empty()) fmt::print("{}\n", inspection.picture.note);
  for (const std::string& note : source.notes) fmt::print("{}\n", note);
  if (inspection.plain)
    fmt::print("receptive field: {} pixels; with dilation 1: {}\n", inspection.field->side,
               inspection.plain->side);
  fmt::print("{}/index.html: {} layers, in {:.0f} s\n", command.out, inspection.trace.layers.size(),
             seconds);
}

}  // namespace

void add_inspect_command(CLI::App& program) {
  const auto options = std::make_shared<InspectCommand>();
  CLI::App* command = program.add_subcommand(
      "inspect",
      "A look inside, as a page: activations, filters, gradients and receptive field, layer by "
      "layer");
  command->add_option("--weights", options->weights, "Weights or checkpoint (safetensors)")
      ->required();
  command->add_option("--image", options->image, "Picture: PNG or JPEG")->required();
  command->add_option("--mask", options->mask.path, "Picture of the same size: white is hole")
      ->required();
  command->add_option("--out", options->out, "Folder for index.html and its pictures: new or empty")
      ->required();
  command
      ->add_option("--size", options->size,
                   "The longer side of what is looked at; of larger pictures, the part round the "
                   "hole")
      ->check(CLI::Range(16, 1024))
      ->capture_default_str();
  add_compute_options(*command, options->compute);
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
