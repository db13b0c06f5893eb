#include <doctest/doctest.h>

#include <algorithm>

#include "glcic/pictures/png_file.h"
#include "tensor/error.h"
#include "tests/glcic/pictures/picture_files.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
using namespace std::string_literals;

namespace {

PngFile decoded(const std::string& bytes) { return decode_png(bytes, "a.png", 1'000'000); }

std::vector<int> samples(const Raster& raster) {
  std::vector<int> values;
  for (int64_t y = 0; y < raster.height; ++y)
    for (int64_t x = 0; x < raster.width; ++x)
      for (int c = 0; c < raster.channels; ++c) values.push_back(raster.sample({x, y}, c));
  return values;
}

struct Kind {
  const char* name;
  int depth, colour_type;
  std::string row;     // of a picture of 2 x 1 pixels
  std::string chunks;  // before it
  int channels, raster_depth;
  std::vector<int> values;
};

const std::string kPalette = png_chunk("PLTE", "\x01\x02\x03\x04\x05\x06"s);

const std::vector<Kind> kKinds{
    {"grey, 1 bit", 1, 0, "\x40"s, "", 1, 8, {0, 255}},
    {"grey, 2 bits", 2, 0, "\x60"s, "", 1, 8, {85, 170}},
    {"grey, 4 bits", 4, 0, "\x1e"s, "", 1, 8, {17, 238}},
    {"grey", 8, 0, "\x07\xf0"s, "", 1, 8, {7, 240}},
    {"grey, 16 bits", 16, 0, "\x01\x02\xfe\xff"s, "", 1, 16, {258, 65279}},
    {"grey and alpha", 8, 4, "\x07\x80\xf0\xff"s, "", 2, 8, {7, 128, 240, 255}},
    {"grey and alpha, 16 bits",
     16,
     4,
     "\x01\x02\x03\x04\x05\x06\x07\x08"s,
     "",
     2,
     16,
     {258, 772, 1286, 1800}},
    {"RGB", 8, 2, "\x01\x02\x03\x04\x05\x06"s, "", 3, 8, {1, 2, 3, 4, 5, 6}},
    {"RGB, 16 bits",
     16,
     2,
     "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"s,
     "",
     3,
     16,
     {258, 772, 1286, 1800, 2314, 2828}},
    {"RGBA", 8, 6, "\x01\x02\x03\x80\x04\x05\x06\xff"s, "", 4, 8, {1, 2, 3, 128, 4, 5, 6, 255}},
    {"palette, 1 bit", 1, 3, "\x40"s, kPalette, 3, 8, {1, 2, 3, 4, 5, 6}},
    {"palette", 8, 3, "\x01\x00"s, kPalette, 3, 8, {4, 5, 6, 1, 2, 3}},
    {"palette with transparency",
     8,
     3,
     "\x01\x00"s,
     kPalette + png_chunk("tRNS", "\x09"s),
     4,
     8,
     {4, 5, 6, 255, 1, 2, 3, 9}},
    {"grey with a transparent colour",
     8,
     0,
     "\x07\xf0"s,
     png_chunk("tRNS", "\x00\x07"s),
     2,
     8,
     {7, 0, 240, 255}},
    {"16 bits with a transparent colour",
     16,
     0,
     "\x01\x02\xfe\xff"s,
     png_chunk("tRNS", "\x01\x02"s),
     2,
     16,
     {258, 0, 65279, 65535}},
};

std::string file_of(const Kind& kind) {
  return png_header(2, 1, kind.depth, kind.colour_type) + kind.chunks + png_data({kind.row}) +
         png_end();
}

}  // namespace

TEST_CASE("PNG of every kind is read, and written back to the same samples and depth") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    const PngFile file = decoded(file_of(kind));
    CHECK(file.raster.channels == kind.channels);
    CHECK(file.raster.depth == kind.raster_depth);
    CHECK(samples(file.raster) == kind.values);
    const PngFile again = decoded(encode_png(file, {}, "b.png"));
    CHECK(again.raster.channels == kind.channels);
    CHECK(again.raster.depth == kind.raster_depth);
    CHECK(samples(again.raster) == kind.values);
  }
}

TEST_CASE("an interlaced PNG stays so") {
  for (const int depth : {8, 16}) {
    PngFile file;
    file.raster = painted(13, 11, 3, depth);
    file.interlaced = true;
    const std::string bytes = encode_png(file, {}, "a.png");
    CHECK(bytes[28] == 1);  // IHDR's last value
    const PngFile again = decoded(bytes);
    CHECK(again.interlaced);
    CHECK(again.raster.bytes == file.raster.bytes);
  }
}

TEST_CASE("a PNG's chunks stay byte by byte, in order, on their side of the pixels") {
  const std::vector<PngChunk> before{{"gAMA", "\0\0\xb1\x8f"s},
                                     {"cHRM", std::string(32, 'c')},
                                     {"iCCP", "not even a profile"},
                                     {"sBIT", "\x08\x08\x08"s},
                                     {"pHYs", "\0\0\x0b\x13\0\0\x0b\x13\x01"s},
                                     {"PLTE", "\x01\x02\x03"s},
                                     {"eXIf", exif_block(6)},
                                     {"tEXt", "Author\0Bob"s},
                                     {"prVt", "private"}};
  const std::vector<PngChunk> after{{"zTXt", "a\0\0xyz"s},
                                    {"tIME", "\x07\xe8\x01\x02\x03\x04\x05"s},
                                    {"iTXt", "T\0\0\0\0\xe9\x87\x91"s}};
  std::string bytes = png_header(2, 1, 8, 2);
  for (const PngChunk& chunk : before) bytes += png_chunk(chunk.type, chunk.data);
  bytes += png_chunk("prVT", "bound to the pixels") + png_chunk("acTL", std::string(8, '\0'));
  bytes += png_data({"abcdef"});
  for (const PngChunk& chunk : after) bytes += png_chunk(chunk.type, chunk.data);
  bytes += png_end();

  const PngFile file = decoded(encode_png(decoded(bytes), {png_text("Note", "mended")}, "b.png"));
  std::vector<PngChunk> expected = before;
  expected.push_back({"tEXt", "Note\0mended"s});
  CHECK(file.before == expected);
  CHECK(file.after == after);
}

TEST_CASE("what refers to a palette, or to few bits, refers to the new pixels") {
  const std::string bytes = png_header(2, 1, 8, 3) + png_chunk("sBIT", "\x05\x06\x05"s) + kPalette +
                            png_chunk("tRNS", "\x09"s) + png_chunk("bKGD", "\x01"s) +
                            png_chunk("hIST", "\0\1\0\1"s) + png_data({"\x01\x00"s}) + png_end();
  CHECK(decoded(bytes).before ==
        std::vector<PngChunk>{{"sBIT", "\x05\x06\x05\x08"s}, {"bKGD", "\0\x04\0\x05\0\x06"s}});
  const std::string grey =
      png_header(2, 1, 2, 0) + png_chunk("bKGD", "\0\x02"s) + png_data({"\x60"s}) + png_end();
  CHECK(decoded(grey).before == std::vector<PngChunk>{{"bKGD", "\0\xaa"s}});
}

TEST_CASE("a damaged PNG is refused in a sentence that names it") {
  const std::string bytes = file_of(kKinds[7]);
  for (size_t size = 8; size < bytes.size(); ++size)
    CHECK(sentence_of([&] { decoded(bytes.substr(0, size)); }).starts_with("a.png is damaged"));
  std::string flipped = bytes;
  flipped[45] = static_cast<char>(flipped[45] ^ 1);
  CHECK(sentence_of([&] { decoded(flipped); }).find("checksum") != std::string::npos);
  const auto refused = [](const std::string& chunks) {
    return sentence_of([&] { decoded(chunks + png_end()); });
  };
  const std::string pixels = png_data({"abcdef"});
  CHECK(refused(png_header(2, 2, 8, 2) + pixels).starts_with("a.png is damaged"));  // a row short
  CHECK(refused(png_header(2, 1, 8, 2)) == "a.png is damaged: it holds no image data");
  CHECK(refused(png_header(2, 1, 8, 5) + pixels) ==
        "a.png is damaged: there is no colour type 5 with 8 bits");
  CHECK(refused(png_header(2, 1, 3, 0) + pixels) ==
        "a.png is damaged: there is no colour type 0 with 3 bits");
  CHECK(refused(png_header(0, 1, 8, 2) + pixels) == "a.png is damaged: it has 0 x 1 pixels");
  CHECK(refused(png_header(2, 1, 8, 3) + png_data({"\x01\x00"s})).starts_with("a.png is damaged"));
  CHECK(refused(png_header(2, 1, 8, 2) + png_chunk("IDAT", "rubbish")).starts_with("a.png is dam"));
  CHECK(refused("\x89PNG\r\n\x1a\n"s + pixels) ==
        "a.png is damaged: it does not begin with a header");
}

TEST_CASE("a PNG's header is held against the limit and against the file before memory is taken") {
  const std::string large = png_header(30000, 30000, 16, 6) + png_data({"abcdef"}) + png_end();
  CHECK(sentence_of([&] { decoded(large); }) ==
        "a.png is too large: 30000 x 30000 pixels, and the limit is 1000000 altogether");
  const std::string sentence = sentence_of([&] { decode_png(large, "a.png", int64_t{1} << 40); });
  CHECK(sentence.starts_with("a.png is damaged: its header says 30000 x 30000 pixels, more than"));
  CHECK(sentence_of([&] {
          decoded(png_header(0x7fffffff, 0x7fffffff, 8, 2) + png_data({"abcdef"}) + png_end());
        }).starts_with("a.png is too large"));
}

TEST_CASE("a note is tEXt where Latin-1 has its letters, else iTXt") {
  CHECK(png_text("Key", "plain") == PngChunk{"tEXt", "Key\0plain"s});
  CHECK(png_text("Key", "caf\xc3\xa9") == PngChunk{"tEXt", "Key\0caf\xe9"s});
  CHECK(png_text("Key", "\xe9\x87\x91") == PngChunk{"iTXt", "Key\0\0\0\0\0\xe9\x87\x91"s});
  CHECK(png_text("Key", "caf\xe9") == PngChunk{"tEXt", "Key\0caf\xe9"s});  // not UTF-8
  for (const std::string& keyword : {""s, " a"s, "a "s, "a\nb"s, std::string(80, 'a')})
    CHECK_THROWS_AS(png_text(keyword, "value"), Error);
}
