#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "glcic/dataset.h"
#include "glcic/faces/faces.h"
#include "glcic/image_ops.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// Six portraits of 22 × 26 in CelebA's layout: 3 train, 1 valid, 2 test.
void make_celeba(const std::string& root) {
  std::filesystem::create_directories(root + "/img_align_celeba");
  std::string list;
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "00000" + std::to_string(i) + ".png";
    const Tensor picture = Tensor::full({26, 22, 3}, 0.1 * i);
    for (int64_t k = 0; k < 2 * 22 * 3; ++k) picture.data<float>()[k] = 1;  // above the square
    write_png(root + "/img_align_celeba/" + name, picture);
    list += name + (i % 2 == 0 ? " " : "   ") + (i <= 3 ? "0" : i == 4 ? "1" : "2") + "\n";
  }
  write_file_atomically(root + "/list_eval_partition.txt", list);
}

std::set<std::string> names(const Dataset& dataset) {
  std::set<std::string> names;
  for (int64_t i = 0; i < dataset.size(); ++i) names.insert(dataset.name(i));
  return names;
}

}  // namespace

TEST_CASE("CelebA's list says which pictures belong to which split") {
  const TemporaryFolder folder;
  make_celeba(folder.path());
  CHECK(names(*open_dataset(folder.path(), Split::train)) ==
        std::set<std::string>{"000001.png", "000002.png", "000003.png"});
  CHECK(names(*open_dataset(folder.path(), Split::valid)) == std::set<std::string>{"000004.png"});
  CHECK(names(*open_dataset(folder.path(), Split::test)) ==
        std::set<std::string>{"000005.png", "000006.png"});
  CHECK(open_dataset(folder.path(), Split::all)->size() == 6);
}

TEST_CASE("CelebA is found in a folder celeba, and its centre square is cut first") {
  const TemporaryFolder folder;
  make_celeba(folder / "celeba");
  const auto dataset = open_dataset(folder.path(), Split::train);
  CHECK(dataset->size() == 3);
  CHECK(dataset->scale_range() == doctest::Approx(1.1125));
  const Tensor picture = dataset->picture(1, 22);
  CHECK(picture.shape() == Shape{22, 22, 3});
  for (const double value : picture.to_vector()) CHECK(value == doctest::Approx(0.2).epsilon(0.01));
}

TEST_CASE("a malformed line of CelebA's list is named") {
  const TemporaryFolder folder;
  make_celeba(folder.path());
  const std::string list = folder / "list_eval_partition.txt";
  for (const std::string line : {"000002.png", "000002.png 3", "000002.png 0 0", "000002.png,0"}) {
    write_file_atomically(list, "000001.png 0\n" + line + "\n");
    CHECK(sentence_of([&] { open_dataset(folder.path(), Split::train); }) ==
          list + ", line 2: \"" + line + "\" is not a file name and a split (0, 1 or 2)");
  }
}

TEST_CASE("a picture that CelebA's list names but that is missing is named") {
  const TemporaryFolder folder;
  make_celeba(folder.path());
  std::filesystem::remove(folder / "img_align_celeba/000005.png");
  const std::string sentence = sentence_of([&] { open_dataset(folder.path(), Split::train); });
  CHECK(sentence.find("line 5: there is no picture 000005.png") != std::string::npos);
  std::filesystem::remove(folder / "list_eval_partition.txt");
  CHECK_THROWS_AS(open_dataset(folder.path(), Split::train), Error);
}

TEST_CASE("a plain folder's pictures divide into splits that do not overlap") {
  const TemporaryFolder folder;
  for (int i = 0; i < 120; ++i)
    write_png(folder / fmt::format("p{}{}", i, i % 2 ? ".png" : ".PNG"),
              Tensor::full({2, 3, 3}, 0.5));
  write_file_atomically(folder / "notes.txt", "no picture");
  std::set<std::string> seen;
  size_t total = 0;
  for (const Split split : {Split::train, Split::valid, Split::test}) {
    const auto dataset = open_dataset(folder.path(), split);
    const std::set<std::string> part = names(*dataset);
    total += part.size();
    seen.insert(part.begin(), part.end());
    CHECK(dataset->scale_range() == 1.5);
  }
  CHECK(total == 120);
  CHECK(seen == names(*open_dataset(folder.path(), Split::all)));
  CHECK(open_dataset(folder.path(), Split::train)->size() > 95);
  std::filesystem::remove(folder / "p0.PNG");  // the others stay where they are
  const std::set<std::string> train = names(*open_dataset(folder.path(), Split::train));
  for (const std::string& name : train) CHECK(seen.contains(name));
}

TEST_CASE("a folder without pictures, or none at all, is an error that names it") {
  const TemporaryFolder folder;
  CHECK(sentence_of([&] { open_dataset(folder.path(), Split::all); }) ==
        "there are no PNG or JPEG files in the folder " + folder.path());
  CHECK(sentence_of([&] { open_dataset(folder / "no", Split::all); }) ==
        "there is no folder " + folder / "no");
  write_png(folder / "only.png", Tensor::zeros({4, 4, 3}));
  int empty = 0;
  for (const Split split : {Split::train, Split::valid, Split::test})
    empty += !sentence_of([&] { open_dataset(folder.path(), split); }).empty();
  CHECK(empty == 2);
}

TEST_CASE("a damaged picture is an error that names it") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "broken.png", "\x89PNG\r\n\x1a\n and no more");
  const auto dataset = open_dataset(folder.path(), Split::all);
  CHECK(sentence_of([&] { dataset->picture(0, 4); }).find("broken.png") != std::string::npos);
  CHECK_THROWS_AS(dataset->picture(1, 4), Error);
}

TEST_CASE("what a picture looks like does not depend on the cache") {
  const TemporaryFolder folder;
  write_jpeg(folder / "face.jpg", draw_face(3, 150));
  const auto kept = open_dataset(folder.path(), Split::all, {.largest_edge = 30});
  const auto fresh =
      open_dataset(folder.path(), Split::all, {.largest_edge = 30, .cache_bytes = 0});
  const std::vector<double> first = kept->picture(0, 20).to_vector();
  CHECK(kept->picture(0, 20).to_vector() == first);
  CHECK(fresh->picture(0, 20).to_vector() == first);
  CHECK(fresh->picture(0, 20).to_vector() == first);
}

TEST_CASE("no synthetic face of the test split is seen in training") {
  const auto train = open_dataset("synthetic", Split::train);
  const auto valid = open_dataset("synthetic", Split::valid);
  const auto test = open_dataset("synthetic", Split::test);
  CHECK(train->size() >= 100'000);
  CHECK(train->name(train->size() - 1) != valid->name(0));
  CHECK(valid->name(valid->size() - 1) != test->name(0));
  CHECK(open_dataset("synthetic", Split::all)->size() ==
        train->size() + valid->size() + test->size());
  CHECK(test->picture(0, 20).to_vector() != valid->picture(0, 20).to_vector());
  CHECK_THROWS_AS(test->picture(test->size(), 20), Error);
}

TEST_CASE("training scales within the range, crops inside and flips half the time") {
  const TemporaryFolder folder;
  // Brightness grows from left to right, so that a crop shows whether it was mirrored.
  const Tensor ramp = Tensor::empty({40, 60, 3});
  for (int64_t i = 0; i < ramp.numel(); ++i)
    ramp.data<float>()[i] = static_cast<float>(i / 3 % 60) / 60.0f;
  write_png(folder / "ramp.png", ramp);
  const auto dataset = open_dataset(folder.path(), Split::all);
  Generator generator{.seed = 1};
  int mirrored = 0;
  std::set<double> first_values;
  for (int i = 0; i < 200; ++i) {
    const Tensor picture = training_picture(*dataset, 0, 16, 1.5, generator);
    REQUIRE(picture.shape() == Shape{16, 16, 3});
    const float left = picture.data<float>()[0], right = picture.data<float>()[15 * 3];
    mirrored += left > right;
    first_values.insert(static_cast<double>(left));
    // 16 of 24 to 36 columns: between 16/36 and 16/24 of the ramp
    CHECK(std::abs(left - right) > 0.36f);
    CHECK(std::abs(left - right) < 0.68f);
  }
  CHECK(mirrored > 70);
  CHECK(mirrored < 130);
  CHECK(first_values.size() > 50);
}

TEST_CASE("evaluation sees the centre square, scaled") {
  const TemporaryFolder folder;
  const Tensor picture = Tensor::zeros({20, 60, 3});
  for (int64_t i = 0; i < picture.numel(); ++i)
    picture.data<float>()[i] = i / 3 % 60 >= 20 && i / 3 % 60 < 40 ? 1.0f : 0.0f;
  write_png(folder / "p.png", picture);
  const auto dataset = open_dataset(folder.path(), Split::all);
  const Tensor square = evaluation_picture(*dataset, 0, 20);
  for (const double value : square.to_vector()) CHECK(value == 1);
  CHECK(evaluation_picture(*dataset, 0, 8).shape() == Shape{8, 8, 3});
}

TEST_CASE("the mean pixel is the mean over the pictures, damaged ones left out") {
  const TemporaryFolder folder;
  make_celeba(folder.path());
  const auto dataset = open_dataset(folder.path(), Split::train);
  const Tensor mean = mean_pixel(*dataset, 8);
  CHECK(mean.shape() == Shape{3});
  for (const double value : mean.to_vector()) CHECK(value == doctest::Approx(0.2).epsilon(0.01));
  write_file_atomically(folder / "img_align_celeba/000001.png", "broken");
  const auto damaged = open_dataset(folder.path(), Split::train);
  CHECK(mean_pixel(*damaged, 8).to_vector()[1] == doctest::Approx(0.25).epsilon(0.01));
}

TEST_CASE("splits have names") {
  for (const Split split : {Split::train, Split::valid, Split::test, Split::all})
    CHECK(split_from_string(to_string(split)) == split);
  CHECK_THROWS_AS(split_from_string("training"), Error);
}
