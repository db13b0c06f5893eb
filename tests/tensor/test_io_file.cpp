#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <thread>

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

TEST_CASE("a file is written from parts, and read in parts at any place") {
  const TemporaryFolder folder;
  const std::string first("ab\0c", 4);
  write_file_atomically(folder / "x", std::array<std::string_view, 3>{first, "", "defg"});
  CHECK(read_file(folder / "x") == first + "defg");

  const FileReader file(folder / "x");
  CHECK(file.size() == 8);
  std::string part(3, '?');
  file.read(3, part);
  CHECK(part == "cde");
  file.read(0, part);
  CHECK(part == first.substr(0, 3));
  file.read(8, {});
  CHECK(sentence_of([&] { file.read(6, part); }) ==
        "cannot read " + folder / "x" + ": it ends at byte 8");
  CHECK_THROWS_AS(file.read(~uint64_t{0}, part), Error);

  std::filesystem::resize_file(folder / "x", 5);
  CHECK(sentence_of([&] { file.read(3, part); }) ==
        "cannot read " + folder / "x" + ": it has become shorter than its 8 bytes");
}

TEST_CASE("a file larger than a part is read in parts, in their order") {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; bytes.size() < (5 << 20) / 2; ++i) bytes += std::to_string(i);
  write_file_atomically(folder / "x", bytes);
  std::string joined;
  int parts = 0;
  read_in_parts(folder / "x", [&](std::string_view part) {
    joined += part;
    ++parts;
  });
  CHECK(joined == bytes);
  CHECK(parts == 3);
}

TEST_CASE("a pipe is read in parts, too") {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] { write_file_atomically(path, "0123456789"); });
  const FileReader file(path);
  writer.join();
  CHECK(file.size() == 10);
  std::string part(2, '?');
  for (const uint64_t offset : {7, 1}) {
    file.read(offset, part);
    CHECK(part == std::string("0123456789").substr(offset, 2));
  }
  CHECK_THROWS_AS(file.read(9, part), Error);
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
  CHECK(sentence_of([&] { FileReader(folder / "no"); }) ==
        "cannot read " + folder / "no" + ": No such file or directory");
  CHECK(sentence_of([&] { FileReader(folder.path()); }).find("is a folder") != std::string::npos);
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
