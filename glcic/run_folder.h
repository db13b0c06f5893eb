#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kintsugi {

/// The folder that a training run writes into, held by one process at a time. Of checkpoints it has
///   checkpoints/NNNNNNN.safetensors  the last few, by step
///   checkpoints/NNNNNNN.complete     the marker of each, written last: its length and its hash
///   checkpoint.safetensors           the newest, once more (a hard link, where there are such)
/// A checkpoint counts only when its marker is there and fits it. So at every moment, whether the
/// process is killed, the disk is full or the power fails, the folder holds the newest checkpoint
/// that ever counted.
class RunFolder {
 public:
  /// Makes the folder where there is none, and locks it (flock) for as long as this object lives;
  /// the system unlocks it when the process ends, however it ends. Throws Error where the folder
  /// cannot be made or written to, or where another process holds it.
  explicit RunFolder(const std::string& path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  /// Throws Error where the folder has vanished, or another stands in its place.
  void check_there() const;
  /// The checkpoint of a step, whose bytes are the parts one behind the other, then its marker,
  /// then checkpoint.safetensors, each on the disk before the next begins. Then all others go but
  /// the `keep` − 1 ≥ 0 newest from before that step. Throws Error where one cannot be written;
  /// those from before are then still there.
  void write_checkpoint(int64_t step, std::span<const std::string_view> parts, int keep) const;

 private:
  std::string path_;
  bool made_ = false;  // by this object: it goes again where nothing was written into it
  int lock_ = -1;
};

/// True where a checkpoint of a run is in the folder, whether it is whole or not.
bool holds_run(const std::string& run);

/// What there is to resume from.
struct CheckpointSearch {
  std::string path;                  ///< the newest checkpoint that counts; "" where there is none
  std::vector<std::string> skipped;  ///< those after it that do not, and why: a sentence each
};

/// Looks through RUN/checkpoints, the newest first. A run without that folder, of an earlier
/// version or carried from elsewhere, has RUN/checkpoint.safetensors.
CheckpointSearch newest_checkpoint(const std::string& run);

}  // namespace kintsugi
