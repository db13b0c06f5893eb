#pragma once
#include <string>
#include <vector>

#include "glcic/logs/run_page.h"
#include "glcic/logs/tensorboard.h"
#include "glcic/training_step.h"

namespace kintsugi {

/// The columns of metrics.csv but the step as TensorBoard's scalars: loss/…, probability/…,
/// gradient/…, speed/…, progress/….
std::vector<Scalar> step_scalars(const Position& position, const StepReport& report, double alpha,
                                 double pictures_per_second);

/// What a run writes for people beside metrics.csv: RUN/index.html, and an event file for
/// TensorBoard with every step's figures and the sheets of samples.
class RunLog {
 public:
  /// Goes on after `position`: what earlier event files say of later steps no longer counts.
  /// `write_every`: seconds between checkpoints. Throws Error where RUN cannot be written.
  RunLog(const std::string& run, const TrainSettings& settings, const Position& position,
         double write_every);

  /// A step was done; `position` is after it. Throws Error as EventFile::flush.
  void add_step(const Position& position, const StepReport& report, double alpha,
                double pictures_per_second);
  /// The hole PSNR of a validation after the last step, in dB.
  void add_validation(double psnr);
  /// At a checkpoint, after metrics.csv and the sheet RUN/samples/NNNNNNN.png of `position` were
  /// written: adds the sheet to the event file and writes the page. Throws Error where one of them
  /// cannot be written.
  void add_checkpoint(const Position& position, double seconds_left);
  /// The run is done (phase 4), or stopped: writes the page for the last time.
  void end(const Position& position);
  /// The run ends with this sentence. Writes the page for the last time, where that can be done.
  void fail(const std::string& reason);

 private:
  void write_page() const { write_run_page(run_, settings_, status_); }

  std::string run_;
  TrainSettings settings_;
  RunStatus status_;
  EventFile events_;
};

}  // namespace kintsugi
