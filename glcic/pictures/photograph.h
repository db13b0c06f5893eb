#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "glcic/mask.h"
#include "tensor/io/image.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// A picture file, upright, in its own depth, with everything that its file says besides: what is
/// not filled goes back to the disk as it came. Takes 1 to 8 bytes a pixel, by depth and channels.
class Photograph {
 public:
  /// PNG (grey, RGB, palette; with alpha or a transparent colour; 1 to 16 bits) or JPEG (grey, RGB,
  /// CMYK refused). EXIF's orientation is applied: rows and columns are those that viewers show.
  /// The header is held against `max_pixels`, and against what the file's bytes can hold, before
  /// memory is taken. Throws Error, naming the file, where it is another kind of file, truncated,
  /// damaged or too large.
  static Photograph read(const std::string& path, int64_t max_pixels = kMaxImagePixels);

  Photograph(Photograph&&) noexcept;
  Photograph& operator=(Photograph&&) noexcept;
  ~Photograph();

  int64_t height() const;
  int64_t width() const;
  bool has_alpha() const;
  /// All of it, as a window.
  Hole frame() const { return {0, 0, width(), height()}; }

  /// A window as [h, w, 3] float32, RGB in [0, 1]; grey is repeated, alpha passed over.
  Tensor rgb(const Hole& window) const;
  /// A window's opacity as [h, w, 1] in [0, 1]; 1 where there is no alpha.
  Tensor alpha(const Hole& window) const;

  /// Sets the pixels of a window where mask [h, w, 1] is 1 to rgb [h, w, 3], clamped to [0, 1] and
  /// rounded to the picture's own depth; grey pictures take the luminance (ITU-R BT.601). Neither
  /// alpha nor any other pixel changes. Throws ShapeError where the shapes do not fit the window,
  /// Error where the window leaves the picture.
  void fill(const Hole& window, const Tensor& rgb, const Tensor& mask);
  /// Makes those pixels opaque.
  void make_opaque(const Hole& window, const Tensor& mask);

  /// As PNG or JPEG, by the ending of `path` (.png, .jpg, .jpeg). The file appears whole or not at
  /// all (write_file_atomically).
  ///
  /// In the format that it was read in, it keeps depth, grey, alpha, the stored orientation, EXIF,
  /// colour profile, text and whatever else the file says. A PNG keeps each pixel that was not
  /// filled; a palette becomes RGB or RGBA, a transparent colour alpha, 1 to 4 bits of grey 8
  /// (PngFile). A JPEG keeps every block of coefficients that holds no filled pixel, so that
  /// nothing outside of them is compressed twice (recompress_jpeg says what decodes to the same
  /// bits), and its tables; `quality` (1 to 100) is for pictures that become JPEG. Of a
  /// picture that was filled, EXIF's thumbnail goes: it would show what was there before.
  ///
  /// In the other format the pixels are stored upright, and 16 bits become 8 in a JPEG. EXIF (its
  /// orientation set to 1), colour profile, XMP, text and resolution go along.
  ///
  /// `notes`, in UTF-8, go into the file as text, key by key (PNG: tEXt, or iTXt beyond Latin-1;
  /// JPEG: a comment "key: value"). Throws Error for another ending, for alpha in a JPEG, or where
  /// the file cannot be written.
  void write(const std::string& path, const std::map<std::string, std::string>& notes = {},
             int quality = 95) const;

 private:
  struct Contents;
  void check_window(const char* function, const Hole& window) const;
  template <class Body>
  void for_each_masked(const char* function, const Hole& window, const Tensor& mask,
                       const Body& body);
  explicit Photograph(std::unique_ptr<Contents> contents);
  std::unique_ptr<Contents> contents_;
};

}  // namespace kintsugi
