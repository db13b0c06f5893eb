#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace kintsugi {

/// The bytes of a file. Throws Error, with the system's reason, where it cannot be read.
std::string read_file(const std::string& path);

/// A file that is read in parts, at any place; one that has no places, such as /dev/stdin, is read
/// to its end first. Throws Error, with the system's reason, where it cannot be read.
class FileReader {
 public:
  explicit FileReader(const std::string& path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  uint64_t size() const { return size_; }  ///< in bytes, when it was opened
  /// The bytes from `offset` on; throws Error, too, where the file has become shorter than that.
  void read(uint64_t offset, std::span<char> to) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::string stream_;  ///< all bytes of what has no places
  uint64_t size_ = 0;
};

/// Calls `take` with the bytes of a file, in parts of at most 1 MiB, one after the other. Throws as
/// FileReader does.
void read_in_parts(const std::string& path, const std::function<void(std::string_view)>& take);

/// Writes the parts, one behind the other, aside (path + ".partial"), flushes them to the disk and
/// renames: a reader, or a crash, sees the old file or the new one and nothing between. A device
/// such as /dev/stdout is written directly. Throws Error with the system's reason ("No space left
/// on device"); the old file then stays as it was and nothing is left beside it.
void write_file_atomically(const std::string& path, std::span<const std::string_view> parts);
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace kintsugi
