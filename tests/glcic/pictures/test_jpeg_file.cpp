#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "glcic/pictures/jpeg_file.h"
#include "tensor/error.h"
#include "tests/glcic/pictures/picture_files.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
using namespace std::string_literals;

namespace {

JpegFile decoded(const std::string& bytes) { return decode_jpeg(bytes, "a.jpg", 1'000'000); }

struct Component {
  int64_t columns = 0, rows = 0;  // blocks
  int64_t width = 0, height = 0;  // pixels that a block covers
  std::array<int, 64> table{};    // quantisation
  std::vector<std::array<int, 64>> blocks;
};

/// What the file holds before the inverse transform.
std::vector<Component> components_of(const std::string& bytes) {
  JpegReader reader(bytes);
  jpeg_decompress_struct& info = reader.info;
  jvirt_barray_ptr* arrays = nullptr;
  REQUIRE(succeeds(reader.failure, [&] {
    reader.read_header();
    arrays = jpeg_read_coefficients(&info);
  }));
  std::vector<Component> components;
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& from = info.comp_info[c];
    Component to{from.width_in_blocks,
                 from.height_in_blocks,
                 8 * info.max_h_samp_factor / from.h_samp_factor,
                 8 * info.max_v_samp_factor / from.v_samp_factor,
                 {},
                 {}};
    for (size_t k = 0; k < 64; ++k) to.table[k] = from.quant_table->quantval[k];
    for (JDIMENSION row = 0; row < from.height_in_blocks; ++row) {
      const JBLOCKROW line = info.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&info),
                                                          arrays[c], row, 1, FALSE)[0];
      for (JDIMENSION column = 0; column < from.width_in_blocks; ++column) {
        to.blocks.emplace_back();
        for (size_t k = 0; k < 64; ++k) to.blocks.back()[k] = line[column][k];
      }
    }
    components.push_back(std::move(to));
  }
  return components;
}

/// Makes a rectangle of the file dark, and marks its tiles.
void fill_dark(JpegFile& file, const Hole& hole, FilledTiles& filled) {
  for (int64_t y = hole.y; y < hole.y + hole.height; ++y)
    for (int64_t x = hole.x; x < hole.x + hole.width; ++x) {
      for (int c = 0; c < file.raster.channels; ++c) file.raster.set_sample({x, y}, c, 10);
      filled.mark({x, y});
    }
}

const std::vector<JpegKind> kKinds{{.h = 1, .v = 1},
                                   {.h = 2, .v = 1},
                                   {.h = 1, .v = 2},
                                   {.h = 2, .v = 2},
                                   {.h = 4, .v = 1},
                                   {.h = 2, .v = 2, .progressive = true},
                                   {.h = 1, .v = 1, .progressive = true},
                                   {.channels = 1, .h = 1, .v = 1},
                                   {.channels = 1, .h = 2, .v = 2},
                                   {.h = 2, .v = 2, .quality = 30}};

/// Two holes: one inside, one in the corner, where units are incomplete.
constexpr Hole kHole{37, 21, 18, 30}, kCorner{93, 70, 8, 3};

int64_t distance(int64_t at, int64_t first, int64_t count) {
  return at < first ? first - at : at >= first + count ? at - (first + count - 1) : 0;
}

}  // namespace

TEST_CASE("a JPEG keeps every block of coefficients that holds no filled pixel") {
  for (const JpegKind& kind : kKinds) {
    CAPTURE(kind.channels);
    CAPTURE(kind.h);
    CAPTURE(kind.v);
    CAPTURE(kind.progressive);
    const std::string bytes = jpeg_bytes(painted(73, 101, kind.channels), kind);
    JpegFile file = decoded(bytes);
    FilledTiles filled(73, 101);
    fill_dark(file, kHole, filled);
    fill_dark(file, kCorner, filled);
    const std::string written = recompress_jpeg(file, filled, {}, "b.jpg");
    const std::vector<Component> was = components_of(bytes), is = components_of(written);
    REQUIRE(was.size() == is.size());
    int64_t changed = 0;
    for (size_t c = 0; c < was.size(); ++c) {
      CHECK(was[c].table == is[c].table);
      REQUIRE(was[c].blocks.size() == is[c].blocks.size());
      CHECK(was[c].width == is[c].width);
      CHECK(was[c].height == is[c].height);
      for (int64_t i = 0; i < static_cast<int64_t>(was[c].blocks.size()); ++i) {
        const auto place = static_cast<size_t>(i);
        if (was[c].blocks[place] == is[c].blocks[place]) continue;
        ++changed;
        const Hole block{i % was[c].columns * was[c].width, i / was[c].columns * was[c].height,
                         was[c].width, was[c].height};
        CHECK(filled.any(block));
      }
    }
    CHECK(changed > 0);
  }
}

TEST_CASE("beyond one unit around the hole's own, pixels decode to the same bits") {
  for (const JpegKind& kind : kKinds) {
    JpegFile file = decoded(jpeg_bytes(painted(73, 101, kind.channels), kind));
    const Raster was = file.raster;
    FilledTiles filled(73, 101);
    fill_dark(file, kHole, filled);
    const Raster is = decoded(recompress_jpeg(file, filled, {}, "b.jpg")).raster;
    const int64_t width = 8 * kind.h, height = 8 * kind.v;
    const int64_t left = kHole.x / width * width, top = kHole.y / height * height;
    const int64_t right = (kHole.x + kHole.width + width - 1) / width * width;
    const int64_t bottom = (kHole.y + kHole.height + height - 1) / height * height;
    int64_t far_changes = 0;
    double error = 0;
    for (int64_t y = 0; y < 73; ++y)
      for (int64_t x = 0; x < 101; ++x)
        for (int c = 0; c < kind.channels; ++c) {
          const int difference = is.sample({x, y}, c) - was.sample({x, y}, c);
          if (distance(x, left, right - left) > width || distance(y, top, bottom - top) > height)
            far_changes += difference != 0;
          if (distance(x, kHole.x + 4, kHole.width - 8) == 0 &&
              distance(y, kHole.y + 4, kHole.height - 8) == 0)
            error = std::max(error, std::abs(is.sample({x, y}, c) - 10.0));
        }
    CAPTURE(kind.h);
    CAPTURE(kind.v);
    CHECK(far_changes == 0);
    CHECK(error < (kind.quality < 50 ? 90 : 45));  // what was filled is there, as JPEG keeps it
  }
}

TEST_CASE("a JPEG in which nothing was filled keeps all coefficients and segments") {
  const std::vector<JpegSegment> segments{{0xE1, "Exif\0\0"s + exif_block(6)},
                                          {0xE2, "ICC_PROFILE\0\1\1profile"s},
                                          {0xED, "Photoshop 3.0\0IPTC"s},
                                          {0xE5, std::string(65533, 'x')},
                                          {0xFE, "a comment"}};
  for (const JpegKind& kind : kKinds) {
    const std::string bytes = jpeg_bytes(painted(73, 101, kind.channels), kind, segments);
    const JpegFile file = decoded(bytes);
    CHECK(file.segments.size() == segments.size() + 1);  // and JFIF
    const std::string written =
        recompress_jpeg(file, FilledTiles(73, 101), {{0xFE, "mended"}}, "b.jpg");
    const JpegFile again = decoded(written);
    std::vector<JpegSegment> expected = file.segments;
    expected.push_back({0xFE, "mended"});
    CHECK(again.segments == expected);
    CHECK(again.raster.bytes == file.raster.bytes);
    // SOF0 (baseline) or SOF2 (progressive), as it was.
    CHECK((written.find("\xff\xc2\x00\x11"s) != std::string::npos ||
           written.find("\xff\xc2\x00\x0b"s) != std::string::npos) == kind.progressive);
  }
}

TEST_CASE("what stands behind a JPEG's end stays there") {
  const std::string bytes = jpeg_bytes(painted(20, 20, 3), {}) + "a film, say";
  CHECK(recompress_jpeg(decoded(bytes), FilledTiles(20, 20), {}, "b.jpg")
            .ends_with("\xff\xd9"s + "a film, say"));
}

TEST_CASE("a damaged JPEG is refused in a sentence that names it") {
  const std::string bytes = jpeg_bytes(painted(40, 40, 3), {});
  for (size_t size = 3; size < bytes.size(); size += 7)
    CHECK(sentence_of([&] { decoded(bytes.substr(0, size)); }).starts_with("a.jpg is damaged"));
  // Cut short, yet with an end: libjpeg would only warn, and show grey.
  CHECK(sentence_of([&] {
          decoded(bytes.substr(0, bytes.size() - 60) + "\xff\xd9");
        }).starts_with("a.jpg is damaged: "));
}

TEST_CASE("a CMYK JPEG is refused") {
  const std::string bytes = jpeg_bytes(painted(20, 20, 4), {.channels = 4, .h = 1, .v = 1});
  CHECK(sentence_of([&] { decoded(bytes); }) ==
        "a.jpg is a CMYK picture, made for print: convert it to RGB first");
}

TEST_CASE("a JPEG's header is held against the limit and against the file before memory is taken") {
  std::string bytes = jpeg_bytes(painted(40, 40, 3), {});
  const size_t frame = bytes.find("\xff\xc0");
  bytes.replace(frame + 5, 4, "\x75\x30\x75\x30");  // 30000 x 30000
  CHECK(sentence_of([&] { decoded(bytes); }) ==
        "a.jpg is too large: 30000 x 30000 pixels, and the limit is 1000000 altogether");
  CHECK(sentence_of([&] {
          decode_jpeg(bytes, "a.jpg", int64_t{1} << 40);
        }).starts_with("a.jpg is damaged: its header says 30000 x 30000 pixels, more than its"));
}

TEST_CASE("a picture becomes a JPEG with the quality asked for") {
  const JpegFile file{painted(73, 101, 3), {{0xFE, "one"}}, ""};
  const std::string rough = encode_jpeg(file, {{0xFE, "two"}}, 50, "b.jpg");
  const std::string fine = encode_jpeg(file, {{0xFE, "two"}}, 98, "b.jpg");
  CHECK(rough.size() < fine.size());
  CHECK(decoded(fine).segments == std::vector<JpegSegment>{{0xFE, "one"}, {0xFE, "two"}});
  const Raster again = decoded(fine).raster;
  int64_t total = 0;
  for (size_t i = 0; i < again.bytes.size(); ++i)
    total += std::abs(int{again.bytes[i]} - int{file.raster.bytes[i]});
  CHECK(static_cast<double>(total) / static_cast<double>(again.bytes.size()) < 2.0);
  const JpegFile wide{Raster::sized(1, 70000, 1, 8), {}, ""};
  CHECK(sentence_of([&] { encode_jpeg(wide, {}, 90, "b.jpg"); }).starts_with("cannot write b.jpg"));
}
