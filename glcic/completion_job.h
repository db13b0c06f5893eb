#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "glcic/model.h"
#include "glcic/photograph_completion.h"
#include "glcic/pictures/mask_source.h"

/// From a picture's file to the completed picture's.
namespace kintsugi {

/// Weights as completing uses and names them.
struct CompletionWeights {
  Model model;
  std::string sha256;  ///< of the file, 64 hexadecimal digits, as sha256sum prints them
  /// The longest side of a hole in training, in pixels; none where the file does not say.
  std::optional<int64_t> trained_side;
};
/// In hexadecimal digits; throws Error where the file cannot be read.
std::string sha256_of_file(const std::string& path);
CompletionWeights read_completion_weights(const std::string& path, Device device);

/// One picture to complete.
struct CompletionJob {
  std::string image, output;
  std::string raw;  ///< also C's output over the whole picture, as npy; "": not wanted
  MaskSource mask{};
  std::string post = "none";  ///< filling.post by its name
  FillingOptions filling{};
  int quality = 95;  ///< of a JPEG file
};

struct JobInputs {
  Photograph photograph;
  PixelMask hole;
};
JobInputs read_inputs(const CompletionJob& job);

/// Why the result may be worse than others of these weights, one sentence each: a hole larger than
/// those of the training, a hole at the picture's border.
std::vector<std::string> warnings_for(const PixelMask& hole, const CompletionWeights* weights);

/// Fills the photograph (fill_photograph) and returns the windows; `weights` may be null where the
/// method is not glcic. Where job.raw is wanted, the whole picture is one window, whatever memory
/// that takes, and the file is written.
std::vector<Hole> complete_inputs(const CompletionJob& job, JobInputs& inputs,
                                  const CompletionWeights* weights);

/// Writes the output. Into its metadata go "Software", and under "kintsugi" as JSON what it takes
/// to do the same again but for the pictures: method, weights by their SHA-256, post-processing,
/// seed, grow, shrink, the hole's pixels; no path of this machine.
void write_output(const CompletionJob& job, const JobInputs& inputs,
                  const CompletionWeights* weights);

}  // namespace kintsugi
