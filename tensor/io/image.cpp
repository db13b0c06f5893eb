#include "tensor/io/image.h"

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image_integrity.h"

namespace kintsugi {
namespace {

Tensor decode(std::string_view bytes, const std::string& path, int channels, int64_t max_pixels) {
  const ImageFormat format = image_format(bytes);
  check(format != ImageFormat::unknown, "{} is not a picture: neither PNG nor JPEG", path);
  const std::string fault = format == ImageFormat::png ? png_fault(bytes) : jpeg_fault(bytes);
  check(fault.empty(), "{} is damaged: {}", path, fault);
  check(bytes.size() < size_t{1} << 31, "{} is too large: pictures end at 2 GiB", path);

  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, file_channels = 0;
  check(stbi_info_from_memory(data, size, &width, &height, &file_channels) != 0,
        "{} is damaged: {}", path, stbi_failure_reason());
  check(int64_t{width} * height <= max_pixels,
        "{} is too large: {} x {} pixels, and the limit is {} altogether", path, width, height,
        max_pixels);
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &file_channels, channels),
      stbi_image_free);
  check(pixels != nullptr, "{} is damaged: {}", path, stbi_failure_reason());

  Tensor picture = Tensor::empty({height, width, channels});
  const int64_t count = picture.numel();
  float* out = picture.data<float>();
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(pixels.get()[i]) / 255.0f;
  return picture;
}

struct Bytes {
  int width, height, channels;
  std::vector<unsigned char> values;
};

Bytes quantise(const char* op, const Tensor& picture) {
  const int64_t channels = picture.rank() == 3 ? picture.size(2) : 1;
  check_shape((picture.rank() == 2 || picture.rank() == 3) && (channels == 1 || channels == 3) &&
                  picture.numel() > 0,
              "{}: a picture is [H, W, 3], [H, W, 1] or [H, W], not {}", op, picture.shape());
  check_shape(picture.size(0) <= 65535 && picture.size(1) <= 65535,
              "{}: {} has a side of more than 65535 pixels", op, picture.shape());
  const Tensor host = picture.to(Device::cpu).to(DType::float32);
  Bytes bytes{static_cast<int>(host.size(1)), static_cast<int>(host.size(0)),
              static_cast<int>(channels), std::vector<unsigned char>(host.numel())};
  const float* in = host.data<float>();
  std::transform(in, in + host.numel(), bytes.values.begin(), [](float x) {
    const float clamped = x > 0.0f ? std::min(x, 1.0f) : 0.0f;  // a NaN is black
    return static_cast<unsigned char>(std::lround(255.0f * clamped));
  });
  return bytes;
}

void append(void* text, void* data, int size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(data),
                                          static_cast<size_t>(size));
}

}  // namespace

Tensor read_image(const std::string& path, int64_t max_pixels) {
  return decode_image(read_file(path), path, max_pixels);
}

Tensor decode_image(std::string_view bytes, const std::string& path, int64_t max_pixels) {
  return decode(bytes, path, 3, max_pixels);
}

Tensor read_grey(const std::string& path, int64_t max_pixels) {
  const Tensor grey = decode(read_file(path), path, 1, max_pixels);
  return grey.reshape({grey.size(0), grey.size(1)});
}

void write_png(const std::string& path, const Tensor& picture) {
  const Bytes bytes = quantise("write_png", picture);
  std::string file;
  const int ok = stbi_write_png_to_func(append, &file, bytes.width, bytes.height, bytes.channels,
                                        bytes.values.data(), bytes.width * bytes.channels);
  check(ok != 0, "write_png: cannot encode {} for {}", picture.shape(), path);
  write_file_atomically(path, file);
}

void write_jpeg(const std::string& path, const Tensor& picture, int quality) {
  check(quality >= 1 && quality <= 100, "write_jpeg: quality {} is not from 1 to 100", quality);
  const Bytes bytes = quantise("write_jpeg", picture);
  std::string file;
  const int ok = stbi_write_jpg_to_func(append, &file, bytes.width, bytes.height, bytes.channels,
                                        bytes.values.data(), quality);
  check(ok != 0, "write_jpeg: cannot encode {} for {}", picture.shape(), path);
  write_file_atomically(path, file);
}

}  // namespace kintsugi
