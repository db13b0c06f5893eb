#include "glcic/logs/run_log.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

/// Before the first step, sheet 0 is written anew.
int64_t first_step_after(const Position& position) {
  return position.step == 0 ? 0 : position.step + 1;
}

}  // namespace

std::vector<Scalar> step_scalars(const Position& position, const StepReport& report, double alpha,
                                 double pictures_per_second) {
  return {{"progress/phase", static_cast<double>(position.phase)},
          {"progress/phase_step", static_cast<double>(position.phase_step)},
          {"progress/seconds", position.seconds},
          {"loss/completion", report.completion_loss},
          {"loss/discriminators", report.discriminator_loss},
          {"loss/adversarial", report.adversarial_loss},
          {"loss/alpha", alpha},
          {"probability/real", report.real_mean},
          {"probability/completed", report.fake_mean},
          {"gradient/completion", report.completion_gradient},
          {"gradient/adversarial", report.adversarial_gradient},
          {"speed/pictures_per_second", pictures_per_second}};
}

RunLog::RunLog(const std::string& run, const TrainSettings& settings, const Position& position,
               double write_every)
    : run_(run),
      settings_(settings),
      status_{.position = position, .write_every = write_every},
      events_(run, first_step_after(position)) {}

void RunLog::add_step(const Position& position, const StepReport& report, double alpha,
                      double pictures_per_second) {
  status_.position = position;
  status_.pictures_per_second = pictures_per_second;
  events_.add_scalars(position.step, step_scalars(position, report, alpha, pictures_per_second));
}

void RunLog::add_validation(double psnr) {
  events_.add_scalars(status_.position.step, {{"validation/hole_psnr", psnr}});
}

void RunLog::add_checkpoint(const Position& position, double seconds_left) {
  status_.position = position;
  if (position.step > 0) status_.seconds_left = seconds_left;
  events_.add_picture(position.step, "samples",
                      read_file(fmt::format("{}/samples/{:07}.png", run_, position.step)));
  events_.flush();
  write_page();
}

void RunLog::end(const Position& position) {
  status_.position = position;
  status_.stage = position.phase > 3 ? RunStatus::Stage::done : RunStatus::Stage::stopped;
  events_.flush();
  write_page();
}

void RunLog::fail(const std::string& reason) {
  status_.stage = RunStatus::Stage::failed;
  status_.reason = reason;
  try {
    write_page();
  } catch (const Error&) {  // a full disk, say: `reason` is what there is to know
  }
}

}  // namespace kintsugi
