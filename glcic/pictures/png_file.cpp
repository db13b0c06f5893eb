#include "glcic/pictures/png_file.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <new>

#include "glcic/pictures/png_chunks.h"
#include "tensor/error.h"
#include "tensor/io/image_integrity.h"

namespace kintsugi {
namespace {

constexpr int kSwapTo16Bits = std::endian::native == std::endian::little;

/// A photograph of 24 megapixels, 8 bits, with filters chosen among none, left and above, took 1.4
/// s at level 1 (26.4 MB), 2.0 s at 3 (23.7 MB) and 7.1 s at 6 (24.0 MB); with all filters to
/// choose from, 2.8 s at level 3 (23.3 MB).
constexpr int kCompressionLevel = 3;

/// libpng reports errors by a callback that must not return; it jumps to where succeeds() waits.
struct PngFailure {
  std::jmp_buf jump;
  std::array<char, 200> message{};
};

void fail(png_structp png, png_const_charp message) {
  auto* failure = static_cast<PngFailure*>(png_get_error_ptr(png));
  std::strncpy(failure->message.data(), message, failure->message.size() - 1);
  std::longjmp(failure->jump, 1);
}

void ignore(png_structp, png_const_charp) {}

/// Whether body() came to its end. The jump passes over nothing but libpng and body, so body must
/// hold no objects with destructors.
template <class Body>
[[gnu::noinline]] bool succeeds(PngFailure& failure, const Body& body) {
  if (setjmp(failure.jump) != 0) return false;
  body();
  return true;
}

class PngReader {
 public:
  explicit PngReader(std::string_view bytes)
      : bytes_(bytes), png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure, fail, ignore)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc();
    png_set_read_fn(png_, &bytes_, [](png_structp png, png_bytep out, size_t count) {
      auto& rest = *static_cast<std::string_view*>(png_get_io_ptr(png));
      if (count > rest.size()) png_error(png, "it ends before its image data does");
      std::memcpy(out, rest.data(), count);
      rest.remove_prefix(count);
    });
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  png_structp png() const { return png_; }
  png_infop info() const { return info_; }

  PngFailure failure;

 private:
  std::string_view bytes_;
  png_structp png_;
  png_infop info_ = nullptr;
};

class PngWriter {
 public:
  explicit PngWriter(std::string& bytes)
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, fail, ignore)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc();
    png_set_write_fn(png_, &bytes, append, nullptr);
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  png_structp png() const { return png_; }
  png_infop info() const { return info_; }

  PngFailure failure;

 private:
  static void append(png_structp png, png_bytep data, size_t count) {
    bool appended = true;
    try {
      static_cast<std::string*>(png_get_io_ptr(png))
          ->append(reinterpret_cast<const char*>(data), count);
    } catch (const std::bad_alloc&) {
      appended = false;
    }
    if (!appended) png_error(png, "there is not enough memory");
  }

  png_structp png_;
  png_infop info_ = nullptr;
};

std::vector<png_bytep> rows_of(const Raster& raster) {
  std::vector<png_bytep> rows(static_cast<size_t>(raster.height));
  for (size_t y = 0; y < rows.size(); ++y)
    rows[y] = const_cast<png_bytep>(raster.row(static_cast<int64_t>(y)));
  return rows;
}

void write_chunks(png_structp png, const std::vector<PngChunk>& chunks) {
  for (const PngChunk& chunk : chunks)
    png_write_chunk(png, reinterpret_cast<png_const_bytep>(chunk.type.data()),
                    reinterpret_cast<png_const_bytep>(chunk.data.data()), chunk.data.size());
}

/// Deflate makes at most 1,032 bytes of one, so a file that asks for more pixels than that is
/// refused before memory is taken.
void check_size(const PngHeader& header, const std::string& path, int64_t max_pixels) {
  check(header.width > 0 && header.height > 0, "{} is damaged: it has {} x {} pixels", path,
        header.width, header.height);
  check(header.height <= max_pixels / header.width,
        "{} is too large: {} x {} pixels, and the limit is {} altogether", path, header.width,
        header.height, max_pixels);
  const int64_t row_bits = header.width * header.depth * header.samples();
  check((row_bits + 7) / 8 * header.height <= 1032 * header.data_bytes + 1032,
        "{} is damaged: its header says {} x {} pixels, more than its {} bytes of data can hold",
        path, header.width, header.height, header.data_bytes);
}

}  // namespace

PngFile decode_png(std::string_view bytes, const std::string& path, int64_t max_pixels) {
  const std::string fault = png_fault(bytes);
  check(fault.empty(), "{} is damaged: {}", path, fault);
  PngParts parts = png_parts(bytes, path);
  check_size(parts.header, path, max_pixels);
  const bool deep = parts.header.depth == 16;

  PngFile file;
  file.interlaced = parts.header.interlaced;
  PngReader reader(bytes);
  const bool started = succeeds(reader.failure, [&] {
    png_set_user_limits(reader.png(), PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Chunks are kept as they stand (png_chunks.h), so libpng passes over all that it can.
    png_set_keep_unknown_chunks(reader.png(), PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(reader.png(), reader.info());
    png_set_expand(reader.png());  // palette, few bits of grey, transparent colour
    if (deep && kSwapTo16Bits) png_set_swap(reader.png());
    png_set_interlace_handling(reader.png());
    png_read_update_info(reader.png(), reader.info());
  });
  check(started, "{} is damaged: {}", path, reader.failure.message.data());
  file.raster = Raster::sized(parts.header.height, parts.header.width,
                              png_get_channels(reader.png(), reader.info()), deep ? 16 : 8);
  check(png_get_rowbytes(reader.png(), reader.info()) == file.raster.row_bytes(),
        "{} is damaged: its rows have {} bytes", path,
        png_get_rowbytes(reader.png(), reader.info()));
  std::vector<png_bytep> rows = rows_of(file.raster);
  const bool decoded = succeeds(reader.failure, [&] {
    png_read_image(reader.png(), rows.data());
    png_read_end(reader.png(), nullptr);
  });
  check(decoded, "{} is damaged: {}", path, reader.failure.message.data());
  file.before = kept_chunks(parts.before, parts.header, parts.palette, file.raster);
  file.after = kept_chunks(parts.after, parts.header, parts.palette, file.raster);
  return file;
}

std::string encode_png(const PngFile& file, const std::vector<PngChunk>& more,
                       const std::string& path) {
  constexpr std::array<int, 4> kColourTypes{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                            PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  const Raster& raster = file.raster;
  std::string bytes;
  std::vector<png_bytep> rows = rows_of(raster);
  PngWriter writer(bytes);
  png_structp png = writer.png();
  const bool written = succeeds(writer.failure, [&] {
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, kCompressionLevel);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FAST_FILTERS);
    png_set_IHDR(png, writer.info(), static_cast<png_uint_32>(raster.width),
                 static_cast<png_uint_32>(raster.height), raster.depth,
                 kColourTypes[static_cast<size_t>(raster.channels - 1)],
                 file.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, writer.info());
    write_chunks(png, file.before);
    write_chunks(png, more);
    if (raster.depth == 16 && kSwapTo16Bits) png_set_swap(png);
    png_write_image(png, rows.data());
    write_chunks(png, file.after);
    png_write_end(png, nullptr);
  });
  check(written, "cannot write {}: {}", path, writer.failure.message.data());
  return bytes;
}

}  // namespace kintsugi
