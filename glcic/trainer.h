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
  bool resume = false;     ///< go on from the newest checkpoint of RUN that counts
  Device device = Device::cpu;
  int loader_threads = 1;
  double checkpoint_every = 120;  ///< seconds between checkpoints, sample grids and validations
  int keep = 3;                   ///< checkpoints that stay in RUN/checkpoints (RunFolder)
  bool strict = false;            ///< a damaged picture ends the run, else it is passed over
  bool validate = false;          ///< also the hole PSNR on the test split; its time is not counted
  std::FILE* progress = stderr;
  /// Asked after every step: true stops the run with a checkpoint.
  std::function<bool(const Position&)> stop = {};
};

/// Trains GLCIC in its three phases (algorithm 1 of the paper). Writes into RUN:
///   checkpoints/            the last few: weights, optimisers, position (RunFolder)
///   checkpoint.safetensors  the newest of them: what --weights reads
///   metrics.csv             a line a step
///   index.html              a page to look at while it trains (write_run_page)
///   events.out.tfevents.…   the same for TensorBoard (EventFile), one a time it was started
///   samples/NNNNNNN.png     unseen pictures: original, masked, completed
///   validation.csv          seconds, step, hole PSNR, where asked for
///   best.safetensors        with these: the checkpoint of the highest (BestCheckpoint)
///   warnings.txt            what DiscriminatorWatch had to say, where it had
/// Interrupted and resumed, it leaves the same bits as if it had never stopped (a budget decides by
/// the clock how many steps there are, so that this holds for --steps). Returns where it ended:
/// phase 4 when it is done. Where a loss or a weight is not finite, throws Error with the op, or
/// the weight, that was the first not to be (find_fault); no such checkpoint is written. Throws
/// Error, having changed nothing, where RUN holds a run and `resume` is not set, where there is
/// none to resume, or where another process trains into RUN; also where a picture is damaged and
/// `strict` is set, or RUN vanishes or cannot be written: what was kept before is then still there.
Position train(const TrainOptions& options);

}  // namespace kintsugi
