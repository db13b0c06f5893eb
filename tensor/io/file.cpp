#include "tensor/io/file.h"

#include <fcntl.h>
#include <unistd.h>

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
  bool flush_to_disk() const { return ::fsync(descriptor_) == 0; }
  bool close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor < 0 || ::close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

void write_device(const std::string& path, std::string_view bytes) {
  const OpenFile file(path, O_WRONLY);
  const bool written = file.is_open() && file.write(bytes);
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

void write_file_atomically(const std::string& path, std::string_view bytes) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  check(!fs::is_directory(status), "cannot write {}: it is a folder", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) return write_device(path, bytes);

  // Through a symbolic link, so that the link itself is kept.
  const fs::path resolved = fs::weakly_canonical(path, ignored);
  const std::string target = resolved.empty() ? path : resolved.string();
  const std::string aside = target + ".partial";
  OpenFile file(aside, O_WRONLY | O_CREAT | O_TRUNC);
  check(file.is_open(), "cannot write {}: {}", path, system_reason());
  if (!file.write(bytes) || !file.flush_to_disk() || !file.close() ||
      std::rename(aside.c_str(), target.c_str()) != 0) {
    const std::string reason = system_reason();
    file.close();
    std::remove(aside.c_str());
    throw Error(fmt::format("cannot write {}: {}", path, reason));
  }
}

}  // namespace kintsugi
