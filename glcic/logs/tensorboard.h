#pragma once
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

/// Event files, as TensorBoard reads them: a sequence of records (tf_record), each an Event
/// (event.proto).
namespace kintsugi {

namespace tensorboard {
class Event;
}

/// CRC-32C: Castagnoli's polynomial, reflected, all ones before and after (RFC 3720, §12.1).
uint32_t crc32c(std::string_view bytes);

/// The bytes as a record of TensorFlow's TFRecord format, little-endian: their length (8 bytes),
/// its masked CRC-32C (4), they themselves, their masked CRC-32C (4). A CRC c is masked as (c
/// rotated right by 15 bits) + 0xa282ead8.
std::string tf_record(std::string_view bytes);

/// A number at a step. TensorBoard draws one curve a tag, and groups tags by what is before the /.
struct Scalar {
  std::string tag;
  double value = 0.0;
};

/// RUN/events.out.tfevents.SECONDS.MICROSECONDS.HOST.kintsugi, which is only ever appended to, by
/// whole records. A process that is killed loses the last few seconds and may leave a record cut
/// short, which readers pass over; who goes on with its run begins a new file.
class EventFile {
 public:
  /// Begins a new file. Readers forget what earlier ones say of `first_step` and later steps
  /// (SessionLog START). Throws Error where it cannot be written.
  EventFile(const std::string& run, int64_t first_step);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// In float32; NaN, which stands for "has none", is left out. What is added reaches the file
  /// within seconds, if steps keep coming, or at flush(). Throws Error as flush() does.
  void add_scalars(int64_t step, const std::vector<Scalar>& scalars);
  /// `png`: the bytes of an RGB file. Throws Error where they are not.
  void add_picture(int64_t step, const std::string& tag, const std::string& png);
  /// Throws Error, with the reason, where what was added does not reach the file.
  void flush();

  const std::string& path() const { return path_; }

 private:
  using Clock = std::chrono::steady_clock;

  void add(tensorboard::Event& event);
  void write_pending();

  std::string path_;
  std::ofstream stream_;
  std::string pending_;  // whole records
  Clock::time_point last_written_;
};

}  // namespace kintsugi
