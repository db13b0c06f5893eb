#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

size_t files_in(const std::string& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

/// Files of this process end at so many bytes, as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
    rlimit limit = old_limit_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int);
};

}  // namespace

TEST_CASE("a file comes back as it was written, and nothing is left beside it") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\nc\xff", 6);
  write_file_atomically(folder / "x", "old");
  write_file_atomically(folder / "x", bytes);
  CHECK(read_file(folder / "x") == bytes);
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a failed write keeps the old file and leaves nothing beside it") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x", "the old file");
  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_AS(write_file_atomically(folder / "x", std::string(5000, 'n')), Error);
  }
  CHECK(read_file(folder / "x") == "the old file");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a full device is an error that says so, and the device stays") {
  const std::string sentence = sentence_of([] { write_file_atomically("/dev/full", "x"); });
  CHECK(sentence == "cannot write /dev/full: No space left on device");
  CHECK(std::filesystem::is_character_file("/dev/full"));
}

TEST_CASE("missing files and folders are errors that name them") {
  const TemporaryFolder folder;
  CHECK(sentence_of([&] { read_file(folder / "no"); }) ==
        "cannot read " + folder / "no" + ": No such file or directory");
  CHECK(sentence_of([&] { read_file(folder.path()); }).find("is a folder") != std::string::npos);
  CHECK(sentence_of([&] { write_file_atomically(folder / "no/file", "x"); }) ==
        "cannot write " + folder / "no/file" + ": No such file or directory");
  CHECK_THROWS_AS(write_file_atomically(folder.path(), "x"), Error);
}

TEST_CASE("writing through a symbolic link keeps the link") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "target", "old");
  std::filesystem::create_symlink(folder / "target", folder / "link");
  write_file_atomically(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "target") == "new");
}
