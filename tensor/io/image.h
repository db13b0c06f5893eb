#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace kintsugi {

/// A picture with more pixels than this is refused on the strength of its header, before memory is
/// taken for it.
inline constexpr int64_t kMaxImagePixels = 200'000'000;

/// A PNG or JPEG file as [H, W, 3] float32, RGB in [0, 1]; grey is expanded, alpha dropped. Throws
/// Error, naming the file, where it is another kind of file, truncated, damaged, or has more than
/// `max_pixels` pixels.
Tensor read_image(const std::string& path, int64_t max_pixels = kMaxImagePixels);
/// The same from memory; `path` stands for the file in messages.
Tensor decode_image(std::string_view bytes, const std::string& path,
                    int64_t max_pixels = kMaxImagePixels);
/// A PNG or JPEG file as [H, W] float32, luminance in [0, 1]: for masks.
Tensor read_grey(const std::string& path, int64_t max_pixels = kMaxImagePixels);

/// Writes a picture [H, W, 3], [H, W, 1] or [H, W] with 8 bits a channel: round(255·clamp(x, 0,
/// 1)). The file appears whole or not at all (write_file_atomically). Throws ShapeError for another
/// shape, Error where it cannot be written.
void write_png(const std::string& path, const Tensor& picture);
/// `quality` from 1 to 100.
void write_jpeg(const std::string& path, const Tensor& picture, int quality = 95);

}  // namespace kintsugi
