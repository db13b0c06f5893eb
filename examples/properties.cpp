#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "examples/context_encoder/context_encoder.h"
#include "glcic/commands/command_options.h"
#include "glcic/commands/system_files.h"
#include "glcic/image_ops.h"
#include "glcic/mask.h"
#include "glcic/properties/comparison.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"

/// The comparison of the GLCIC paper, method by property, each property measured; or one picture
/// completed by every method, side by side. docs/comparison.md tells what the figures say.
namespace {

using namespace kintsugi;

struct PropertiesOptions {
  std::string weights, data = "synthetic", split = "test", markdown;
  std::string image, mask, sheet;
  std::vector<std::string> also, posts = {"none"}, sizes;
  ComparisonOptions comparison;
  int64_t edge = 512, columns = 3;
  ComputeOptions compute;
};

std::vector<ComparedMethod> methods_of(const PropertiesOptions& options,
                                       std::vector<SystemFile>& files, Device device) {
  return compared_methods(read_systems(files, device), options.posts);
}

void compare_methods(const PropertiesOptions& options, Device device) {
  ComparisonOptions comparison = options.comparison;
  if (!options.sizes.empty()) comparison.sizes.clear();
  for (const std::string& size : options.sizes)
    comparison.sizes.push_back(picture_size_from_string(size));
  std::vector<SystemFile> files = system_files(options.weights, options.also);
  const std::vector<std::string> inputs = paths_of(files);
  if (!options.markdown.empty()) check_output(options.markdown, {".md"}, inputs);

  const std::unique_ptr<Dataset> dataset =
      open_dataset(options.data, split_from_string(options.split), {.cache_bytes = 0});
  const Comparison result = compare(methods_of(options, files, device), *dataset, comparison);
  fmt::print("{}", comparison_table(result));
  if (!options.markdown.empty())
    write_file_atomically(options.markdown, comparison_markdown(result));
}

/// A sheet is for looking at: the longer edge becomes at most `edge`.
Tensor shrunk(const Tensor& picture, int64_t edge) {
  const int64_t height = picture.size(0), width = picture.size(1);
  const int64_t longest = std::max(height, width);
  if (longest <= edge) return picture;
  return resize_image(picture, std::max<int64_t>(height * edge / longest, 1),
                      std::max<int64_t>(width * edge / longest, 1));
}

void draw_sheet(const PropertiesOptions& options, Device device) {
  std::vector<SystemFile> files = system_files(options.weights, options.also);
  std::vector<std::string> inputs{options.image, options.mask};
  for (const auto& [name, file] : files) inputs.push_back(file);
  check_output(options.sheet, {".png"}, inputs);
  const Tensor whole = read_image(options.image);
  const Tensor whole_mask = read_mask(options.mask, whole.size(0), whole.size(1));
  const Tensor picture = shrunk(whole, options.edge);
  const Tensor mask = resize_mask(whole_mask, picture.size(0), picture.size(1));

  const MethodSheet sheet = method_sheet(methods_of(options, files, device), picture, mask);
  write_png(options.sheet, contact_sheet(sheet.pictures, options.columns));
  std::string names;
  for (size_t i = 0; i < sheet.names.size(); ++i)
    names += (i == 0                                          ? ""
              : i % static_cast<size_t>(options.columns) == 0 ? "\n"
                                                              : " | ") +
             sheet.names[i];
  fmt::print("{} x {} px each, row by row:\n{}\n", picture.size(1), picture.size(0), names);
}

void add_options(CLI::App& program, PropertiesOptions& options) {
  program.add_option("--weights", options.weights, "GLCIC's weights or checkpoint (safetensors)");
  program
      .add_option("--also", options.also,
                  "NAME=WEIGHTS: another system under this name; may be repeated")
      ->allow_extra_args(false);
  program.add_option("--post", options.posts, "After GLCIC's network: a list, one row each")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  add_compute_options(program, options.compute);

  ComparisonOptions& comparison = options.comparison;
  program
      .add_option("--data", options.data,
                  "\"synthetic\", or a folder: CelebA's layout, or any PNG and JPEG files")
      ->capture_default_str();
  program.add_option("--split", options.split, "train, valid, test or all")->capture_default_str();
  program.add_option("--size", comparison.size, "Pictures are scaled to this")
      ->check(CLI::Range(32, 1024))
      ->capture_default_str();
  program.add_option("--sizes", options.sizes, "That \"any size\" is tried with: 64x64,100x76,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  program.add_option("--limit", comparison.limit, "Only so many pictures, spread evenly")
      ->check(CLI::PositiveNumber);
  program.add_option("--markdown", options.markdown, "Also write the table as Markdown: .md");

  CLI::Option* image =
      program.add_option("--image", options.image, "Instead: complete this picture by each method");
  CLI::Option* mask =
      program.add_option("--mask", options.mask, "Of its size; white (255) is to be filled");
  CLI::Option* sheet =
      program.add_option("--sheet", options.sheet, "Where the results go, side by side: .png");
  image->needs(mask)->needs(sheet);
  mask->needs(image);
  sheet->needs(image);
  program.add_option("--edge", options.edge, "Longest edge of the picture in the sheet")
      ->check(CLI::Range(16, 4096))
      ->capture_default_str();
  program.add_option("--columns", options.columns, "Of the sheet")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  register_architecture(context_encoder_architecture());
  PropertiesOptions options;
  CLI::App program("Compares methods of completion by the properties of their results.",
                   "properties");
  add_options(program, options);
  try {
    program.parse(argc, argv);
    const Device device = apply(options.compute);
    if (options.image.empty())
      compare_methods(options, device);
    else
      draw_sheet(options, device);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "properties: {}\n", error.what());
    return 2;
  }
  return 0;
}
