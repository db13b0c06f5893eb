#include "glcic/pictures/photograph.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>
#include <utility>
#include <variant>

#include "glcic/pictures/exif.h"
#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/metadata.h"
#include "glcic/pictures/png_file.h"
#include "glcic/pictures/raster.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image_integrity.h"

namespace kintsugi {

struct Photograph::Contents {
  std::variant<PngFile, JpegFile> file;
  Orientation orientation;
  FilledTiles filled;

  template <class File>
  explicit Contents(File opened)
      : file(std::move(opened)),
        orientation{exif_orientation(exif_of(std::get<File>(file)))},
        filled(raster().height, raster().width) {}

  Raster& raster() {
    return std::visit([](auto& opened) -> Raster& { return opened.raster; }, file);
  }
  const Raster& raster() const {
    return std::visit([](const auto& opened) -> const Raster& { return opened.raster; }, file);
  }
};

namespace {

using Notes = std::map<std::string, std::string>;

bool ends_with(std::string text, std::string_view ending) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text.ends_with(ending);
}

/// body(place, i) for the window's pixels: the upright place and the number in the window.
template <class Body>
void for_each_pixel(const Hole& window, const Body& body) {
  for (int64_t y = 0; y < window.height; ++y)
    for (int64_t x = 0; x < window.width; ++x)
      body(Corner{window.x + x, window.y + y}, y * window.width + x);
}

float clamped(float value) {
  return value > 0.0f ? std::min(value, 1.0f) : 0.0f;  // a NaN is black
}

/// ITU-R BT.601, as JPEG's own Y.
float luminance(const float* rgb) {
  return 0.299f * clamped(rgb[0]) + 0.587f * clamped(rgb[1]) + 0.114f * clamped(rgb[2]);
}

int to_sample(float value, int max_sample) {
  return static_cast<int>(std::lround(clamped(value) * static_cast<float>(max_sample)));
}

std::vector<PngChunk> png_notes(const Notes& notes) {
  std::vector<PngChunk> chunks;
  for (const auto& [key, value] : notes) chunks.push_back(png_text(key, value));
  return chunks;
}

std::vector<JpegSegment> jpeg_notes(const Notes& notes, const std::string& path) {
  std::vector<JpegSegment> segments;
  for (const auto& [key, value] : notes) segments.push_back(jpeg_comment(key, value, path));
  return segments;
}

/// In another format pixels are stored upright, so that programs which pass over EXIF show them so.
Metadata turned_upright(Metadata metadata, Orientation orientation) {
  metadata.exif = exif_upright(std::move(metadata.exif));
  metadata.xmp = xmp_upright(std::move(metadata.xmp));
  if (orientation.transposes()) std::swap(metadata.dots_x, metadata.dots_y);
  return metadata;
}

PngFile as_png(const JpegFile& file, Orientation orientation) {
  return {.raster = upright(file.raster, orientation),
          .before = png_chunks(turned_upright(metadata_of(file), orientation)),
          .after = {}};
}

JpegFile as_jpeg(const PngFile& file, Orientation orientation, const std::string& path) {
  return {.raster = upright(with_depth_8(file.raster), orientation),
          .segments = jpeg_segments(turned_upright(metadata_of(file), orientation), path),
          .bytes = {}};
}

}  // namespace

Photograph::Photograph(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}
Photograph::Photograph(Photograph&&) noexcept = default;
Photograph& Photograph::operator=(Photograph&&) noexcept = default;
Photograph::~Photograph() = default;

Photograph Photograph::read(const std::string& path, int64_t max_pixels) {
  std::string bytes = read_file(path);
  const ImageFormat format = image_format(bytes);
  check(format != ImageFormat::unknown, "{} is not a picture: neither PNG nor JPEG", path);
  return Photograph(
      format == ImageFormat::png
          ? std::make_unique<Contents>(decode_png(bytes, path, max_pixels))
          : std::make_unique<Contents>(decode_jpeg(std::move(bytes), path, max_pixels)));
}

int64_t Photograph::height() const {
  const Raster& raster = contents_->raster();
  return contents_->orientation.transposes() ? raster.width : raster.height;
}

int64_t Photograph::width() const {
  const Raster& raster = contents_->raster();
  return contents_->orientation.transposes() ? raster.height : raster.width;
}

bool Photograph::has_alpha() const { return contents_->raster().has_alpha(); }

void Photograph::check_window(const char* function, const Hole& window) const {
  check(window.x >= 0 && window.y >= 0 && window.width >= 0 && window.height >= 0 &&
            window.x <= width() - window.width && window.y <= height() - window.height,
        "Photograph::{}: a window of {} x {} pixels at column {}, row {} leaves a picture of "
        "{} x {}",
        function, window.width, window.height, window.x, window.y, width(), height());
}

/// body(place, i) for the window's pixels where the mask is 1: the stored place and the number in
/// the window.
template <class Body>
void Photograph::for_each_masked(const char* function, const Hole& window, const Tensor& mask,
                                 const Body& body) {
  check_shape(mask.shape() == Shape{window.height, window.width, 1},
              "Photograph::{}: mask {} does not fit a window of {} x {} pixels", function,
              mask.shape(), window.width, window.height);
  const Tensor values = mask.to(Device::cpu).to(DType::float32);
  const float* chosen = values.data<float>();
  for_each_pixel(window, [&](Corner upright, int64_t i) {
    if (chosen[i] > 0.5f) body(contents_->orientation.stored(contents_->raster(), upright), i);
  });
}

Tensor Photograph::rgb(const Hole& window) const {
  check_window("rgb", window);
  const Raster& raster = contents_->raster();
  const auto scale = static_cast<float>(raster.max_sample());
  Tensor result = Tensor::empty({window.height, window.width, 3});
  float* out = result.data<float>();
  for_each_pixel(window, [&](Corner upright, int64_t i) {
    const Corner place = contents_->orientation.stored(raster, upright);
    for (int c = 0; c < 3; ++c)
      out[3 * i + c] = static_cast<float>(raster.sample(place, raster.is_grey() ? 0 : c)) / scale;
  });
  return result;
}

Tensor Photograph::alpha(const Hole& window) const {
  check_window("alpha", window);
  const Raster& raster = contents_->raster();
  if (!raster.has_alpha()) return Tensor::full({window.height, window.width, 1}, 1.0);
  const auto scale = static_cast<float>(raster.max_sample());
  Tensor result = Tensor::empty({window.height, window.width, 1});
  float* out = result.data<float>();
  for_each_pixel(window, [&](Corner upright, int64_t i) {
    const Corner place = contents_->orientation.stored(raster, upright);
    out[i] = static_cast<float>(raster.sample(place, raster.channels - 1)) / scale;
  });
  return result;
}

void Photograph::fill(const Hole& window, const Tensor& rgb, const Tensor& mask) {
  check_window("fill", window);
  check_shape(rgb.shape() == Shape{window.height, window.width, 3},
              "Photograph::fill: {} does not fit a window of {} x {} pixels", rgb.shape(),
              window.width, window.height);
  const Tensor values = rgb.to(Device::cpu).to(DType::float32);
  const float* in = values.data<float>();
  Raster& raster = contents_->raster();
  std::visit([](auto& file) { drop_thumbnail(file); }, contents_->file);
  for_each_masked("fill", window, mask, [&](Corner place, int64_t i) {
    if (raster.is_grey()) {
      raster.set_sample(place, 0, to_sample(luminance(in + 3 * i), raster.max_sample()));
    } else {
      for (int c = 0; c < 3; ++c)
        raster.set_sample(place, c, to_sample(in[3 * i + c], raster.max_sample()));
    }
    contents_->filled.mark(place);
  });
}

void Photograph::make_opaque(const Hole& window, const Tensor& mask) {
  check_window("make_opaque", window);
  Raster& raster = contents_->raster();
  for_each_masked("make_opaque", window, mask, [&](Corner place, int64_t) {
    if (raster.has_alpha()) raster.set_sample(place, raster.channels - 1, raster.max_sample());
  });
}

void Photograph::write(const std::string& path, const std::map<std::string, std::string>& notes,
                       int quality) const {
  check(quality >= 1 && quality <= 100, "Photograph::write: quality {} is not from 1 to 100",
        quality);
  const bool png = ends_with(path, ".png");
  check(png || ends_with(path, ".jpg") || ends_with(path, ".jpeg"),
        "cannot write {}: its ending is none of .png, .jpg, .jpeg", path);
  check(png || !has_alpha(), "cannot write {}: a JPEG file cannot hold transparency; write a PNG",
        path);
  const Orientation orientation = contents_->orientation;
  const auto* as_read_png = std::get_if<PngFile>(&contents_->file);
  const auto* as_read_jpeg = std::get_if<JpegFile>(&contents_->file);
  write_file_atomically(
      path, png ? as_read_png
                      ? encode_png(*as_read_png, png_notes(notes), path)
                      : encode_png(as_png(*as_read_jpeg, orientation), png_notes(notes), path)
            : as_read_jpeg
                ? recompress_jpeg(*as_read_jpeg, contents_->filled, jpeg_notes(notes, path), path)
                : encode_jpeg(as_jpeg(*as_read_png, orientation, path), jpeg_notes(notes, path),
                              quality, path));
}

}  // namespace kintsugi
