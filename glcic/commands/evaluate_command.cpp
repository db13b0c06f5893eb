#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/commands/system_files.h"
#include "glcic/evaluation_report.h"
#include "glcic/image_ops.h"
#include "glcic/inpainting/method.h"
#include "glcic/train_log.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"

namespace kintsugi {
namespace {

struct EvaluateCommand {
  std::string weights, data, split = "test", hole = "centre", sides, json, markdown, sheet;
  std::vector<std::string> also;
  int64_t sheet_pictures = 8;
  EvaluationOptions options;
  ComputeOptions compute;
};

/// A picture among the pictures would be measured with them the next time.
void check_not_among_pictures(const std::string& sheet, const std::string& data) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(data, ignored);
  const fs::path file = fs::weakly_canonical(sheet, ignored);
  const bool is_inside =
      std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
  check(!fs::is_directory(folder, ignored) || !is_inside,
        "cannot write {}: it would lie among the pictures of {}", sheet, data);
}

void check_outputs(const EvaluateCommand& command, const std::vector<SystemFile>& files) {
  const std::vector<std::string> inputs = paths_of(files);
  if (!command.json.empty()) check_output(command.json, {".json"}, inputs);
  if (!command.markdown.empty()) check_output(command.markdown, {".md"}, inputs);
  if (command.sheet.empty()) return;
  check_output(command.sheet, {".png"}, inputs);
  check_not_among_pictures(command.sheet, command.data);
}

EvaluationOptions options_of(const EvaluateCommand& command) {
  EvaluationOptions options = command.options;
  options.holes.rule = hole_rule_from_string(command.hole);
  if (!command.sides.empty()) {
    check(options.holes.rule == HoleRule::random, "--hole-sides goes with --hole random alone");
    options.holes.sides = hole_range_from_string(command.sides);
  }
  if (!command.sheet.empty()) options.sheet_pictures = command.sheet_pictures;
  return options;
}

void write_reports(const EvaluateCommand& command, const Evaluation& evaluation,
                   const EvaluationSource& source) {
  fmt::print("{}", evaluation_table(evaluation, source));
  if (!command.json.empty())
    write_file_atomically(command.json, evaluation_json(evaluation, source));
  if (!command.markdown.empty())
    write_file_atomically(command.markdown, evaluation_markdown(evaluation, source));
  if (!command.sheet.empty())
    write_png(command.sheet, contact_sheet(evaluation.sheet.pictures,
                                           static_cast<int64_t>(evaluation.sheet.columns.size())));
}

void run(const EvaluateCommand& command) {
  const Device device = apply(command.compute);
  EvaluationOptions options = options_of(command);
  const Split split = split_from_string(command.split);
  std::vector<SystemFile> files = system_files(command.weights, command.also);
  check_outputs(command, files);

  const std::vector<NamedModel> systems = read_systems(files, device);
  const std::unique_ptr<Dataset> dataset = open_dataset(command.data, split, {.cache_bytes = 0});
  options.progress = count_progress(stderr, "measured");
  write_reports(command, evaluate(systems, *dataset, options),
                {command.data, command.split, files});
}

std::string method_names() {
  std::string names;
  for (const FillMethod& method : fill_methods())
    names += (names.empty() ? "" : ", ") + method.name;
  return names;
}

void add_picture_options(CLI::App& command, EvaluateCommand& options) {
  command
      .add_option("--data", options.data,
                  "\"synthetic\", or a folder: CelebA's layout, or any PNG and JPEG files")
      ->required();
  command.add_option("--split", options.split, "train, valid, test or all")->capture_default_str();
  command
      .add_option("--size", options.options.size, "Pictures are scaled to this, a multiple of 4")
      ->check(CLI::Range(4, 8192))
      ->capture_default_str();
  command
      .add_option("--limit", options.options.limit,
                  "Only so many pictures, spread evenly (default: all)")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--hole", options.hole,
                  "centre (a square of half the side), random (a rectangle a picture), free-form "
                  "(strokes of a brush), bins or free-form-bins (rectangles or strokes, one for "
                  "each of 10-20, 20-30, 30-40 and 40-50 % of the area)")
      ->capture_default_str();
  command.add_option("--hole-sides", options.sides,
                     "LOW:HIGH pixels of a random hole's sides (default: 3/8 to 1/2 of the size)");
  command.add_option("--seed", options.options.holes.seed, "Of the holes that are drawn")
      ->capture_default_str();
}

void add_method_options(CLI::App& command, EvaluateCommand& options) {
  command.add_option("--weights", options.weights, "Weights or checkpoint (safetensors)")
      ->required();
  command
      .add_option("--also", options.also,
                  "NAME=WEIGHTS: another system, measured under this name; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--post", options.options.posts,
                  "After the network of --weights: a list, one row each (default: none)")
      ->delimiter(',')
      ->allow_extra_args(false);
  CLI::Option* baselines =
      command.add_flag("--baselines", options.options.baselines,
                       "Also measure all methods that learn nothing: " + method_names());
  command.add_option("--methods", options.options.methods, "Also measure these of them: a list")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes(baselines);
  command.add_flag("--raw", options.options.raw,
                   "Measure what networks put out, not the composite with the original");
  command.add_option("--batch", options.options.batch, "Holes at a time")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
}

void add_output_options(CLI::App& command, EvaluateCommand& options) {
  command.add_option("--json", options.json, "Also write the figures and their protocol: .json");
  command.add_option("--markdown", options.markdown, "The same as Markdown: .md");
  command.add_option("--sheet", options.sheet,
                     "Also write some pictures: original, masked, and each method in turn: .png");
  command.add_option("--sheet-pictures", options.sheet_pictures, "Rows of the sheet")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

}  // namespace

void add_evaluate_command(CLI::App& program) {
  const auto options = std::make_shared<EvaluateCommand>();
  CLI::App* command =
      program.add_subcommand("evaluate", "Measure completions of pictures with a hole cut in");
  add_method_options(*command, *options);
  add_picture_options(*command, *options);
  add_output_options(*command, *options);
  add_compute_options(*command, options->compute);
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
