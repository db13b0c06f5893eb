#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
// clang-format off
#include <jpeglib.h>  // takes size_t and FILE from those above
// clang-format on

/// libjpeg with owners for its structs, strings for its files, and errors that come back as a
/// value. libjpeg reports errors by a callback that must not return; it jumps to where succeeds()
/// waits.
namespace kintsugi {

struct JpegFailure : jpeg_error_mgr {
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = {};
};

/// Whether body() came to its end; else failure.message says why not. The jump passes over nothing
/// but libjpeg and body, so body must hold no objects with destructors.
template <class Body>
[[gnu::noinline]] bool succeeds(JpegFailure& failure, const Body& body) {
  if (setjmp(failure.jump) != 0) return false;
  body();
  return true;
}

/// Reads a file in memory, which must outlive it.
class JpegReader {
 public:
  explicit JpegReader(std::string_view bytes);
  ~JpegReader();
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// jpeg_read_header, with all APPn and comments kept in info.marker_list. Only in succeeds().
  void read_header();
  /// The bytes that were not read.
  std::string_view rest() const;

  jpeg_decompress_struct info{};
  JpegFailure failure;

 private:
  jpeg_progress_mgr progress_{};
};

/// Writes to a string, which must outlive it.
class JpegWriter {
 public:
  explicit JpegWriter(std::string& bytes);
  ~JpegWriter();
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  jpeg_compress_struct info{};
  JpegFailure failure;

 private:
  struct Destination : jpeg_destination_mgr {
    explicit Destination(std::string& bytes);
    /// Moves the first `count` bytes of the buffer to the string.
    static void flush(j_compress_ptr writer, size_t count);

    std::string* bytes;
    JOCTET buffer[1 << 14];
  };
  Destination destination_;
};

}  // namespace kintsugi
