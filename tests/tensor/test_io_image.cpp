#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// Smooth colours, different on every axis; every value a multiple of 1/255.
Tensor sample_picture(int64_t height, int64_t width, int64_t channels) {
  const Tensor picture = Tensor::empty({height, width, channels});
  float* to = picture.data<float>();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < channels; ++c)
        *to++ = std::round(static_cast<float>((3 * x + 5 * y + 40 * c) % 256)) / 255.0f;
  return picture;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

}  // namespace

TEST_CASE("a PNG comes back to the bit") {
  const TemporaryFolder folder;
  const Tensor picture = sample_picture(19, 31, 3);
  write_png(folder / "p.png", picture);
  const Tensor back = read_image(folder / "p.png");
  CHECK(back.shape() == picture.shape());
  CHECK(back.to_vector() == picture.to_vector());
}

TEST_CASE("a JPEG comes back nearly") {
  const TemporaryFolder folder;
  const Tensor picture = sample_picture(16, 24, 3);
  write_jpeg(folder / "p.jpg", picture, 98);
  const Tensor back = read_image(folder / "p.jpg");
  REQUIRE(back.shape() == picture.shape());
  CHECK(largest_difference(back, picture) < 0.08);
}

TEST_CASE("grey pictures expand to three channels, and are read as masks") {
  const TemporaryFolder folder;
  const Tensor grey = sample_picture(7, 9, 1);
  write_png(folder / "g.png", grey);
  write_png(folder / "h.png", grey.reshape({7, 9}));
  CHECK(read_file(folder / "g.png") == read_file(folder / "h.png"));
  const Tensor colour = read_image(folder / "g.png");
  CHECK(colour.shape() == Shape{7, 9, 3});
  CHECK(colour.data<float>()[5 * 3 + 2] == grey.data<float>()[5]);
  CHECK(read_grey(folder / "g.png").shape() == Shape{7, 9});
  CHECK(read_grey(folder / "g.png").to_vector() == grey.to_vector());
}

TEST_CASE("values are clamped to [0, 1] and rounded to the nearest of 256 steps") {
  const TemporaryFolder folder;
  write_png(folder / "c.png", Tensor::from({-1.0, 0.0, 0.4 / 255, 0.6 / 255, 1.0, 7.5}, {1, 2, 3}));
  const Tensor expected = Tensor::from({0, 0, 0, 1.0 / 255, 1, 1}, {1, 2, 3});
  CHECK(read_image(folder / "c.png").to_vector() == expected.to_vector());
  CHECK_THROWS_AS(write_png(folder / "d.png", Tensor::zeros({2, 2, 4})), ShapeError);
  CHECK_THROWS_AS(write_jpeg(folder / "d.jpg", Tensor::zeros({2, 2, 3}), 0), Error);
}

TEST_CASE("a picture cut off anywhere is refused, and the sentence names it") {
  const TemporaryFolder folder;
  write_png(folder / "p.png", sample_picture(20, 20, 3));
  write_jpeg(folder / "p.jpg", sample_picture(20, 20, 3), 90);
  for (const std::string name : {"p.png", "p.jpg"}) {
    const std::string whole = read_file(folder / name);
    for (size_t length = 0; length < whole.size(); ++length) {
      write_file_atomically(folder / "cut", whole.substr(0, length));
      const std::string sentence = sentence_of([&] { read_image(folder / "cut"); });
      CAPTURE(name);
      CAPTURE(length);
      CHECK(sentence.find(folder / "cut") != std::string::npos);
    }
  }
}

TEST_CASE("a PNG with any bit turned over is refused or unchanged") {
  const TemporaryFolder folder;
  const Tensor picture = sample_picture(6, 6, 3);
  write_png(folder / "p.png", picture);
  const std::string whole = read_file(folder / "p.png");
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    write_file_atomically(folder / "d.png", damaged);
    CAPTURE(i);
    CHECK_THROWS_AS(read_image(folder / "d.png"), Error);
  }
}

TEST_CASE("other kinds of file are not pictures") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "t.png", "some text, whatever its name says");
  CHECK(sentence_of([&] { read_image(folder / "t.png"); }) ==
        folder / "t.png" + " is not a picture: neither PNG nor JPEG");
}

TEST_CASE("a picture above the limit on its area is refused by its header") {
  const TemporaryFolder folder;
  write_png(folder / "p.png", sample_picture(20, 30, 3));
  CHECK_NOTHROW(read_image(folder / "p.png", 600));
  CHECK(sentence_of([&] { read_image(folder / "p.png", 599); }) ==
        folder / "p.png" + " is too large: 30 x 20 pixels, and the limit is 599 altogether");
}
