#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "glcic/dataset.h"
#include "glcic/mask.h"
#include "tensor/tensor.h"

namespace kintsugi {

struct LoaderOptions {
  int64_t size = 64;          ///< S: pictures are S × S
  int64_t batch = 16;         ///< N
  HoleRange hole_range = {};  ///< sides of the holes; {0, 0}: default_hole_range(size)
  double scale_range = 0;     ///< see Dataset::scale_range; 0: the dataset's own
  uint64_t seed = 1;
  int64_t first_step = 0;  ///< the step of the first batch: a resumed run goes on from here
  bool strict = false;     ///< a damaged picture is an error, else it is passed over
  int threads = 1;         ///< changes speed, never batches
  int read_ahead = 4;      ///< batches held ready at most
};

/// What one step of training looks at.
struct Batch {
  Tensor images;                     ///< [N, S, S, 3] float32 on the CPU, RGB in [0, 1]
  Tensor masks;                      ///< [N, S, S, 1], 1 = hole: M_c
  std::vector<Hole> holes;           ///< [N], the rectangles of `masks`
  std::vector<Hole> real_regions;    ///< [N], M_d: drawn as the holes are, independently of them
  std::vector<std::string> skipped;  ///< damaged pictures passed over, one sentence each
};

/// The batch of a step: a pure function of its arguments. Epochs run through the dataset in a new
/// order each, without repeats; a damaged picture is skipped for the one after it. Throws Error,
/// naming the picture, where it is damaged and options.strict, or where all in a row are.
Batch make_batch(const Dataset& dataset, const LoaderOptions& options, int64_t step);

/// Reads batches ahead on its own threads: the i-th next() is make_batch(first_step + i).
class Loader {
 public:
  /// Throws Error for an empty dataset or options out of range. Keeps a reference to `dataset`.
  Loader(const Dataset& dataset, LoaderOptions options);
  /// Stops the threads.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Waits for the next batch. Throws what its thread threw, and again on every later call. Says
  /// on stderr, once each, which damaged pictures were passed over.
  Batch next();
  /// How many different pictures that were so far.
  int64_t skipped() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kintsugi
