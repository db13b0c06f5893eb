#include "glcic/pictures/exif.h"
#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/metadata.h"
#include "glcic/pictures/png_file.h"
#include "tensor/io/image_integrity.h"
#include "tests/fuzz/mended_png.h"
#include "tests/fuzz/target.h"

namespace kintsugi {
namespace {

constexpr int64_t kMaxPixels = 1 << 16;
constexpr int kQuality = 90;

/// Read, and written again as it is and with a corner filled.
void read_and_write(std::string_view input) {
  const std::string bytes = mended_png(input);
  if (image_format(bytes) == ImageFormat::png) {
    const PngFile file = decode_png(bytes, "input", kMaxPixels);
    exif_orientation(exif_of(file));
    encode_png(file, {}, "output");
  } else {
    const JpegFile file = decode_jpeg(bytes, "input", kMaxPixels);
    exif_orientation(exif_of(file));
    FilledTiles filled(file.raster.height, file.raster.width);
    filled.mark({0, 0});
    recompress_jpeg(file, filled, {}, "output");
    encode_jpeg(file, {}, kQuality, "output");
  }
}

const FuzzRegistration photograph("photograph", read_and_write);

}  // namespace
}  // namespace kintsugi
