#include "glcic/train_log.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {

namespace {

constexpr const char* kHeader =
    "step,phase,phase_step,seconds,completion_loss,discriminator_loss,adversarial_loss,"
    "real_mean,fake_mean,completion_gradient,adversarial_gradient,alpha,pictures_per_second\n";

std::string cell(double number) { return std::isnan(number) ? "" : fmt::format("{:.6g}", number); }

/// The cell of a line in this column, as a step; −1 where it is none.
int64_t step_in(const std::string& line, int column) {
  std::istringstream cells(line);
  std::string cell;
  for (int i = 0; i <= column; ++i) std::getline(cells, cell, ',');
  int64_t step = -1;
  std::from_chars(cell.data(), cell.data() + cell.size(), step);
  return step;
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void drop_steps_after(const std::string& path, int column, int64_t last_step) {
  if (!std::filesystem::exists(path)) return;
  std::istringstream lines(read_file(path));
  std::string kept, line;
  for (bool is_header = true; std::getline(lines, line) && !lines.eof(); is_header = false) {
    const int64_t step = step_in(line, column);
    if (is_header || (step >= 0 && step <= last_step)) kept += line + "\n";
  }
  write_file_atomically(path, kept);
}

MetricsFile::MetricsFile(const std::string& path, int64_t last_step) : path_(path) {
  drop_steps_after(path, 0, last_step);
  if (!std::filesystem::exists(path) || std::filesystem::is_empty(path))
    write_file_atomically(path, kHeader);
  stream_.open(path, std::ios::app);
  check(stream_.is_open(), "{}: cannot be written: {}", path, std::strerror(errno));
}

void MetricsFile::append(const Position& position, const StepReport& report, double alpha,
                         double pictures_per_second) {
  stream_ << position.step << ',' << position.phase << ',' << position.phase_step << ','
          << fmt::format("{:.3f}", position.seconds);
  for (double number : {report.completion_loss, report.discriminator_loss, report.adversarial_loss,
                        report.real_mean, report.fake_mean, report.completion_gradient,
                        report.adversarial_gradient, alpha, pictures_per_second})
    stream_ << ',' << cell(number);
  stream_ << '\n';
}

void MetricsFile::flush() {
  errno = 0;
  stream_.flush();
  int reason = errno;
  check(stream_.good(), "{}: cannot be written: {}", path_, std::strerror(reason));
}

void append_warning(const std::string& run, int64_t step, const std::string& sentence) {
  const std::string path = run + "/warnings.txt";
  std::ofstream stream(path, std::ios::app);
  stream << fmt::format("step {}: {}\n", step, sentence) << std::flush;
  check(stream.good(), "{}: cannot be written: {}", path, std::strerror(errno));
}

ProgressLine::ProgressLine(std::FILE* stream)
    : stream_(stream), is_terminal_(isatty(fileno(stream)) != 0), last_shown_(-1e9) {}

void ProgressLine::show(const std::string& line, bool now) {
  double time = now_seconds();
  if (!now && time - last_shown_ < (is_terminal_ ? 0.1 : 4)) return;
  last_shown_ = time;
  if (is_terminal_)
    fmt::print(stream_, "\r\033[K{}", line);
  else
    fmt::print(stream_, "{}\n", line);
  std::fflush(stream_);
}

void ProgressLine::say(const std::string& line) {
  if (is_terminal_) fmt::print(stream_, "\r\033[K");
  fmt::print(stream_, "{}\n", line);
  std::fflush(stream_);
}

std::function<void(int64_t done, int64_t all)> count_progress(std::FILE* stream,
                                                              const std::string& verb) {
  return [verb, progress = ProgressLine(stream), start = now_seconds()](int64_t done,
                                                                        int64_t all) mutable {
    if (now_seconds() - start < 2) return;
    const std::string line = fmt::format("{} {} of {} pictures", verb, done, all);
    done < all ? progress.show(line) : progress.say(line);
  };
}

std::string progress_text(const Position& position, int64_t planned, const StepReport& report,
                          double pictures_per_second, double seconds_left) {
  std::string text = fmt::format("phase {}  step {}", position.phase, position.phase_step);
  if (planned > 0) text += fmt::format("/{}", planned);
  if (!std::isnan(report.completion_loss))
    text += fmt::format("  L {:.5f}", report.completion_loss);
  if (!std::isnan(report.discriminator_loss))
    text += fmt::format("  D {:.3f} (real {:.2f}, fake {:.2f})", report.discriminator_loss,
                        report.real_mean, report.fake_mean);
  if (!std::isnan(report.adversarial_loss))
    text += fmt::format("  G {:.3f}", report.adversarial_loss);
  return text + fmt::format("  {:.1f} pictures/s  {} left", pictures_per_second,
                            duration_string(seconds_left));
}

}  // namespace kintsugi
