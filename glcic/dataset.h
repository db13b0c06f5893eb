#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace kintsugi {

enum class Split { train, valid, test, all };

/// "train", "valid", "test" or "all"; throws Error for any other name.
Split split_from_string(const std::string& name);
std::string to_string(Split split);

/// Pictures by index. All functions may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  /// What to call a picture in messages and tables: a file name, "face 17".
  virtual std::string name(int64_t index) const = 0;
  /// [H, W, 3] float32 on the CPU, RGB in [0, 1], its shorter edge `shortest_edge` long. Throws
  /// Error, naming the file, where it is missing or damaged.
  virtual Tensor picture(int64_t index, int64_t shortest_edge) const = 0;
  /// Training scales the shorter edge to a random length in [S, scale_range·S]: 1.1125 for faces
  /// (160 → 178), 1.5 for photographs (256 → 384).
  virtual double scale_range() const = 0;
};

struct DatasetOptions {
  /// The longest shortest edge that picture() will be asked for: larger files are kept at twice
  /// that in memory. 0: as they are.
  int64_t largest_edge = 0;
  /// Decoded pictures are kept in memory up to this many bytes.
  size_t cache_bytes = size_t{512} << 20;
};

/// `where` is "synthetic" (faces drawn by the program), a folder in CelebA's layout
/// (img_align_celeba and list_eval_partition.txt, in it or in its folder celeba; the centre square
/// is cut first), or any folder of PNG and JPEG files (flat, by name; a hash of the name puts 90 %
/// into train, 5 % into valid, 5 % into test). Throws Error where there are no pictures, where the
/// list is malformed (naming file and line), or where it names a missing file.
std::unique_ptr<Dataset> open_dataset(const std::string& where, Split split,
                                      DatasetOptions options = {});

/// How training looks at a picture: shorter edge uniform in [size, scale_range·size], a random
/// crop, mirrored with probability ½. [size, size, 3]
Tensor training_picture(const Dataset& dataset, int64_t index, int64_t size, double scale_range,
                        Generator& generator);
/// How evaluation looks at it: the centre square, scaled to size. [size, size, 3]
Tensor evaluation_picture(const Dataset& dataset, int64_t index, int64_t size);

/// [3]: the mean RGB over evaluation_picture of at most `sample` pictures, spread evenly over the
/// dataset; damaged ones are left out. Throws Error where none can be read.
Tensor mean_pixel(const Dataset& dataset, int64_t size, int64_t sample = 2000);

}  // namespace kintsugi
