#include "glcic/logs/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstring>

#include "glcic/logs/event.pb.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr auto kLongestWait = std::chrono::seconds(5);
constexpr size_t kMostPending = 1 << 20;  // bytes

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}

std::string little_endian(uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> 8 * i & 0xff);
  return text;
}

std::string masked_crc(std::string_view bytes) {
  return little_endian(std::rotr(crc32c(bytes), 15) + 0xa282ead8u, 4);
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  const bool known = ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
  return known ? name.data() : "localhost";
}

/// Since 1970.
std::chrono::microseconds now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

/// TensorBoard takes the files of a folder in the order of their names.
std::string new_file_name() {
  const int64_t time = now().count();
  return fmt::format("events.out.tfevents.{:010}.{:06}.{}.kintsugi", time / 1'000'000,
                     time % 1'000'000, host_name());
}

/// A number of a PNG file's header, 4 bytes, the highest first (ISO 15948, §11.2.2).
int32_t header_number(const std::string& png, size_t at) {
  uint32_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(png[i]);
  return static_cast<int32_t>(number);
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~crc;
}

std::string tf_record(std::string_view bytes) {
  const std::string length = little_endian(bytes.size(), 8);
  return length + masked_crc(length) + std::string(bytes) + masked_crc(bytes);
}

EventFile::EventFile(const std::string& run, int64_t first_step)
    : path_(run + "/" + new_file_name()), last_written_(Clock::now()) {
  stream_.open(path_, std::ios::binary | std::ios::app);
  check(stream_.is_open(), "{}: cannot be written: {}", path_, std::strerror(errno));
  tensorboard::Event version;
  version.set_file_version("brain.Event:2");
  add(version);
  tensorboard::Event start;
  start.set_step(first_step);
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  add(start);
  flush();
}

EventFile::~EventFile() { write_pending(); }

void EventFile::add_scalars(int64_t step, const std::vector<Scalar>& scalars) {
  tensorboard::Event event;
  event.set_step(step);
  for (const Scalar& scalar : scalars) {
    if (std::isnan(scalar.value)) continue;
    tensorboard::Summary::Value* value = event.mutable_summary()->add_value();
    value->set_tag(scalar.tag);
    value->set_simple_value(static_cast<float>(scalar.value));
  }
  add(event);
}

void EventFile::add_picture(int64_t step, const std::string& tag, const std::string& png) {
  check(png.size() > 24 && png.compare(1, 3, "PNG") == 0, "{}: the picture {} of step {} is no PNG",
        path_, tag, step);
  tensorboard::Event event;
  event.set_step(step);
  tensorboard::Summary::Value* value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  tensorboard::Summary::Image* image = value->mutable_image();
  image->set_width(header_number(png, 16));
  image->set_height(header_number(png, 20));
  image->set_colorspace(3);
  image->set_encoded_image_string(png);
  add(event);
}

void EventFile::flush() {
  errno = 0;
  write_pending();
  const int reason = errno;
  check(stream_.good(), "{}: cannot be written: {}", path_, std::strerror(reason));
}

void EventFile::add(tensorboard::Event& event) {
  event.set_wall_time(static_cast<double>(now().count()) * 1e-6);
  pending_ += tf_record(event.SerializeAsString());
  if (pending_.size() > kMostPending || Clock::now() - last_written_ > kLongestWait) flush();
}

void EventFile::write_pending() {
  stream_.write(pending_.data(), static_cast<std::streamsize>(pending_.size()));
  stream_.flush();
  pending_.clear();
  last_written_ = Clock::now();
}

}  // namespace kintsugi
