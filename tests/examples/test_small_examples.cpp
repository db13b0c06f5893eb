#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "examples/support/digits.h"
#include "examples/support/plot.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"
#include "tests/temporary_folder.h"

namespace kintsugi {

namespace {

struct Outcome {
  int status = 0;
  std::string output;  ///< errors too

  /// The number behind these words.
  double after(const std::string& words) const {
    const size_t place = output.rfind(words);
    return place == std::string::npos ? NAN : std::strtod(&output[place + words.size()], nullptr);
  }
};

/// Runs a program that was built beside this one, on one thread: these are small networks.
Outcome run(const std::string& command) {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string line = "OMP_NUM_THREADS=1 " + (folder / command).string() + " 2>&1";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  Outcome outcome;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    outcome.output += static_cast<char>(c);
  outcome.status = WEXITSTATUS(::pclose(pipe));
  return outcome;
}

bool is_svg(const std::string& path) { return read_file(path).starts_with("<svg "); }

}  // namespace

TEST_CASE("the quick examples come to what they claim, and draw it") {
  const TemporaryFolder folder;
  for (const char* name : {"linear_regression", "xor", "layer_table"}) {
    CAPTURE(name);
    const std::string picture = folder / (std::string(name) + ".svg");
    const Outcome outcome = run(std::string(name) + " --out " + picture);
    CAPTURE(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("): yes\n") != std::string::npos);
    CHECK(is_svg(picture));
  }
}

TEST_CASE("the longer examples learn in their first steps, and draw it") {
  const TemporaryFolder folder;
  SUBCASE("digits") {
    const Outcome outcome = run("digits --steps 80 --out " + (folder / "a.png"));
    CAPTURE(outcome.output);
    CHECK(outcome.after("accuracy ") > 0.8);
    CHECK(read_image(folder / "a.png").shape() == Shape{502, 502, 3});
  }
  SUBCASE("autoencoder") {
    const Outcome outcome = run("autoencoder --steps 100 --out " + (folder / "a.png"));
    CAPTURE(outcome.output);
    CHECK(outcome.after("loss ") < 0.55);
    CHECK(read_image(folder / "a.png").shape() == Shape{336, 664, 3});
  }
  SUBCASE("dcgan") {
    const Outcome outcome = run("dcgan --steps 8 --out " + (folder / "a.png"));
    CAPTURE(outcome.output);
    CHECK(outcome.after("deviations ") < 1);
    CHECK(read_image(folder / "a.png").size(1) == 602);
  }
  SUBCASE("wgan_gp") {
    const Outcome outcome = run("wgan_gp --steps 100 --out " + (folder / "a.svg"));
    CAPTURE(outcome.output);
    CHECK(outcome.after("mean slope ") == doctest::Approx(1).epsilon(0.35));
    CHECK(is_svg(folder / "a.svg"));
  }
}

TEST_CASE("an example says by its status where its claim was missed") {
  const TemporaryFolder folder;
  const Outcome outcome = run("xor --steps 1 --out " + (folder / "a.svg"));
  CHECK(outcome.status == 1);
  CHECK(outcome.output.find("(at most 0.02): no\n") != std::string::npos);
  CHECK(is_svg(folder / "a.svg"));
}

TEST_CASE("an example draws the same picture for the same seed, and another for another") {
  const TemporaryFolder folder;
  const auto picture = [&](const std::string& seed) {
    run("xor --steps 50 --seed " + seed + " --out " + (folder / "a.svg"));
    return read_file(folder / "a.svg");
  };
  const std::string first = picture("3");
  CHECK(first == picture("3"));
  CHECK(first != picture("4"));
}

TEST_CASE("an example refuses a picture it cannot write before it trains") {
  const TemporaryFolder folder;
  const Outcome nowhere = run("wgan_gp --out " + (folder / "none/a.svg"));
  CHECK(nowhere.status == 2);
  CHECK(nowhere.output == "wgan_gp: cannot write " + (folder / "none/a.svg") +
                              ": there is no folder " + (folder / "none") + "\n");
  const Outcome other = run("wgan_gp --out " + (folder / "a.png"));
  CHECK(other.status == 2);
  CHECK(other.output.find("its name must end in .svg") != std::string::npos);
  CHECK(run("xor --steps 0").status == 2);
}

TEST_CASE("drawn digits are ink on paper, of all kinds, and the same for the same generator") {
  Generator generator{.seed = 5};
  const Generator before = generator;
  const DigitBatch batch = draw_digits(300, generator);
  CHECK(batch.pictures.shape() == Shape{300, kDigitSize, kDigitSize, 1});
  CHECK(ops::max(batch.pictures).item() == 1);
  CHECK(ops::max(ops::negate(batch.pictures)).item() == 0);
  std::array<int, 10> counts{};
  for (const int64_t label : batch.labels) ++counts.at(static_cast<size_t>(label));
  for (const int count : counts) CHECK(count > 10);
  Generator again = before;
  CHECK(draw_digits(300, again).pictures.to_vector() == batch.pictures.to_vector());
  CHECK(again == generator);
}

TEST_CASE("a stroke of ink follows the digit's model where the hand is steady") {
  Generator generator{.seed = 1};
  const Handwriting steady{.turn = 0, .slant = 0, .shift = 0, .wobble = 0};
  const std::vector<double> one = draw_digit(1, generator, steady).to_vector();
  const auto at = [&](int64_t row, int64_t column) {
    return one[static_cast<size_t>(row * kDigitSize + column)];
  };
  CHECK(at(8, 8) == 1);  // the stem
  CHECK(at(8, 2) == 0);
  CHECK(at(8, 13) == 0);
  CHECK(at(0, 8) == 0);
  CHECK_THROWS_AS(draw_digit(10, generator), Error);
}

TEST_CASE("a surface joins cells of one colour, row 0 at the bottom") {
  Plot plot("", {"", 0, 2}, {"", 0, 2});
  plot.surface(Tensor::from({0, 0, 1, 2}, {2, 2}), "#000000", "#ffffff");
  const std::string svg = plot.svg();
  CHECK(svg.find("<path fill=\"#000000\" d=\"M0 1h2v1h-2z\"/>") != std::string::npos);
  CHECK(svg.find("<path fill=\"#ffffff\" d=\"M0 0h2v1h-2z\"/>") != std::string::npos);
  CHECK_THROWS_AS(plot.points(Tensor::zeros({3}), "#000000"), ShapeError);
}

TEST_CASE("centres of cells run from low to high") {
  CHECK(cell_centres({"", 0, 4}, {"", 10, 20}, 1, 2).to_vector() ==
        std::vector<double>{1, 15, 3, 15});
}

}  // namespace kintsugi
