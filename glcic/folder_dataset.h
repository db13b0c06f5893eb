#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "glcic/dataset.h"

namespace kintsugi {

/// Which files a folder dataset consists of.
struct PictureList {
  std::string folder;              ///< that the names are in
  std::vector<std::string> names;  ///< file names, in order
};

/// True where `folder` is in CelebA's layout, itself or in its folder celeba.
bool is_celeba(const std::string& folder);
/// A line of CelebA's list_eval_partition.txt: "000001.jpg 0", where 0 is train, 1 valid, 2 test.
struct PartitionEntry {
  std::string name;
  Split split;
  int line;  ///< from 1
};
/// Empty lines are passed over. Throws Error, naming `path` and the line, for one of another kind.
std::vector<PartitionEntry> parse_partition(std::string_view text, const std::string& path);

/// The files that list_eval_partition.txt puts into a split.
PictureList list_celeba(const std::string& folder, Split split);
/// The PNG and JPEG files of a folder that the hash of their names puts into a split.
PictureList list_folder(const std::string& folder, Split split);

/// Pictures in files, decoded when asked for and then kept as bytes while the cache has room.
class FolderDataset : public Dataset {
 public:
  /// `cut_square`: the centre square is cut before anything else.
  FolderDataset(PictureList list, bool cut_square, double scale_range, DatasetOptions options);

  int64_t size() const override { return static_cast<int64_t>(list_.names.size()); }
  std::string name(int64_t index) const override;
  Tensor picture(int64_t index, int64_t shortest_edge) const override;
  double scale_range() const override { return scale_range_; }

 private:
  /// 8 bits a channel: a quarter of the tensor.
  struct Decoded {
    int64_t height, width;
    std::vector<uint8_t> rgb;
  };
  std::shared_ptr<const Decoded> decoded(size_t index) const;
  std::shared_ptr<const Decoded> decode(size_t index) const;

  PictureList list_;
  bool cut_square_;
  double scale_range_;
  DatasetOptions options_;
  mutable std::mutex mutex_;  // guards the two below
  mutable std::vector<std::shared_ptr<const Decoded>> cache_;
  mutable size_t cached_bytes_ = 0;
};

}  // namespace kintsugi
