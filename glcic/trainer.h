#pragma once
#include <cstdio>
#include <functional>
#include <string>

#include "glcic/checkpoint.h"

namespace kintsugi {

/// How a run is carried out. Nothing here but `run` and `device` changes a number of it.
struct TrainOptions {
  TrainSettings settings;  ///< passed over where `resume`: a checkpoint holds its own
  std::string run;         ///< the folder RUN
  bool resume = false;     ///< go on from RUN/checkpoint.safetensors
  Device device = Device::cpu;
  int loader_threads = 1;
  double checkpoint_every = 120;  ///< seconds between checkpoints, sample grids and validations
  bool validate = false;          ///< also the hole PSNR on the test split; its time is not counted
  std::FILE* progress = stderr;
  /// Asked after every step: true stops the run with a checkpoint.
  std::function<bool(const Position&)> stop = {};
};

/// Trains GLCIC in its three phases (algorithm 1 of the paper). Writes into RUN:
///   checkpoint.safetensors  weights, optimisers, position: what --resume and --weights read
///   metrics.csv             a line a step
///   samples/NNNNNNN.png     unseen pictures: original, masked, completed
///   validation.csv          seconds, step, hole PSNR, where asked for
/// Interrupted and resumed, it leaves the same bits as if it had never stopped (a budget decides by
/// the clock how many steps there are, so that this holds for --steps). Returns where it ended:
/// phase 4 when it is done. Throws Error, having changed nothing, where RUN holds a run and
/// `resume` is not set, or where there is none to resume.
Position train(const TrainOptions& options);

}  // namespace kintsugi
