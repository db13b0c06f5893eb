#include "tensor/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "tensor/error.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

std::string system_reason() { return std::strerror(errno); }

/// Closes on leaving, unless release() did so and reported.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags, 0666)) {}
  ~OpenFile() { close(); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }
  bool write(std::span<const std::string_view> parts) const {
    return std::all_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return write(part); });
  }
  bool flush_to_disk() const { return ::fsync(descriptor_) == 0; }
  bool close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor < 0 || ::close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

void write_device(const std::string& path, std::span<const std::string_view> parts) {
  const OpenFile file(path, O_WRONLY);
  const bool written = file.is_open() && file.write(parts);
  check(written, "cannot write {}: {}", path, system_reason());
}

}  // namespace

std::string read_file(const std::string& path) {
  std::error_code ignored;
  check(!fs::is_directory(path, ignored), "cannot read {}: it is a folder", path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  check(file != nullptr, "cannot read {}: {}", path, system_reason());
  std::string bytes;
  const uintmax_t expected = fs::file_size(path, ignored);
  if (!ignored) bytes.reserve(expected);
  char buffer[1 << 16];
  while (const size_t count = std::fread(buffer, 1, sizeof buffer, file.get()))
    bytes.append(buffer, count);
  check(std::ferror(file.get()) == 0, "cannot read {}: {}", path, system_reason());
  return bytes;
}

FileReader::FileReader(const std::string& path) : path_(path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    stream_ = read_file(path);
    size_ = stream_.size();
    return;
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat file = {};
  const bool known = descriptor_ >= 0 && ::fstat(descriptor_, &file) == 0;
  const std::string reason = system_reason();
  if (!known && descriptor_ >= 0) ::close(descriptor_);
  check(known, "cannot read {}: {}", path, reason);
  size_ = static_cast<uint64_t>(file.st_size);
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileReader::read(uint64_t offset, std::span<char> to) const {
  check(offset <= size_ && to.size() <= size_ - offset, "cannot read {}: it ends at byte {}", path_,
        size_);
  if (descriptor_ < 0) {
    std::copy_n(stream_.data() + offset, to.size(), to.data());
    return;
  }
  while (!to.empty()) {
    const ssize_t count = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    check(count >= 0, "cannot read {}: {}", path_, system_reason());
    check(count > 0, "cannot read {}: it has become shorter than its {} bytes", path_, size_);
    to = to.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

void read_in_parts(const std::string& path, const std::function<void(std::string_view)>& take) {
  const FileReader file(path);
  std::string part(1 << 20, '\0');
  for (uint64_t offset = 0; offset < file.size(); offset += part.size()) {
    part.resize(std::min<uint64_t>(part.size(), file.size() - offset));
    file.read(offset, part);
    take(part);
  }
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  write_file_atomically(path, std::span(&bytes, 1));
}

void write_file_atomically(const std::string& path, std::span<const std::string_view> parts) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  check(!fs::is_directory(status), "cannot write {}: it is a folder", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) return write_device(path, parts);

  // Through a symbolic link, so that the link itself is kept.
  const fs::path resolved = fs::weakly_canonical(path, ignored);
  const std::string target = resolved.empty() ? path : resolved.string();
  const std::string aside = target + ".partial";
  OpenFile file(aside, O_WRONLY | O_CREAT | O_TRUNC);
  check(file.is_open(), "cannot write {}: {}", path, system_reason());
  if (!file.write(parts) || !file.flush_to_disk() || !file.close() ||
      std::rename(aside.c_str(), target.c_str()) != 0) {
    const std::string reason = system_reason();
    file.close();
    std::remove(aside.c_str());
    throw Error(fmt::format("cannot write {}: {}", path, reason));
  }
}

}  // namespace kintsugi
