#pragma once
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "glcic/checkpoint.h"
#include "glcic/training_step.h"

namespace kintsugi {

/// Rewrites a CSV file of a run without the lines whose step, in this column (from 0), is after
/// `last_step`, and without a last line that was not finished. Does nothing where there is none.
void drop_steps_after(const std::string& path, int column, int64_t last_step);

/// RUN/metrics.csv: one line a step; numbers that a phase does not have are left empty.
class MetricsFile {
 public:
  /// Keeps the lines of steps up to `last_step`, those that a checkpoint stands for, and drops what
  /// an interrupted run wrote after it. Throws Error where the file cannot be written.
  MetricsFile(const std::string& path, int64_t last_step);
  void append(const Position& position, const StepReport& report, double alpha,
              double pictures_per_second);
  /// Throws Error, with the reason, where what was appended did not reach the file.
  void flush();

 private:
  std::string path_;
  std::ofstream stream_;
};

/// Appends "step N: SENTENCE" to RUN/warnings.txt. Throws Error where it cannot be written.
void append_warning(const std::string& run, int64_t step, const std::string& sentence);

/// What a person sees while training: one line that is rewritten on a terminal, a line every four
/// seconds elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(std::FILE* stream);
  /// At most ten times a second (or every four seconds), or always where `now`.
  void show(const std::string& line, bool now = false);
  /// A line of its own, above the progress.
  void say(const std::string& line);

 private:
  std::FILE* stream_;
  bool is_terminal_;
  double last_shown_;
};

/// Shows on a ProgressLine how far a piece of work is: "measured 320 of 1000 pictures". Nothing
/// where all is done within two seconds.
std::function<void(int64_t done, int64_t all)> count_progress(std::FILE* stream,
                                                              const std::string& verb);

/// "phase 1  step 120/1000  L 0.0234  85 pictures/s  1m40s left"; `planned` 0: not known.
std::string progress_text(const Position& position, int64_t planned, const StepReport& report,
                          double pictures_per_second, double seconds_left);

}  // namespace kintsugi
