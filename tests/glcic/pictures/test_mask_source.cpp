#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "glcic/pictures/mask_source.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A folder with a picture of 12 x 10 pixels, grey but for a red patch of 3 x 2 at (4, 5) and one
/// pixel beside it that is nearly red.
class Folder : public TemporaryFolder {
 public:
  Folder() {
    const Tensor rgb = Tensor::full({10, 12, 3}, 0.5);
    for (int64_t y = 5; y < 7; ++y)
      for (int64_t x = 4; x < 7; ++x) set(rgb, x, y, {1.0f, 0.0f, 0.0f});
    set(rgb, 7, 5, {251.0f / 255.0f, 4.0f / 255.0f, 0.0f});
    write_png(*this / "picture.png", rgb);
  }
  Photograph picture() const { return Photograph::read(*this / "picture.png"); }
  PixelMask hole(const MaskSource& source) const { return read_hole(source, picture()); }

 private:
  static void set(const Tensor& rgb, int64_t x, int64_t y, std::array<float, 3> colour) {
    std::copy_n(colour.data(), 3, rgb.data<float>() + (y * rgb.size(1) + x) * 3);
  }
};

PixelMask rectangle(const Hole& hole) {
  PixelMask mask(10, 12);
  mask.add(hole);
  return mask;
}

Tensor grey_steps(double from, double step) {
  Tensor values = Tensor::empty({10, 12, 1});
  for (int64_t i = 0; i < 120; ++i)
    values.data<float>()[i] = static_cast<float>((from + step * static_cast<double>(i)) / 255.0);
  return values;
}

}  // namespace

TEST_CASE("a mask picture marks luminance 128 and more, or the ones among zeros and ones") {
  const Folder folder;
  write_png(folder / "steps.png", grey_steps(68, 1));  // 128 is pixel 60
  CHECK(folder.hole({.path = folder / "steps.png"}) == rectangle({0, 5, 12, 5}));
  Tensor ones = grey_steps(0, 0);
  std::fill_n(ones.data<float>() + 24, 12, 1.0f / 255.0f);
  write_png(folder / "ones.png", ones);
  CHECK(folder.hole({.path = folder / "ones.png"}) == rectangle({0, 2, 12, 1}));
}

TEST_CASE("a colour marks its pixels, and those within its tolerance") {
  const Folder folder;
  CHECK(folder.hole({.colour = mark_colour_from_string("#ff0000")}) == rectangle({4, 5, 3, 2}));
  CHECK(folder.hole({.colour = mark_colour_from_string("#FF0000:3")}).count() == 6);
  CHECK(folder.hole({.colour = mark_colour_from_string("#FF0000:4")}).count() == 7);
  for (const char* text : {"", "ff0000", "#ff000", "#ff00000", "#gg0000", "#ff0000:", "#ff0000:256",
                           "#ff0000:-1", "#-10000", "red"})
    CHECK(sentence_of([&] { mark_colour_from_string(text); }).find("is no colour") !=
          std::string::npos);
}

TEST_CASE("rectangles are read as x,y,width,height and must lie inside the picture") {
  const Folder folder;
  CHECK(rectangle_from_string("4,5,3,2") == Hole{4, 5, 3, 2});
  for (const char* text : {"", "1,2,3", "1,2,3,4,5", "1,2,3,4,", "1,2,0,4", "1,2,3,-4", "a,2,3,4",
                           "1, 2,3,4", "1;2;3;4"})
    CHECK(sentence_of([&] { rectangle_from_string(text); }).find("is no rectangle") !=
          std::string::npos);
  CHECK(folder.hole({.rectangles = {{9, 8, 3, 2}}}) == rectangle({9, 8, 3, 2}));
  for (const Hole& outside : {Hole{10, 8, 3, 2}, Hole{9, 9, 3, 2}, Hole{50, 0, 1, 1}})
    CHECK(sentence_of([&] {
            folder.hole({.rectangles = {outside}});
          }).find("does not lie inside a picture of 12 x 10") != std::string::npos);
}

TEST_CASE("what is given is united, then grown or shrunk") {
  const Folder folder;
  MaskSource source{.colour = mark_colour_from_string("#ff0000"),
                    .rectangles = {{0, 0, 2, 1}, {1, 0, 2, 1}}};
  CHECK(folder.hole(source).count() == 6 + 3);
  CHECK(source.describe() == "#ff0000:0, rectangle 0,0,2,1, rectangle 1,0,2,1");
  source.grow = 1;
  CHECK(folder.hole(source).count() == 6 + 10 + 3 + 4);
  const MaskSource shrinking{.rectangles = {{3, 3, 5, 4}}, .shrink = 1};
  CHECK(folder.hole(shrinking) == rectangle({4, 4, 3, 2}));
}

TEST_CASE("a hole that comes out empty, or a mask that does not fit, is told in a sentence") {
  const Folder folder;
  const auto sentence = [&](const MaskSource& source) {
    return sentence_of([&] { folder.hole(source); });
  };
  const auto has = [](const std::string& text, const std::string& part) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  };
  has(sentence({.colour = mark_colour_from_string("#00ff00")}),
      "no pixel of the picture is marked by #00ff00:0");
  has(sentence({.rectangles = {{3, 3, 5, 4}}, .shrink = 2}), "the hole is gone");
  has(sentence({.alpha = true}), "no alpha channel");
  write_png(folder / "small.png", Tensor::full({10, 11, 1}, 1.0));
  has(sentence({.path = folder / "small.png"}), "has 11 x 10 pixels, but the picture has 12 x 10");
  write_png(folder / "dark.png", grey_steps(2, 1));
  has(sentence({.path = folder / "dark.png"}), "no value reaches 128");
  write_png(folder / "black.png", grey_steps(0, 0));
  has(sentence({.path = folder / "black.png"}), "is empty");
}
