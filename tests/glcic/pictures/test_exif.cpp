#include <doctest/doctest.h>

#include "glcic/pictures/exif.h"
#include "tests/glcic/pictures/picture_files.h"

using namespace kintsugi;

TEST_CASE("EXIF's orientation is found in both byte orders") {
  for (const bool little : {false, true})
    for (int tag = 1; tag <= 8; ++tag) {
      const std::string block = exif_block(tag, little);
      CHECK(exif_orientation(block) == tag);
      CHECK(exif_upright(block) == exif_block(1, little));
    }
}

TEST_CASE("EXIF that is damaged or says nothing means upright, and stays as it is") {
  const std::string block = exif_block(6);
  for (size_t size = 0; size < 20; ++size) {
    CHECK(exif_orientation(block.substr(0, size)) == 1);
    CHECK(exif_upright(block.substr(0, size)) == block.substr(0, size));
  }
  CHECK(exif_orientation(exif_block(0)) == 1);
  CHECK(exif_orientation(exif_block(9)) == 1);
  std::string far = block;
  far.replace(4, 4, "\xff\xff\xff\xff");  // the first directory
  CHECK(exif_orientation(far) == 1);
  std::string many = block;
  many.replace(8, 4, "\xff\xff\x01\x13");  // 65,535 entries, and this one is another tag
  CHECK(exif_orientation(many) == 1);
}

TEST_CASE("EXIF's thumbnail goes, and nothing else does") {
  for (const bool little : {false, true}) {
    const std::string thumbnail = "a small picture", block = exif_with_thumbnail(thumbnail, little);
    const std::string after = exif_without_thumbnail(block);
    CHECK(after.size() == block.size());
    CHECK(after.find(thumbnail) == std::string::npos);
    CHECK(after.substr(22, 4) == std::string(4, '\0'));  // no second directory
    CHECK(after.substr(0, 22) == block.substr(0, 22));
    CHECK(after.ends_with("the end"));
    CHECK(exif_without_thumbnail(after) == after);
  }
  CHECK(exif_without_thumbnail(exif_block(6)) == exif_block(6));
}

TEST_CASE("a thumbnail that is said to lie outside of its EXIF does no harm") {
  const std::string block = exif_with_thumbnail("a small picture");
  for (size_t size = 0; size < block.size(); ++size) {
    const std::string cut = block.substr(0, size);
    CHECK(exif_without_thumbnail(cut).size() == size);
  }
  std::string far = block;
  far.replace(36, 4, "\xff\xff\xff\xf0");  // where it begins
  CHECK(exif_without_thumbnail(far).find("a small picture") != std::string::npos);
  std::string long_one = block;
  long_one.replace(48, 4, "\xff\xff\xff\xff");  // how long it is
  CHECK(exif_without_thumbnail(long_one).find("the end") == std::string::npos);
}

TEST_CASE("XMP's orientation becomes 1 as an attribute and as an element") {
  CHECK(xmp_upright("<a tiff:Orientation=\"6\" b=\"6\"/>") ==
        "<a tiff:Orientation=\"1\" b=\"6\"/>");
  CHECK(xmp_upright("<tiff:Orientation>8</tiff:Orientation>6") ==
        "<tiff:Orientation>1</tiff:Orientation>6");
  CHECK(xmp_upright("tiff:Orientation") == "tiff:Orientation");
  CHECK(xmp_upright("<a b=\"6\"/>") == "<a b=\"6\"/>");
}
