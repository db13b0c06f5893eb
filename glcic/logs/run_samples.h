#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace kintsugi {

/// Pictures side by side, each a JPEG file's bytes.
using PictureRow = std::vector<std::string>;

/// How the completions of the same unseen pictures changed while a run trained.
struct RunSamples {
  struct Completed {
    int64_t step;
    PictureRow pictures;
  };
  PictureRow originals, masked;      ///< one each; empty where there are no samples
  std::vector<Completed> completed;  ///< the newest first
};

/// Cuts the sheets RUN/samples/NNNNNNN.png (Samples::write) of pictures `size` × `size` into their
/// pictures. Of the sheets up to `last_step` at most 12 are taken, fewer where pictures are larger
/// than 160 px: the first, the newest, and others spread evenly between. One that cannot be read is
/// passed over.
RunSamples read_run_samples(const std::string& run, int64_t size, int64_t last_step);

}  // namespace kintsugi
