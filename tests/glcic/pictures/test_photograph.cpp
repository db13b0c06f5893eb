#include <doctest/doctest.h>

#include <cmath>

#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/photograph.h"
#include "glcic/pictures/png_file.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tests/glcic/pictures/picture_files.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
using namespace std::string_literals;

namespace {

PngFile png(const Raster& raster, std::vector<PngChunk> chunks = {}) {
  PngFile file;
  file.raster = raster;
  file.before = std::move(chunks);
  return file;
}

void write_png(const std::string& path, const PngFile& file) {
  write_file_atomically(path, encode_png(file, {}, path));
}

PngFile read_png(const std::string& path) { return decode_png(read_file(path), path, 1'000'000); }
JpegFile read_jpeg(const std::string& path) {
  return decode_jpeg(read_file(path), path, 1'000'000);
}

/// [3, 2, 1] with 1 at two places.
const Tensor kMask = Tensor::from({0, 1, 0, 0, 1, 0}, {3, 2, 1});
constexpr Hole kWindow{4, 1, 2, 3};  // column 4, row 1, 2 wide, 3 high

/// Where EXIF's tag puts the stored pixel (x, y) of a raster of width × height, by the standard's
/// words: "the 0th row is the visual top, the 0th column the visual right-hand side", …
Corner shown(int tag, int64_t x, int64_t y, int64_t width, int64_t height) {
  const int64_t right = width - 1 - x, bottom = height - 1 - y;
  switch (tag) {
    case 1:
      return {x, y};
    case 2:
      return {right, y};
    case 3:
      return {right, bottom};
    case 4:
      return {x, bottom};
    case 5:
      return {y, x};
    case 6:
      return {bottom, x};
    case 7:
      return {bottom, right};
    default:
      return {y, right};
  }
}

float red(const Photograph& photograph, Corner place) {
  return photograph.rgb({place.x, place.y, 1, 1}).data<float>()[0];
}

}  // namespace

TEST_CASE("a photograph is read as viewers show it, whatever EXIF's orientation") {
  const TemporaryFolder folder;
  const Raster raster = painted(5, 7, 3);
  for (int tag = 1; tag <= 8; ++tag) {
    CAPTURE(tag);
    write_png(folder / "a.png", png(raster, {{"eXIf", exif_block(tag)}}));
    const Photograph photograph = Photograph::read(folder / "a.png");
    CHECK(photograph.width() == (tag >= 5 ? 5 : 7));
    CHECK(photograph.height() == (tag >= 5 ? 7 : 5));
    int wrong = 0;
    for (int64_t y = 0; y < 5; ++y)
      for (int64_t x = 0; x < 7; ++x)
        wrong += red(photograph, shown(tag, x, y, 7, 5)) !=
                 static_cast<float>(raster.sample({x, y}, 0)) / 255.0f;
    CHECK(wrong == 0);
  }
}

TEST_CASE("filling changes the chosen pixels and no others, in every depth and orientation") {
  const TemporaryFolder folder;
  for (const int depth : {8, 16})
    for (int channels = 1; channels <= 4; ++channels)
      for (int tag = 1; tag <= 8; ++tag) {
        const PngFile before = png(painted(8, 9, channels, depth), {{"eXIf", exif_block(tag)}});
        write_png(folder / "a.png", before);
        Photograph photograph = Photograph::read(folder / "a.png");
        const Tensor rgb =
            Tensor::from({9, 9, 9, 1, 0.5, 0.25, 9, 9, 9, 9, 9, 9, -1, 2, 0.5, 9, 9, 9}, {3, 2, 3});
        photograph.fill(kWindow, rgb, kMask);
        photograph.write(folder / "b.png");
        const PngFile after = read_png(folder / "b.png");
        CHECK(after.before == before.before);
        CHECK(after.raster.depth == depth);
        REQUIRE(after.raster.channels == channels);
        const double top = depth == 8 ? 255 : 65535;
        for (int64_t y = 0; y < 8; ++y)
          for (int64_t x = 0; x < 9; ++x)
            for (int c = 0; c < channels; ++c) {
              const Corner place = shown(tag, x, y, 9, 8);
              const bool first = place == Corner{5, 1}, second = place == Corner{4, 3};
              const bool is_alpha = channels % 2 == 0 && c == channels - 1;
              double expected = before.raster.sample({x, y}, c);
              if (!is_alpha && channels <= 2) {
                if (first) expected = std::round(top * (0.299 + 0.587 * 0.5 + 0.114 * 0.25));
                if (second) expected = std::round(top * (0.587 + 0.114 * 0.5));
              } else if (!is_alpha) {
                if (first) expected = std::round(top * (c == 0 ? 1 : c == 1 ? 0.5 : 0.25));
                if (second) expected = std::round(top * (c == 0 ? 0 : c == 1 ? 1 : 0.5));
              }
              CHECK(after.raster.sample({x, y}, c) == doctest::Approx(expected).epsilon(1e-9));
            }
      }
}

TEST_CASE("alpha is read by window, kept by filling, and made opaque where asked") {
  const TemporaryFolder folder;
  write_png(folder / "a.png", png(painted(8, 9, 4)));
  Photograph photograph = Photograph::read(folder / "a.png");
  CHECK(photograph.has_alpha());
  const std::vector<double> before = photograph.alpha(kWindow).to_vector();
  CHECK(before[0] == doctest::Approx(painted(8, 9, 4).sample({4, 1}, 3) / 255.0));
  photograph.fill(kWindow, Tensor::full({3, 2, 3}, 0.5), kMask);
  CHECK(photograph.alpha(kWindow).to_vector() == before);
  photograph.make_opaque(kWindow, kMask);
  std::vector<double> opaque = before;
  opaque[1] = opaque[4] = 1;
  CHECK(photograph.alpha(kWindow).to_vector() == opaque);

  write_png(folder / "b.png", png(painted(8, 9, 3)));
  Photograph plain = Photograph::read(folder / "b.png");
  CHECK_FALSE(plain.has_alpha());
  plain.make_opaque(kWindow, kMask);
  CHECK(plain.alpha(kWindow).to_vector() == std::vector<double>(6, 1.0));
}

TEST_CASE("a turned JPEG is filled where it is seen, and stays turned") {
  const TemporaryFolder folder;
  const std::vector<JpegSegment> segments{{0xE1, "Exif\0\0"s + exif_block(6)}, {0xFE, "hello"}};
  write_file_atomically(folder / "a.jpg", jpeg_bytes(painted(64, 96, 3), {}, segments));
  Photograph photograph = Photograph::read(folder / "a.jpg");
  CHECK(photograph.width() == 64);
  CHECK(photograph.height() == 96);
  const Hole hole{16, 32, 16, 16};  // as shown; stored at columns 32 to 47, rows 32 to 47
  photograph.fill(hole, Tensor::full({16, 16, 3}, 1.0), Tensor::full({16, 16, 1}, 1.0));
  photograph.write(folder / "b.jpg", {{"weights", "abc"}});
  const JpegFile after = read_jpeg(folder / "b.jpg");
  std::vector<JpegSegment> expected = read_jpeg(folder / "a.jpg").segments;
  expected.push_back({0xFE, "weights: abc"});
  CHECK(after.segments == expected);
  for (const Corner inside : {Corner{34, 34}, Corner{46, 46}, Corner{34, 46}})
    CHECK(after.raster.sample(inside, 1) > 250);
  const Photograph again = Photograph::read(folder / "b.jpg");
  CHECK(red(again, {24, 40}) > 0.98f);
}

TEST_CASE("what was filled does not live on in EXIF's thumbnail") {
  const TemporaryFolder folder;
  const std::string exif = exif_with_thumbnail("a small picture");
  write_file_atomically(folder / "a.jpg",
                        jpeg_bytes(painted(16, 16, 3), {}, {{0xE1, "Exif\0\0"s + exif}}));
  Photograph photograph = Photograph::read(folder / "a.jpg");
  photograph.write(folder / "same.jpg");
  CHECK(read_file(folder / "same.jpg").find("a small picture") != std::string::npos);
  photograph.fill({0, 0, 1, 1}, Tensor::zeros({1, 1, 3}), Tensor::full({1, 1, 1}, 1.0));
  photograph.write(folder / "b.jpg");
  photograph.write(folder / "b.png");
  for (const char* name : {"b.jpg", "b.png"}) {
    CHECK(read_file(folder / name).find("a small picture") == std::string::npos);
    CHECK(read_file(folder / name).find("the end") != std::string::npos);
  }
}

TEST_CASE("a JPEG written as PNG lies upright, with EXIF, profile, XMP, comment and resolution") {
  const TemporaryFolder folder;
  const std::string xmp = "<x tiff:Orientation=\"6\"/>";
  const std::vector<JpegSegment> segments{
      {0xE1, "Exif\0\0"s + exif_block(6)},
      {0xE1, "http://ns.adobe.com/xap/1.0/\0"s + xmp},
      {0xE2, "ICC_PROFILE\0\2\2file"s},  // parts may come in any order
      {0xE2, "ICC_PROFILE\0\1\2pro"s},
      {0xFE, "hello"}};
  write_file_atomically(folder / "a.jpg", jpeg_bytes(painted(24, 40, 3), {}, segments));
  const Photograph photograph = Photograph::read(folder / "a.jpg");
  photograph.write(folder / "b.png", {{"weights", "abc"}});
  const PngFile file = read_png(folder / "b.png");
  CHECK(file.raster.width == 24);
  CHECK(file.raster.height == 40);
  const auto chunk = [&](const std::string& type, const std::string& start) {
    for (const PngChunk& candidate : file.before)
      if (candidate.type == type && candidate.data.starts_with(start)) return candidate.data;
    return "none"s;
  };
  CHECK(chunk("eXIf", "") == exif_block(1));
  CHECK(chunk("tEXt", "Comment") == "Comment\0hello"s);
  CHECK(chunk("tEXt", "weights") == "weights\0abc"s);
  CHECK(chunk("iTXt", "XML:com.adobe.xmp") ==
        "XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"1\"/>"s);
  CHECK(chunk("iCCP", "ICC profile\0\0"s) != "none");
  const Photograph again = Photograph::read(folder / "b.png");
  CHECK(again.rgb(again.frame()).to_vector() == photograph.rgb(photograph.frame()).to_vector());

  again.write(folder / "c.jpg");  // and back
  const std::vector<JpegSegment> back = read_jpeg(folder / "c.jpg").segments;
  REQUIRE(back.size() == 6);
  CHECK(back[0].data.starts_with("JFIF\0"s));
  CHECK(back[1].data == "Exif\0\0"s + exif_block(1));
  CHECK(back[2].data == "http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"1\"/>"s);
  CHECK(back[3].data == "ICC_PROFILE\0\1\1profile"s);
  CHECK(back[4].data == "Comment: hello");
  CHECK(back[5].data == "weights: abc");
}

TEST_CASE("a PNG of 16 bits becomes a JPEG with its resolution and compressed text") {
  const TemporaryFolder folder;
  const PngFile file = png(painted(40, 24, 3, 16), {{"pHYs", "\0\0\x2e\x23\0\0\x2e\x23\1"s}});
  write_png(folder / "a.png", file);
  const Photograph photograph = Photograph::read(folder / "a.png");
  photograph.write(folder / "b.jpg", {}, 98);
  const JpegFile after = read_jpeg(folder / "b.jpg");
  CHECK(after.segments.front().data == "JFIF\0\1\1\1\x01\x2c\x01\x2c\0\0"s);  // 300 dots an inch
  CHECK(std::abs(after.raster.sample({12, 20}, 0) - file.raster.sample({12, 20}, 0) / 257) < 8);
}

TEST_CASE("what a JPEG cannot hold is refused, and the old file stays") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "old.jpg", "old");
  write_png(folder / "a.png", png(painted(8, 9, 4)));
  CHECK(sentence_of([&] { Photograph::read(folder / "a.png").write(folder / "old.jpg"); }) ==
        "cannot write " + (folder / "old.jpg") +
            ": a JPEG file cannot hold transparency; write a PNG");
  write_png(folder / "b.png", png(painted(8, 9, 3), {{"eXIf", std::string(70000, 'x')}}));
  CHECK(sentence_of([&] {
          Photograph::read(folder / "b.png").write(folder / "old.jpg");
        }).find("EXIF has 70006 bytes") != std::string::npos);
  CHECK(sentence_of([&] {
          Photograph::read(folder / "b.png").write(folder / "a.gif");
        }).find("none of .png, .jpg, .jpeg") != std::string::npos);
  CHECK_THROWS_AS(Photograph::read(folder / "b.png").write(folder / "c.jpg", {}, 0), Error);
  CHECK(read_file(folder / "old.jpg") == "old");
}

TEST_CASE("a photograph names what it cannot read, and what does not fit") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "a text");
  CHECK(sentence_of([&] { Photograph::read(folder / "a.txt"); }) ==
        (folder / "a.txt") + " is not a picture: neither PNG nor JPEG");
  write_png(folder / "a.png", png(painted(8, 9, 3)));
  CHECK(sentence_of([&] {
          Photograph::read(folder / "a.png", 71);
        }).find("is too large: 9 x 8 pixels") != std::string::npos);
  Photograph photograph = Photograph::read(folder / "a.png");
  for (const Hole window : {Hole{-1, 0, 2, 2}, Hole{8, 0, 2, 2}, Hole{0, 7, 2, 2}})
    CHECK_THROWS_AS(photograph.rgb(window), Error);
  CHECK_THROWS_AS(photograph.fill(kWindow, Tensor::full({2, 3, 3}, 0.5), kMask), ShapeError);
  CHECK_THROWS_AS(
      photograph.fill(kWindow, Tensor::full({3, 2, 3}, 0.5), Tensor::full({2, 3, 1}, 1.0)),
      ShapeError);
}
