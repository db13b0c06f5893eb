#include "glcic/completion_job.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "glcic/completer.h"
#include "glcic/completion_windows.h"
#include "glcic/settings.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/npy.h"

namespace kintsugi {
namespace {

/// From the settings that training writes into a checkpoint.
std::optional<int64_t> trained_side(const SafeTensors& file, const std::string& path) {
  const auto settings = file.metadata.find("settings");
  if (settings == file.metadata.end()) return std::nullopt;
  try {
    const TrainSettings read = settings_from_json(settings->second, path);
    return read.holes.high > 0 ? read.holes.high : default_hole_range(read.size).high;
  } catch (const Error&) {
    return std::nullopt;  // another program's: they say nothing of holes
  }
}

std::string notes_on(const CompletionJob& job, const PixelMask& hole,
                     const CompletionWeights* weights) {
  nlohmann::ordered_json notes{{"method", job.filling.method}};
  if (weights != nullptr) {
    notes["weights_sha256"] = weights->sha256;
    notes["post"] = job.post;
  }
  notes["seed"] = job.filling.seed;
  notes["grow"] = job.mask.grow;
  notes["shrink"] = job.mask.shrink;
  notes["hole_pixels"] = hole.count();
  return notes.dump();
}

}  // namespace

std::string sha256_of_file(const std::string& path) {
  sha256_ctx context;
  sha256_init(&context);
  read_in_parts(path, [&](std::string_view part) {
    sha256_update(&context, part.size(), reinterpret_cast<const uint8_t*>(part.data()));
  });
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest;
  sha256_digest(&context, digest.size(), digest.data());
  std::string digits(BASE16_ENCODE_LENGTH(digest.size()), '\0');
  base16_encode_update(digits.data(), digest.size(), digest.data());
  return digits;
}

CompletionWeights read_completion_weights(const std::string& path, Device device) {
  const SafeTensors file = read_completion_entries(path);
  return {.model = inference_model(file.tensors, path, device),
          .sha256 = sha256_of_file(path),
          .trained_side = trained_side(file, path)};
}

JobInputs read_inputs(const CompletionJob& job) {
  Photograph photograph = Photograph::read(job.image);
  PixelMask hole = read_hole(job.mask, photograph);
  return {std::move(photograph), std::move(hole)};
}

std::vector<std::string> warnings_for(const PixelMask& hole, const CompletionWeights* weights) {
  std::vector<std::string> warnings;
  if (weights != nullptr && weights->trained_side) {
    const auto side = [](const Hole& box) { return std::max(box.width, box.height); };
    const std::vector<Hole> pieces = split_hole(hole, hole.bounding_box(), {.gap = 1});
    const Hole largest =
        *std::max_element(pieces.begin(), pieces.end(),
                          [&](const Hole& a, const Hole& b) { return side(a) < side(b); });
    if (side(largest) > *weights->trained_side)
      warnings.push_back(fmt::format(
          "a hole of {} x {} pixels is larger than those that the weights were trained on, which "
          "had sides of at most {}",
          largest.width, largest.height, *weights->trained_side));
  }
  if (hole.touches_border())
    warnings.push_back("the hole touches the picture's border, where less is known around it");
  return warnings;
}

std::vector<Hole> complete_inputs(const CompletionJob& job, JobInputs& inputs,
                                  const CompletionWeights* weights) {
  Photograph& photograph = inputs.photograph;
  if (job.raw.empty())
    return fill_photograph(photograph, inputs.hole, weights != nullptr ? &weights->model : nullptr,
                           job.filling);
  const Hole frame = photograph.frame();
  const Tensor hole = inputs.hole.tensor(frame);
  const Completion completion =
      complete(weights->model, photograph.rgb(frame), hole, {.post = post_from_string(job.post)});
  write_npy(job.raw, completion.raw);
  photograph.fill(frame, completion.composite, hole);
  if (photograph.has_alpha()) photograph.make_opaque(frame, hole);
  return {frame};
}

void write_output(const CompletionJob& job, const JobInputs& inputs,
                  const CompletionWeights* weights) {
  inputs.photograph.write(
      job.output,
      {{"Software", "glcic " KINTSUGI_VERSION}, {"kintsugi", notes_on(job, inputs.hole, weights)}},
      job.quality);
}

}  // namespace kintsugi
