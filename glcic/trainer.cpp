#include "glcic/trainer.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "glcic/dataset.h"
#include "glcic/loader.h"
#include "glcic/samples.h"
#include "glcic/schedule.h"
#include "glcic/step_runner.h"
#include "glcic/train_log.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/precision.h"
#include "tensor/profiler.h"
#include "tensor/upload.h"

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
  const Tensor mean = mean_pixel(pictures, options.settings.size);
  return make_train_state(options.settings, mean, options.device);
}

/// A run in progress: its state, its files, its clock.
class Run {
 public:
  Run(const TrainOptions& options, TrainState state, const Dataset& pictures)
      : options_(options),
        state_(std::move(state)),
        steps_(state_.model, *state_.completion_optimizer, *state_.discriminators_optimizer,
               state_.settings.alpha),
        loader_(pictures, loader_options()),
        schedule_(state_.settings, *state_.model.completion, *state_.model.discriminators),
        metrics_(options.run + "/metrics.csv", state_.position.step),
        progress_(options.progress),
        samples_(state_.settings) {}

  Position carry_out() {
    progress_.say("device: " + device_line(options_.device));
    if (state_.position.step == 0) write_files();
    last_written_ = last_step_ = Clock::now();
    while (schedule_.advance(state_.position)) {
      one_step();
      bool stopped = options_.stop && options_.stop(state_.position);
      bool phase_over = schedule_.phase_is_over(state_.position);
      if (stopped || phase_over || seconds_since(last_written_) >= options_.checkpoint_every)
        write_files();
      if (stopped) break;
    }
    return state_.position;
  }

 private:
  LoaderOptions loader_options() const {
    const TrainSettings& settings = state_.settings;
    return {.size = settings.size,
            .batch = settings.batch,
            .hole_range = settings.holes,
            .scale_range = settings.scale_range,
            .seed = settings.seed,
            .first_step = state_.position.step,
            .threads = options_.loader_threads};
  }

  /// A batch whose pictures are on their way to the device.
  struct Arriving {
    Batch batch;
    Upload images, masks;
  };

  Arriving next_pictures() {
    const Region region("load");
    Batch batch = loader_.next();
    Upload images(batch.images, options_.device), masks(batch.masks, options_.device);
    return {std::move(batch), std::move(images), std::move(masks)};
  }

  /// The batch of this step. That of the next one sets out, to arrive while the device computes.
  TrainingBatch next_batch() {
    if (!arriving_) arriving_.emplace(next_pictures());
    TrainingBatch batch = make_training_batch(arriving_->images.tensor(), arriving_->masks.tensor(),
                                              arriving_->batch.holes, arriving_->batch.real_regions,
                                              {.device = options_.device});
    arriving_.reset();
    if (options_.device != Device::cpu) arriving_.emplace(next_pictures());
    return batch;
  }

  void one_step() {
    const Region region("step");
    const TrainingBatch batch = next_batch();
    StepReport report = steps_.run(state_.position.phase, batch);
    if (state_.position.phase != 2) average();
    Position& position = state_.position;
    ++position.phase_step;
    ++position.step;
    double seconds = seconds_since(last_step_);
    last_step_ = Clock::now();
    position.seconds += seconds;
    schedule_.measured(position.phase, seconds);
    double rate = static_cast<double>(state_.settings.batch) / schedule_.step_seconds(position);
    metrics_.append(position, report, state_.settings.alpha, rate);
    progress_.show(progress_text(position, schedule_.planned_steps(position.phase), report, rate,
                                 schedule_.seconds_left(position)),
                   schedule_.phase_is_over(position));
    check(std::isfinite(loss_sum(report, position.phase)),
          "train: a loss is not finite at step {}; {}/checkpoint.safetensors is from before",
          position.step, options_.run);
  }

  void average() {
    const Scope scope("average", Pass::update);
    average_weights(*state_.average, *state_.model.completion,
                    state_.completion_optimizer->steps());
  }

  /// Checkpoint, metrics, samples and validation; the time it takes is not the training's.
  void write_files() {
    const Region region("write");
    metrics_.flush();
    write_checkpoint(options_.run + "/checkpoint.safetensors", state_);
    samples_.write(fmt::format("{}/samples/{:07}.png", options_.run, state_.position.step),
                   averaged_model(state_));
    if (options_.validate)
      progress_.say(samples_.validate(options_.run + "/validation.csv", state_));
    last_written_ = last_step_ = Clock::now();
  }

  const TrainOptions& options_;
  TrainState state_;
  StepRunner steps_;
  Loader loader_;
  std::optional<Arriving> arriving_;
  Schedule schedule_;
  MetricsFile metrics_;
  ProgressLine progress_;
  Samples samples_;
  Clock::time_point last_written_, last_step_;
};

}  // namespace

Position train(const TrainOptions& options) {
  std::string checkpoint = options.run + "/checkpoint.safetensors";
  bool exists = std::filesystem::exists(checkpoint);
  check(!exists || options.resume,
        "{}: there is a run already; go on with --resume, or choose another folder", options.run);
  check(exists || !options.resume, "{}: there is no run to resume", options.run);
  if (options.resume) {
    TrainState state = read_checkpoint(checkpoint, options.device);
    std::unique_ptr<Dataset> pictures = open_training_pictures(state.settings);
    return Run(options, std::move(state), *pictures).carry_out();
  }
  check_settings(options.settings);
  std::unique_ptr<Dataset> pictures = open_training_pictures(options.settings);
  TrainState state = first_state(options, *pictures);
  make_folder(options.run + "/samples");
  return Run(options, std::move(state), *pictures).carry_out();
}

}  // namespace kintsugi
