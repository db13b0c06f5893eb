#include "glcic/trainer.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "glcic/batch_feed.h"
#include "glcic/best_checkpoint.h"
#include "glcic/dataset.h"
#include "glcic/discriminator_watch.h"
#include "glcic/logs/run_log.h"
#include "glcic/run_folder.h"
#include "glcic/run_step.h"
#include "glcic/samples.h"
#include "glcic/schedule.h"
#include "glcic/step_runner.h"
#include "glcic/train_log.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/precision.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int64_t largest_edge(const TrainSettings& settings, const Dataset& dataset) {
  double range = settings.scale_range > 0 ? settings.scale_range : dataset.scale_range();
  return static_cast<int64_t>(std::ceil(range * static_cast<double>(settings.size)));
}

std::unique_ptr<Dataset> open_training_pictures(const TrainSettings& settings) {
  std::unique_ptr<Dataset> dataset = open_dataset(settings.data, Split::train);
  return open_dataset(settings.data, Split::train,
                      {.largest_edge = largest_edge(settings, *dataset)});
}

void make_folder(const std::string& path) {
  std::error_code fault;
  std::filesystem::create_directories(path, fault);
  check(!fault, "{}: the folder cannot be made: {}", path, fault.message());
}

/// Of the losses that the phase has.
double loss_sum(const StepReport& report, int phase) {
  double sum = 0;
  if (phase != 2) sum += report.completion_loss;
  if (phase != 1) sum += report.discriminator_loss;
  if (phase == 3) sum += report.adversarial_loss;
  return sum;
}

/// "cpu, threads: 8"; "NVIDIA H100 80GB HBM3 (compute capability 9.0), precision: tf32"
std::string device_line(Device device) {
  return backend(device).name() + (device == Device::cpu
                                       ? fmt::format(", threads: {}", num_threads())
                                       : ", precision: " + to_string(precision()));
}

/// The state before the first step.
TrainState first_state(const TrainOptions& options, const Dataset& pictures) {
  const Region region("prepare");
  fmt::print(options.progress, "looking at pictures for their mean colour\n");
  std::fflush(options.progress);
  const Tensor mean = mean_pixel(pictures, options.settings.size);
  return make_train_state(options.settings, mean, options.device);
}

/// Numbers of a run ceased to be finite.
struct NotFinite : Error {
  NotFinite(const std::string& what, const Position& position)
      : Error(fmt::format("{} is not finite at step {}", what, position.step)),
        phase(position.phase),
        step(position.step) {}
  int phase;
  int64_t step;
};

/// A run in progress: its state, its files, its clock.
class Run {
 public:
  Run(const TrainOptions& options, const RunFolder& folder, TrainState state,
      const Dataset& pictures, RunLog& log)
      : options_(options),
        folder_(folder),
        log_(log),
        state_(std::move(state)),
        steps_(state_.model, *state_.completion_optimizer, *state_.discriminators_optimizer),
        feed_(pictures, run_loader_options(), state_.settings.accumulate, options.device),
        schedule_(state_.settings, *state_.model.completion, *state_.model.discriminators),
        metrics_(options.run + "/metrics.csv", state_.position.step),
        progress_(options.progress),
        samples_(state_.settings) {}

  Position carry_out() {
    progress_.say("device: " + device_line(options_.device));
    drop_steps_after(options_.run + "/validation.csv", 1, state_.position.step);
    if (options_.validate) best_.emplace(options_.run + "/best.safetensors");
    if (state_.position.step == 0) write_files();
    last_written_ = last_step_ = Clock::now();
    while (schedule_.advance(state_.position)) {
      one_step();
      folder_.check_there();
      bool stopped = options_.stop && options_.stop(state_.position);
      bool phase_over = schedule_.phase_is_over(state_.position);
      if (stopped || phase_over || seconds_since(last_written_) >= options_.checkpoint_every)
        write_files();
      if (stopped) break;
    }
    if (feed_.skipped() > 0) warn(fmt::format("damaged pictures passed over: {}", feed_.skipped()));
    log_.end(state_.position);
    return state_.position;
  }

 private:
  LoaderOptions run_loader_options() const {
    LoaderOptions options = loader_options(state_);
    options.strict = options_.strict;
    options.threads = options_.loader_threads;
    return options;
  }

  /// Where there is none, the steps so far are kept.
  std::vector<TrainingBatch> next_batches_or_checkpoint() {
    try {
      return feed_.next();
    } catch (const Error&) {
      write_files();
      throw;
    }
  }

  void one_step() {
    const Region region("step");
    const std::vector<TrainingBatch> batches = next_batches_or_checkpoint();
    Position& position = state_.position;
    const double alpha = state_.alpha;
    const StepReport report = steps_.run(position.phase, batches, alpha);
    finish_step(state_, report);
    double seconds = seconds_since(last_step_);
    last_step_ = Clock::now();
    position.seconds += seconds;
    schedule_.measured(position.phase, seconds);
    double rate = static_cast<double>(state_.settings.batch * state_.settings.accumulate) /
                  schedule_.step_seconds(position);
    metrics_.append(position, report, alpha, rate);
    log_.add_step(position, report, alpha, rate);
    progress_.show(progress_text(position, schedule_.planned_steps(position.phase), report, rate,
                                 schedule_.seconds_left(position)),
                   schedule_.phase_is_over(position));
    if (!std::isfinite(loss_sum(report, position.phase))) throw NotFinite("a loss", position);
    warn(watch_.look(position.phase, report));
  }

  /// On the screen and in the log; nothing where `sentence` is "".
  void warn(const std::string& sentence) {
    if (sentence.empty()) return;
    progress_.say(fmt::format("warning: step {}: {}", state_.position.step, sentence));
    append_warning(options_.run, state_.position.step, sentence);
  }

  /// Checkpoint, metrics, samples and validation; the time it takes is not the training's.
  void write_files() {
    const Region region("write");
    metrics_.flush();
    if (const std::string name = first_not_finite(state_); !name.empty())
      throw NotFinite(name, state_.position);
    folder_.write_checkpoint(state_.position.step,
                             format_safetensors(checkpoint_contents(state_), "checkpoint").parts(),
                             options_.keep);
    samples_.write(fmt::format("{}/samples/{:07}.png", options_.run, state_.position.step),
                   averaged_model(state_));
    if (options_.validate) validate();
    log_.add_checkpoint(state_.position, schedule_.seconds_left(state_.position));
    last_written_ = last_step_ = Clock::now();
  }

  void validate() {
    const double psnr = samples_.validate(options_.run + "/validation.csv", state_);
    const bool is_best = best_->offer(psnr, state_);
    log_.add_validation(psnr);
    progress_.say(fmt::format("step {}: hole PSNR {:.2f} dB over unseen pictures{}",
                              state_.position.step, psnr, is_best ? ", the best so far" : ""));
  }

  const TrainOptions& options_;
  const RunFolder& folder_;
  RunLog& log_;
  TrainState state_;
  StepRunner steps_;
  BatchFeed feed_;
  Schedule schedule_;
  MetricsFile metrics_;
  ProgressLine progress_;
  Samples samples_;
  DiscriminatorWatch watch_;
  std::optional<BestCheckpoint> best_;  // where validations are asked for
  Clock::time_point last_written_, last_step_;
};

/// The newest checkpoint that counts; says which ones do not.
std::string checkpoint_to_resume(const TrainOptions& options) {
  const CheckpointSearch found = newest_checkpoint(options.run);
  for (const std::string& sentence : found.skipped)
    fmt::print(options.progress, "skipped: {}\n", sentence);
  check(!found.path.empty(), "{}: there is no run to resume: none of its checkpoints counts",
        options.run);
  if (!found.skipped.empty()) fmt::print(options.progress, "goes on from {}\n", found.path);
  return found.path;
}

/// Why a run ended, and where in its steps since the last checkpoint that began; notes it in the
/// run's log, too.
Error explained(const NotFinite& failure, const TrainOptions& options, const Dataset& pictures) {
  const std::string checkpoint = newest_checkpoint(options.run).path;
  TrainState state = read_checkpoint(checkpoint, options.device);
  const int64_t kept = state.position.step;
  fmt::print(options.progress,
             "\n{}; taking the steps after the checkpoint of step {} again, to find out where\n",
             failure.what(), kept);
  const Fault fault = find_fault(std::move(state), pictures, failure.phase, failure.step);
  const std::string where = fault.place.empty()
                                ? "which did not happen again in the same steps from there"
                                : fmt::format("first {}, at step {}", fault.place, fault.step);
  append_warning(options.run, failure.step, fmt::format("{}: {}", failure.what(), where));
  return Error(fmt::format("{}: {}; the last good checkpoint is {}, of step {}", failure.what(),
                           where, checkpoint, kept));
}

Position carry_out(const TrainOptions& options, const RunFolder& folder, TrainState state,
                   const Dataset& pictures) {
  RunLog log(options.run, state.settings, state.position, options.checkpoint_every);
  try {
    return Run(options, folder, std::move(state), pictures, log).carry_out();
  } catch (const NotFinite& failure) {
    const Error error = explained(failure, options, pictures);
    log.fail(error.what());
    throw error;
  } catch (const Error& error) {
    log.fail(error.what());
    throw;
  }
}

Position resume(const TrainOptions& options) {
  check(holds_run(options.run), "{}: there is no run to resume", options.run);
  const RunFolder folder(options.run);
  TrainState state = read_checkpoint(checkpoint_to_resume(options), options.device);
  std::unique_ptr<Dataset> pictures = open_training_pictures(state.settings);
  make_folder(options.run + "/samples");
  return carry_out(options, folder, std::move(state), *pictures);
}

Position begin(const TrainOptions& options) {
  check_settings(options.settings);
  std::unique_ptr<Dataset> pictures = open_training_pictures(options.settings);
  const RunFolder folder(options.run);
  check(!holds_run(options.run),
        "{}: there is a run already; go on with --resume, or choose another folder", options.run);
  TrainState state = first_state(options, *pictures);
  make_folder(options.run + "/samples");
  return carry_out(options, folder, std::move(state), *pictures);
}

}  // namespace

Position train(const TrainOptions& options) {
  return options.resume ? resume(options) : begin(options);
}

}  // namespace kintsugi
