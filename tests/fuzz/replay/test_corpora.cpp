#include <doctest/doctest.h>

#include <filesystem>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tests/fuzz/target.h"

using namespace kintsugi;

namespace fs = std::filesystem;

namespace {

std::string corpus_of(const std::string& target) { return "tests/fuzz/corpus/" + target; }

}  // namespace

TEST_CASE("every input of the fuzzing corpora is read, or refused with an Error") {
  for (const auto& [name, target] : fuzz_targets())
    for (const fs::directory_entry& input : fs::directory_iterator(corpus_of(name))) {
      CAPTURE(input.path().string());
      CHECK_NOTHROW(run_fuzz_target(target, read_file(input.path().string())));
    }
}

TEST_CASE("a JPEG whose tables a decoder would trip over is refused before it is decoded") {
  for (const auto& [input, reason] : {std::pair{"huffman-overflow", "its Huffman tables"},
                                      {"zero-quantiser", "its quantisation tables"}}) {
    const std::string path = fmt::format("{}/found-{}.jpg", corpus_of("image"), input);
    CHECK_THROWS_WITH_AS(read_image(path), doctest::Contains(reason), Error);
  }
}

TEST_CASE("every corpus has its target") {
  CHECK_FALSE(fuzz_targets().empty());
  for (const fs::directory_entry& corpus : fs::directory_iterator("tests/fuzz/corpus"))
    CHECK_MESSAGE(fuzz_targets().contains(corpus.path().filename().string()), corpus.path());
}
