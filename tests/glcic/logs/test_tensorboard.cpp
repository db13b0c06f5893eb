#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>

#include "glcic/logs/tensorboard.h"
#include "tensor/error.h"
#include "tensor/io/image.h"
#include "tests/glcic/logs/event_reader.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// No file may grow longer than this while the object lives: write() fails, as on a full disk.
class LittleRoom {
 public:
  explicit LittleRoom(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~LittleRoom() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("CRC-32C has the values of RFC 3720, B.4") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  CHECK(crc32c("") == 0u);
}

TEST_CASE("a record has the bytes that TensorFlow's own writer gives it") {
  // tensorboard 2.21: RecordWriter(file).write(b"gold")
  const std::string expected("\4\0\0\0\0\0\0\0\x42\x45\x52\x04gold\x4c\x4f\xc2\xd6", 20);
  CHECK(tf_record("gold") == expected);
}

TEST_CASE("scalars are read back as they were added, NaN is left out") {
  const TemporaryFolder folder;
  EventFile file(folder.path(), 0);
  file.add_scalars(1, {{"loss/completion", 0.25}, {"loss/adversarial", NAN}});
  file.add_scalars(2, {{"loss/completion", 0.125}, {"loss/adversarial", 3e-9}});
  file.flush();
  CHECK(event_files(folder.path()) == std::vector{file.path()});

  const std::vector<tensorboard::Event> events = read_events(file.path());
  REQUIRE(events.size() == 4);
  CHECK(events[0].file_version() == "brain.Event:2");
  CHECK(events[1].session_log().status() == tensorboard::SessionLog::START);
  CHECK(events[2].step() == 1);
  REQUIRE(events[2].summary().value_size() == 1);
  CHECK(events[2].summary().value(0).tag() == "loss/completion");
  CHECK(events[2].summary().value(0).simple_value() == 0.25f);
  REQUIRE(events[3].summary().value_size() == 2);
  CHECK(events[3].summary().value(1).tag() == "loss/adversarial");
  CHECK(events[3].summary().value(1).simple_value() == 3e-9f);
  CHECK(events[2].wall_time() > 1.6e9);  // seconds, not milli- or microseconds
  CHECK(events[2].wall_time() < 1.6e10);
  CHECK(events[2].wall_time() <= events[3].wall_time());
}

TEST_CASE("a picture is read back to the pixel, with its size") {
  const TemporaryFolder folder;
  Tensor picture = Tensor::empty({6, 10, 3});
  for (int64_t i = 0; i < picture.numel(); ++i)
    picture.data<float>()[i] = static_cast<float>(i) / 255.0f;
  write_png(folder / "sheet.png", picture);
  EventFile file(folder.path(), 0);
  file.add_picture(7, "samples", read_file(folder / "sheet.png"));
  file.flush();

  const tensorboard::Event event = read_events(file.path()).back();
  CHECK(event.step() == 7);
  const tensorboard::Summary::Image& image = event.summary().value(0).image();
  CHECK(image.height() == 6);
  CHECK(image.width() == 10);
  CHECK(image.colorspace() == 3);
  CHECK(decode_image(image.encoded_image_string(), "sheet").to_vector() == picture.to_vector());
  CHECK(sentence_of([&] {
          file.add_picture(8, "samples", "no picture");
        }).ends_with("the picture samples of step 8 is no PNG"));
}

TEST_CASE("a new file makes readers forget the steps that are taken again") {
  const TemporaryFolder folder;
  for (const int64_t first : {1, 3}) {
    EventFile file(folder.path(), first);
    for (int64_t step = first; step <= 5; ++step)
      file.add_scalars(step, {{"first", static_cast<double>(first)}});
  }
  REQUIRE(event_files(folder.path()).size() == 2);
  std::vector<std::pair<int64_t, float>> seen;
  for (const tensorboard::Event& event : kept_events(folder.path()))
    seen.emplace_back(event.step(), event.summary().value(0).simple_value());
  CHECK(seen == std::vector<std::pair<int64_t, float>>{{1, 1}, {2, 1}, {3, 3}, {4, 3}, {5, 3}});
}

TEST_CASE("fault: a file is cut short at any byte: all whole records before are read") {
  const TemporaryFolder folder;
  std::string path;
  {
    EventFile file(folder.path(), 0);
    path = file.path();
    for (int64_t step = 1; step <= 3; ++step) file.add_scalars(step, {{"loss", 0.5}});
  }
  const std::string whole = read_file(path);
  REQUIRE(read_events(path).size() == 5);
  size_t before = 0;
  for (size_t length = 0; length < whole.size(); ++length) {
    write_file_atomically(path, whole.substr(0, length));
    const size_t now = read_events(path).size();
    CHECK((now == before || now == before + 1));
    before = now;
  }
  CHECK(before == 4);
  std::string flipped = whole;
  flipped[flipped.size() - 6] ^= 1;
  write_file_atomically(path, flipped);
  CHECK_THROWS(read_events(path));
}

TEST_CASE("fault: the disk is full: the event file says so in one sentence") {
  const TemporaryFolder folder;
  EventFile file(folder.path(), 0);
  for (int64_t step = 1; step <= 100; ++step) file.add_scalars(step, {{"loss", 0.5}});
  std::string sentence;
  {
    const LittleRoom room(1000);
    sentence = sentence_of([&] { file.flush(); });
  }
  CHECK(sentence == file.path() + ": cannot be written: File too large");
}
