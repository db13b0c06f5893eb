#include "glcic/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>

#include "glcic/hash.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = ".safetensors";
constexpr const char* kMarker = ".complete";

std::string system_reason() { return std::strerror(errno); }

std::string checkpoints_of(const std::string& run) { return run + "/checkpoints"; }

std::string file_of(const std::string& run, int64_t step, const char* ending) {
  return fmt::format("{}/{:07}{}", checkpoints_of(run), step, ending);
}

/// What a marker says of a checkpoint.
struct Marker {
  size_t bytes = 0;
  uint64_t hash = hash_bytes("");

  void add(std::string_view part) {
    bytes += part.size();
    hash = hash_bytes(part, hash);
  }
  std::string text() const { return fmt::format("bytes {}\nfnv1a {:016x}\n", bytes, hash); }
};

/// True where it was not there before.
bool make_folder(const std::string& path) {
  std::error_code fault;
  const bool made = fs::create_directories(path, fault);
  check(!fault, "{}: the folder cannot be made: {}", path, fault.message());
  return made;
}

/// In the run's folder, which is not made anew.
void make_checkpoints_folder(const std::string& run) {
  std::error_code fault;
  fs::create_directory(checkpoints_of(run), fault);
  check(!fault, "{}: the folder cannot be made: {}", checkpoints_of(run), fault.message());
}

/// The names in a folder reach the disk, as the contents of its files did before.
void sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const std::string reason = system_reason();
  if (folder >= 0) ::close(folder);
  check(synced, "cannot write the folder {}: {}", path, reason);
}

/// The steps that files in RUN/checkpoints belong to, the newest first, whatever the file.
std::set<int64_t, std::greater<>> steps_in(const std::string& run) {
  std::set<int64_t, std::greater<>> steps;
  std::error_code fault;
  for (fs::directory_iterator it(checkpoints_of(run), fault), end; !fault && it != end;
       it.increment(fault)) {
    const std::string name = it->path().filename().string();
    int64_t step = -1;
    std::from_chars(name.data(), name.data() + name.size(), step);
    if (step >= 0) steps.insert(step);
  }
  return steps;
}

/// The marker goes first: without it, half of the rest means nothing.
void remove_checkpoint(const std::string& run, int64_t step) {
  std::error_code ignored;
  for (const std::string& ending :
       {std::string(kMarker), std::string(kWeights), kMarker + std::string(".partial"),
        kWeights + std::string(".partial")})
    fs::remove(file_of(run, step, ending.c_str()), ignored);
}

/// Why the checkpoint of a step does not count; "" where it does.
std::string fault_of(const std::string& run, int64_t step) {
  const std::string path = file_of(run, step, kWeights), marker = file_of(run, step, kMarker);
  std::error_code ignored;
  if (!fs::exists(marker, ignored)) return path + " was not written to its end";
  try {
    Marker expected;
    read_in_parts(path, [&](std::string_view part) { expected.add(part); });
    return read_file(marker) == expected.text() ? "" : path + " is damaged: its marker tells";
  } catch (const Error& error) {
    return error.what();
  }
}

/// checkpoint.safetensors changes from one file to the other at once.
void make_newest(const std::string& run, int64_t step, std::span<const std::string_view> parts) {
  const std::string newest = run + "/checkpoint.safetensors", aside = newest + ".partial";
  ::unlink(aside.c_str());
  if (::link(file_of(run, step, kWeights).c_str(), aside.c_str()) != 0 ||
      ::rename(aside.c_str(), newest.c_str()) != 0)
    write_file_atomically(newest, parts);  // a file system without hard links
  ::unlink(aside.c_str());                 // rename() leaves it where both were the same file
}

void write_marked(const std::string& run, int64_t step, std::span<const std::string_view> parts) {
  remove_checkpoint(run, step);
  write_file_atomically(file_of(run, step, kWeights), parts);
  sync_folder(checkpoints_of(run));
  Marker marker;
  for (const std::string_view part : parts) marker.add(part);
  write_file_atomically(file_of(run, step, kMarker), marker.text());
  sync_folder(checkpoints_of(run));
}

void remove_older(const std::string& run, int64_t step, int keep) {
  int kept = 0;
  std::error_code ignored;
  for (const int64_t other : steps_in(run)) {
    const bool counts = other <= step && fs::exists(file_of(run, other, kMarker), ignored);
    if (!counts || ++kept > keep) remove_checkpoint(run, other);
  }
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// True where `path` is the file that is open, and no other that took its name.
bool names_open_file(const std::string& path, int descriptor) {
  struct stat open_file = {}, named_file = {};
  return ::fstat(descriptor, &open_file) == 0 && ::stat(path.c_str(), &named_file) == 0 &&
         is_same_file(open_file, named_file);
}

std::string lock_of(const std::string& run) { return run + "/lock"; }

/// The descriptor of the file RUN/lock, locked. Its holder takes the file away when it ends, so a
/// file may be locked that has no name any more: then there is another.
int lock_folder(const std::string& run) {
  const std::string path = lock_of(run);
  for (;;) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    check(file >= 0, "{}: the folder cannot be written to: {}", run, system_reason());
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      const bool held = errno == EWOULDBLOCK;
      const std::string reason = system_reason();
      ::close(file);
      check(!held, "{}: another process trains into this folder", run);
      throw Error(fmt::format("{}: the folder cannot be locked: {}", run, reason));
    }
    if (names_open_file(path, file)) return file;
    ::close(file);
  }
}

}  // namespace

RunFolder::RunFolder(const std::string& path)
    : path_(path), made_(make_folder(path)), lock_(lock_folder(path)) {}

RunFolder::~RunFolder() {
  if (names_open_file(lock_of(path_), lock_)) ::unlink(lock_of(path_).c_str());
  if (made_) ::rmdir(path_.c_str());  // refused where anything is in it
  ::close(lock_);
}

void RunFolder::check_there() const {
  check(names_open_file(lock_of(path_), lock_),
        "{}: the folder has vanished while the run went on; nothing more is written", path_);
}

void RunFolder::write_checkpoint(int64_t step, std::span<const std::string_view> parts,
                                 int keep) const {
  check(keep >= 1, "a run keeps 1 checkpoint or more, not {}", keep);
  check_there();
  make_checkpoints_folder(path_);
  // One that counts stays: a step always has the same weights.
  if (!fault_of(path_, step).empty()) write_marked(path_, step, parts);
  make_newest(path_, step, parts);
  sync_folder(path_);
  remove_older(path_, step, keep);
}

bool holds_run(const std::string& run) {
  std::error_code ignored;
  if (fs::exists(run + "/checkpoint.safetensors", ignored)) return true;
  const auto steps = steps_in(run);
  return std::any_of(steps.begin(), steps.end(), [&](int64_t step) {
    return fs::exists(file_of(run, step, kMarker), ignored);
  });
}

CheckpointSearch newest_checkpoint(const std::string& run) {
  CheckpointSearch search;
  const auto steps = steps_in(run);
  for (const int64_t step : steps) {
    const std::string fault = fault_of(run, step);
    if (fault.empty()) {
      search.path = file_of(run, step, kWeights);
      return search;
    }
    search.skipped.push_back(fault);
  }
  const std::string alone = run + "/checkpoint.safetensors";
  std::error_code ignored;
  if (steps.empty() && fs::exists(alone, ignored)) search.path = alone;
  return search;
}

}  // namespace kintsugi
