#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "glcic/batch_completion.h"
#include "glcic/commands/command_options.h"
#include "glcic/commands/commands.h"
#include "glcic/completion_job.h"
#include "glcic/inpainting/method.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/profiler.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

struct CompleteCommand {
  std::string weights, report, mask_colour;
  std::vector<std::string> mask_rectangles;
  int64_t mebibytes = 2048;
  CompletionJob job;  ///< image, mask path and output may be folders
  ComputeOptions compute;
  ProfileOptions profile;

  bool learns() const { return job.filling.method == "glcic"; }
  bool is_batch() const {
    std::error_code ignored;
    return fs::is_directory(job.image, ignored);
  }
};

std::string method_names() {
  std::string names = "glcic";
  for (const FillMethod& method : fill_methods()) names += ", " + method.name;
  return names;
}

bool is_method(const std::string& name) {
  const std::vector<FillMethod>& methods = fill_methods();
  return name == "glcic" || std::any_of(methods.begin(), methods.end(),
                                        [&](const FillMethod& m) { return m.name == name; });
}

void check_method(const CompleteCommand& command, const CompletionJob& job) {
  const std::string& method = job.filling.method;
  check(is_method(method), "\"{}\" is not a method: {}", method, method_names());
  check(
      !command.learns() || !command.weights.empty(),
      "--method glcic takes --weights: glcic train makes them, and --method patchmatch needs none");
  check(command.learns() || command.weights.empty(), "--weights is for --method glcic, not {}",
        method);
  check(command.learns() || job.filling.post == Post::none, "--post is for --method glcic, not {}",
        method);
  check(command.learns() || job.raw.empty(), "--raw is for --method glcic, not {}", method);
}

/// The job with everything that was given as text.
CompletionJob parsed(const CompleteCommand& command) {
  CompletionJob job = command.job;
  job.filling.post = post_from_string(job.post);
  job.filling.memory = command.mebibytes << 20;
  if (!command.mask_colour.empty()) job.mask.colour = mark_colour_from_string(command.mask_colour);
  for (const std::string& text : command.mask_rectangles)
    job.mask.rectangles.push_back(rectangle_from_string(text));
  check(job.mask.is_given(),
        "what is to be filled? Give --mask, --mask-colour, --mask-alpha or --mask-rectangle");
  return job;
}

std::vector<std::string> inputs_of(const CompleteCommand& command, const CompletionJob& job) {
  std::vector<std::string> inputs{job.image};
  if (!job.mask.path.empty()) inputs.push_back(job.mask.path);
  if (!command.weights.empty()) inputs.push_back(command.weights);
  return inputs;
}

std::optional<CompletionWeights> read_weights_of(const CompleteCommand& command, Device device) {
  if (!command.learns()) return std::nullopt;
  return read_completion_weights(command.weights, device);
}

void complete_and_write(const CompletionJob& job, JobInputs& inputs,
                        const CompletionWeights* weights, PictureRecord& record) {
  record.hole_pixels = inputs.hole.count();
  for (const std::string& warning : warnings_for(inputs.hole, weights))
    fmt::print(stderr, "glcic: warning: {}: {}\n", job.image, warning);
  {
    const Region region("complete");
    record.windows = complete_inputs(job, inputs, weights);
  }
  const Region region("write");
  write_output(job, inputs, weights);
}

PictureRecord new_record(const CompletionJob& job) {
  return {.input = job.image, .mask = job.mask.describe(), .output = job.output};
}

/// Does `work`, keeps in the record how long it took, and its error, which goes on.
template <class Work>
void keep_record(PictureRecord& record, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  try {
    work();
  } catch (const std::exception& error) {
    record.seconds = seconds();
    record.error = error.what();
    throw;
  }
  record.seconds = seconds();
}

void write_report(const CompleteCommand& command, const std::vector<PictureRecord>& records) {
  if (!command.report.empty()) write_file_atomically(command.report, batch_report(records));
}

void check_outputs(const CompleteCommand& command, const CompletionJob& job) {
  const std::vector<std::string> inputs = inputs_of(command, job);
  check_output(job.output, {".png", ".jpg", ".jpeg"}, inputs);
  if (!job.raw.empty()) check_output(job.raw, {".npy"}, inputs);
}

void run_one(const CompleteCommand& command, const CompletionJob& job, Device device) {
  std::vector<PictureRecord> records{new_record(job)};
  try {
    keep_record(records.front(), [&] {
      std::optional<CompletionWeights> weights;
      JobInputs inputs = [&] {
        const Region region("read");
        JobInputs read = read_inputs(job);
        weights = read_weights_of(command, device);
        return read;
      }();
      complete_and_write(job, inputs, weights ? &*weights : nullptr, records.front());
    });
  } catch (const std::exception&) {
    write_report(command, records);
    throw;
  }
  write_report(command, records);
}

void run_entry(const CompleteCommand& command, const CompletionJob& job,
               const CompletionWeights* weights, PictureRecord& record) {
  check(!job.mask.path.empty() || command.job.mask.path.empty(), "{}: {} has no mask for it",
        job.image, command.job.mask.path);
  check_outputs(command, job);
  JobInputs inputs = [&] {
    const Region region("read");
    return read_inputs(job);
  }();
  complete_and_write(job, inputs, weights, record);
}

void run_batch(const CompleteCommand& command, const CompletionJob& all, Device device) {
  const std::vector<BatchEntry> entries = batch_entries(all.image, all.mask.path, all.output);
  const std::optional<CompletionWeights> weights = [&] {
    const Region region("read");
    return read_weights_of(command, device);
  }();
  make_output_folder(all.output);
  std::vector<PictureRecord> records;
  size_t failed = 0;
  for (const BatchEntry& entry : entries) {
    CompletionJob job = all;
    job.image = entry.image;
    job.mask.path = entry.mask;
    job.output = entry.output;
    records.push_back(new_record(job));
    try {
      keep_record(records.back(),
                  [&] { run_entry(command, job, weights ? &*weights : nullptr, records.back()); });
    } catch (const std::exception& error) {
      ++failed;
      const std::string sentence = error.what();
      const bool is_named = sentence.find(entry.image) != std::string::npos;
      fmt::print(stderr, "glcic: {}{}\n", is_named ? "" : entry.image + ": ", sentence);
    }
  }
  write_report(command, records);
  check(failed == 0, "{} of {} pictures failed", failed, entries.size());
}

void run(const CompleteCommand& command) {
  const Device device = apply(command.compute);
  const CompletionJob job = parsed(command);
  check_method(command, job);
  const bool is_batch = command.is_batch();
  check(!is_batch || job.raw.empty(), "--raw is for one picture, not for the folder {}", job.image);
  std::error_code ignored;
  check(is_batch || !fs::is_directory(job.mask.path, ignored),
        "--mask {} is a folder, but --image {} is none", job.mask.path, job.image);
  const std::vector<std::string> inputs = inputs_of(command, job);
  if (!is_batch) check_outputs(command, job);
  if (!command.report.empty()) check_output(command.report, {".json"}, inputs);
  const std::string trace = fs::path(job.output).replace_extension(".trace.json").string();
  run_profiled(command.profile, device, trace, inputs,
               [&] { is_batch ? run_batch(command, job, device) : run_one(command, job, device); });
}

void add_mask_options(CLI::App& command, CompleteCommand& options) {
  MaskSource& mask = options.job.mask;
  command.add_option("--mask", mask.path,
                     "What to fill: a picture of the same size, 255 = fill, 0 = keep; or a folder "
                     "of them (NAME.png or NAME_mask.png for the picture NAME.jpg)");
  command
      .add_option("--mask-colour", options.mask_colour,
                  "Also fill the pixels that have this colour, such as #ff0000:8 (8: the most that "
                  "a channel may differ by)")
      ->type_name("#RRGGBB[:TOLERANCE]");
  command.add_flag("--mask-alpha", mask.alpha,
                   "Also fill the pixels that are less than half opaque, and make them opaque");
  command
      .add_option("--mask-rectangle", options.mask_rectangles,
                  "Also fill a rectangle; may be given more than once")
      ->type_name("X,Y,WIDTH,HEIGHT")
      ->allow_extra_args(false);
  CLI::Option* grow =
      command.add_option("--grow", mask.grow, "Grow the hole by N pixels all round")
          ->check(CLI::Range(0, 10'000))
          ->type_name("N");
  command.add_option("--shrink", mask.shrink, "Shrink it by N pixels")
      ->check(CLI::Range(0, 10'000))
      ->type_name("N")
      ->excludes(grow);
}

void add_method_options(CLI::App& command, CompleteCommand& options) {
  CompletionJob& job = options.job;
  command
      .add_option("--weights", options.weights,
                  "Weights or checkpoint (safetensors), which --method glcic takes")
      ->type_name("FILE");
  command.add_option("--method", job.filling.method, method_names())->capture_default_str();
  command
      .add_option("--post", job.post,
                  "After the network: none, poisson (blends its gradients into the picture), or "
                  "telea+poisson (the paper's)")
      ->capture_default_str();
  command.add_option("--seed", job.filling.seed, "Of the random numbers of patchmatch")
      ->capture_default_str();
  command
      .add_option("--memory", options.mebibytes,
                  "MiB to take at most; large holes are filled in several windows then")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
}

}  // namespace

void add_complete_command(CLI::App& program) {
  const auto options = std::make_shared<CompleteCommand>();
  CompletionJob& job = options->job;
  CLI::App* command =
      program.add_subcommand("complete", "Fill the holes of a picture, or of a folder of pictures");
  command->add_option("--image", job.image, "The picture, PNG or JPEG of any size, or a folder")
      ->required();
  command
      ->add_option("--output", job.output,
                   "The completed picture (.png, .jpg or .jpeg), or the folder for them")
      ->required();
  add_mask_options(*command, *options);
  add_method_options(*command, *options);
  command->add_option("--raw", job.raw,
                      "Also write the network's output over the whole picture, [H, W, 3]: .npy; "
                      "for small pictures, since the network then runs on all of it");
  command->add_option("--report", options->report,
                      "What was done to each picture: windows, seconds, errors: .json");
  command->add_option("--quality", job.quality, "Of a JPEG file")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_compute_options(*command, options->compute);
  add_profile_option(*command, options->profile);
  command->callback([options] { run(*options); });
}

}  // namespace kintsugi
