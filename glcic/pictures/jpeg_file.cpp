#include "glcic/pictures/jpeg_file.h"

#include <algorithm>
#include <cstring>

#include "glcic/pictures/libjpeg.h"
#include "tensor/error.h"
#include "tensor/io/image_integrity.h"

namespace kintsugi {
namespace {

int64_t count_blocks(const jpeg_decompress_struct& info) {
  int64_t blocks = 0;
  for (int c = 0; c < info.num_components; ++c)
    blocks += int64_t{info.comp_info[c].width_in_blocks} * info.comp_info[c].height_in_blocks;
  return blocks;
}

/// Huffman's codes take a bit a block at least, so a file that asks for more pixels than that is
/// refused before memory is taken.
void check_header(const jpeg_decompress_struct& info, size_t bytes, const std::string& path,
                  int64_t max_pixels) {
  check(int64_t{info.image_width} * info.image_height <= max_pixels,
        "{} is too large: {} x {} pixels, and the limit is {} altogether", path, info.image_width,
        info.image_height, max_pixels);
  check(info.jpeg_color_space != JCS_CMYK && info.jpeg_color_space != JCS_YCCK,
        "{} is a CMYK picture, made for print: convert it to RGB first", path);
  check(info.jpeg_color_space == JCS_GRAYSCALE || info.jpeg_color_space == JCS_YCbCr ||
            info.jpeg_color_space == JCS_RGB,
        "{} is neither grey nor RGB: it has {} components", path, info.num_components);
  check(count_blocks(info) <= 8 * static_cast<int64_t>(bytes),
        "{} is damaged: its header says {} x {} pixels, more than its {} bytes can hold", path,
        info.image_width, info.image_height, bytes);
}

std::vector<JpegSegment> segments_of(const jpeg_decompress_struct& info) {
  std::vector<JpegSegment> segments;
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr;
       marker = marker->next)
    segments.push_back({marker->marker, std::string(reinterpret_cast<const char*>(marker->data),
                                                    marker->data_length)});
  return segments;
}

/// JFIF's and Adobe's are among those of the file.
void write_no_own_segments(jpeg_compress_struct& info) {
  info.write_JFIF_header = info.write_Adobe_marker = FALSE;
}

void write_segments(jpeg_compress_struct& info, const std::vector<JpegSegment>& segments) {
  for (const JpegSegment& segment : segments)
    jpeg_write_marker(&info, segment.marker, reinterpret_cast<const JOCTET*>(segment.data.data()),
                      static_cast<unsigned>(segment.data.size()));
}

/// The writer's header states the window's size.
void write_pixels(jpeg_compress_struct& info, const Raster& raster, const Hole& window) {
  while (info.next_scanline < info.image_height) {
    const uint8_t* first = raster.row(window.y + info.next_scanline);
    JSAMPROW row = const_cast<JSAMPROW>(first + window.x * raster.channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
}

/// The coefficients of all components, block by block.
jvirt_barray_ptr* read_blocks(JpegReader& reader, const std::string& path) {
  jvirt_barray_ptr* blocks = nullptr;
  const bool read = succeeds(reader.failure, [&] {
    reader.read_header();
    blocks = jpeg_read_coefficients(&reader.info);
  });
  check(read, "cannot write {}: {}", path, reader.failure.message);
  return blocks;
}

JBLOCKROW block_row(JpegReader& reader, jvirt_barray_ptr component, int64_t row, bool writable) {
  JBLOCKROW blocks = nullptr;
  const bool found = succeeds(reader.failure, [&] {
    blocks = reader.info.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&reader.info),
                                                 component, static_cast<JDIMENSION>(row), 1,
                                                 writable ? TRUE : FALSE)[0];
  });
  check(found, "recompress_jpeg: {}", reader.failure.message);
  return blocks;
}

/// The window as a JPEG file with the tables and sampling factors of `original`.
std::string encode_window(const JpegReader& original, const Raster& raster, const Hole& window,
                          const std::string& path) {
  std::string bytes;
  JpegWriter writer(bytes);
  jpeg_compress_struct& info = writer.info;
  const bool written = succeeds(writer.failure, [&] {
    jpeg_copy_critical_parameters(const_cast<j_decompress_ptr>(&original.info), &info);
    info.image_width = static_cast<JDIMENSION>(window.width);
    info.image_height = static_cast<JDIMENSION>(window.height);
    info.input_components = raster.channels;
    info.in_color_space = raster.is_grey() ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_compress(&info, TRUE);
    write_pixels(info, raster, window);
    jpeg_finish_compress(&info);
  });
  check(written, "cannot write {}: {}", path, writer.failure.message);
  return bytes;
}

/// The smallest window around `bounds` that begins where units of `unit` pixels do, so that its
/// blocks are the picture's.
Hole whole_units(const Hole& bounds, Corner unit, const Raster& raster) {
  const int64_t x = bounds.x / unit.x * unit.x, y = bounds.y / unit.y * unit.y;
  const auto up = [](int64_t end, int64_t unit) { return (end + unit - 1) / unit * unit; };
  return {x, y, std::min(up(bounds.x + bounds.width, unit.x), raster.width) - x,
          std::min(up(bounds.y + bounds.height, unit.y), raster.height) - y};
}

void replace_blocks(JpegReader& original, jvirt_barray_ptr* blocks, const Raster& raster,
                    const FilledTiles& filled, const std::string& path) {
  const jpeg_decompress_struct& info = original.info;
  const Corner unit{info.max_h_samp_factor * DCTSIZE, info.max_v_samp_factor * DCTSIZE};
  const Hole window = whole_units(filled.bounds(), unit, raster);
  const std::string encoded = encode_window(original, raster, window, path);
  JpegReader patch(encoded);
  jvirt_barray_ptr* patch_blocks = read_blocks(patch, path);
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& component = patch.info.comp_info[c];
    const int64_t width = unit.x / component.h_samp_factor;  // pixels that a block covers
    const int64_t height = unit.y / component.v_samp_factor;
    const int64_t first_column = window.x / width, first_row = window.y / height;
    for (int64_t row = 0; row < component.height_in_blocks; ++row) {
      const JBLOCKROW from = block_row(patch, patch_blocks[c], row, false);
      const JBLOCKROW to = block_row(original, blocks[c], first_row + row, true);
      for (int64_t column = 0; column < component.width_in_blocks; ++column)
        if (filled.any({window.x + column * width, window.y + row * height, width, height}))
          std::memcpy(to[first_column + column], from[column], sizeof(JBLOCK));
    }
  }
}

}  // namespace

JpegFile decode_jpeg(std::string bytes, const std::string& path, int64_t max_pixels) {
  const std::string fault = jpeg_fault(bytes);
  check(fault.empty(), "{} is damaged: {}", path, fault);

  JpegFile file;
  file.bytes = std::move(bytes);
  JpegReader reader(file.bytes);
  jpeg_decompress_struct& info = reader.info;
  const auto require = [&](bool succeeded) {
    check(succeeded, "{} is damaged: {}", path, reader.failure.message);
  };
  require(succeeds(reader.failure, [&] { reader.read_header(); }));
  check_header(info, file.bytes.size(), path, max_pixels);
  const bool grey = info.jpeg_color_space == JCS_GRAYSCALE;
  file.raster = Raster::sized(info.image_height, info.image_width, grey ? 1 : 3, 8);
  require(succeeds(reader.failure, [&] {
    info.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = file.raster.row(info.output_scanline);
      jpeg_read_scanlines(&info, &row, 1);
    }
  }));
  file.segments = segments_of(info);
  require(succeeds(reader.failure, [&] { jpeg_finish_decompress(&info); }));
  return file;
}

std::string encode_jpeg(const JpegFile& file, const std::vector<JpegSegment>& more, int quality,
                        const std::string& path) {
  const Raster& raster = file.raster;
  std::string bytes;
  JpegWriter writer(bytes);
  jpeg_compress_struct& info = writer.info;
  const bool written = succeeds(writer.failure, [&] {
    info.image_width = static_cast<JDIMENSION>(raster.width);
    info.image_height = static_cast<JDIMENSION>(raster.height);
    info.input_components = raster.channels;
    info.in_color_space = raster.is_grey() ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    if (quality > 90) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
    info.optimize_coding = TRUE;
    write_no_own_segments(info);
    jpeg_start_compress(&info, TRUE);
    write_segments(info, file.segments);
    write_segments(info, more);
    write_pixels(info, raster, {0, 0, raster.width, raster.height});
    jpeg_finish_compress(&info);
  });
  check(written, "cannot write {}: {}", path, writer.failure.message);
  return bytes;
}

std::string recompress_jpeg(const JpegFile& file, const FilledTiles& filled,
                            const std::vector<JpegSegment>& more, const std::string& path) {
  JpegReader original(file.bytes);
  jvirt_barray_ptr* blocks = read_blocks(original, path);
  if (filled.bounds() != Hole{}) replace_blocks(original, blocks, file.raster, filled, path);

  std::string bytes;
  bytes.reserve(file.bytes.size() + file.bytes.size() / 16);
  JpegWriter writer(bytes);
  jpeg_compress_struct& info = writer.info;
  const bool written = succeeds(writer.failure, [&] {
    jpeg_copy_critical_parameters(&original.info, &info);
    write_no_own_segments(info);
    info.restart_interval = original.info.restart_interval;
    info.optimize_coding = TRUE;
    if (original.info.progressive_mode) jpeg_simple_progression(&info);
    jpeg_write_coefficients(&info, blocks);
    write_segments(info, file.segments);
    write_segments(info, more);
    jpeg_finish_compress(&info);
  });
  check(written, "cannot write {}: {}", path, writer.failure.message);
  return bytes.append(original.rest());
}

}  // namespace kintsugi
