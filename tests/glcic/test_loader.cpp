#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "glcic/loader.h"
#include "glcic/shuffle.h"
#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// Picture i has the value i/1000 everywhere; those in `damaged` cannot be read.
class NumberedPictures : public Dataset {
 public:
  explicit NumberedPictures(int64_t count, std::set<int64_t> damaged = {})
      : count_(count), damaged_(std::move(damaged)) {}
  int64_t size() const override { return count_; }
  std::string name(int64_t index) const override { return std::to_string(index); }
  Tensor picture(int64_t index, int64_t edge) const override {
    check(!damaged_.contains(index), "picture {} is damaged", index);
    return Tensor::full({edge, edge + 2, 3}, static_cast<double>(index) / 1000);
  }
  double scale_range() const override { return 1.25; }

 private:
  int64_t count_;
  std::set<int64_t> damaged_;
};

/// Throws what is no Error: not a damaged picture but a fault.
class FaultyPictures : public NumberedPictures {
 public:
  FaultyPictures() : NumberedPictures(4) {}
  Tensor picture(int64_t, int64_t) const override { throw std::logic_error("a fault"); }
};

bool same(const Batch& a, const Batch& b) {
  return a.images.to_vector() == b.images.to_vector() &&
         a.masks.to_vector() == b.masks.to_vector() && a.holes == b.holes &&
         a.real_regions == b.real_regions;
}

/// Which picture stands at each place of a batch.
std::vector<int64_t> indices(const Batch& batch) {
  std::vector<int64_t> result;
  const int64_t numel = batch.images.numel() / batch.images.size(0);
  for (int64_t i = 0; i < batch.images.size(0); ++i)
    result.push_back(std::llround(1000.0f * batch.images.data<float>()[i * numel]));
  return result;
}

}  // namespace

TEST_CASE("batches depend on seed and step alone, whatever the number of threads") {
  const auto faces = open_dataset("synthetic", Split::train);
  const LoaderOptions options{.size = 16, .batch = 3, .seed = 9};
  std::vector<Batch> expected;
  for (int64_t step = 0; step < 12; ++step) expected.push_back(make_batch(*faces, options, step));
  CHECK_FALSE(same(expected[0], expected[1]));
  for (const int threads : {1, 2, 5}) {
    LoaderOptions with_threads = options;
    with_threads.threads = threads;
    Loader loader(*faces, with_threads);
    for (const Batch& batch : expected) CHECK(same(loader.next(), batch));
  }
}

TEST_CASE("a resumed loader goes on with the same batches") {
  const NumberedPictures pictures(10);
  const LoaderOptions options{.size = 8, .batch = 4, .seed = 2, .threads = 2};
  Loader whole(pictures, options);
  for (int i = 0; i < 5; ++i) whole.next();
  LoaderOptions later = options;
  later.first_step = 5;
  Loader resumed(pictures, later);
  for (int i = 0; i < 5; ++i) CHECK(same(whole.next(), resumed.next()));
}

TEST_CASE("another seed gives other pictures and other holes") {
  const NumberedPictures pictures(500);
  const Batch one = make_batch(pictures, {.size = 16, .seed = 1}, 0);
  const Batch two = make_batch(pictures, {.size = 16, .seed = 2}, 0);
  CHECK(indices(one) != indices(two));
  CHECK(one.holes != two.holes);
}

TEST_CASE("an epoch shows every picture once, in an order of its own") {
  const NumberedPictures pictures(12);
  const LoaderOptions options{.size = 8, .batch = 4, .seed = 3};
  std::vector<std::vector<int64_t>> epochs(3);
  for (int64_t step = 0; step < 9; ++step)
    for (const int64_t index : indices(make_batch(pictures, options, step)))
      epochs[static_cast<size_t>(step / 3)].push_back(index);
  for (const auto& epoch : epochs) CHECK(std::set(epoch.begin(), epoch.end()).size() == 12);
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  CHECK_FALSE(std::is_sorted(epochs[0].begin(), epochs[0].end()));
}

TEST_CASE("the shuffle is a bijection, and uniform enough") {
  for (const int64_t count : {1, 2, 3, 4, 5, 16, 17, 100, 1025}) {
    std::set<int64_t> seen;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t to = shuffled(i, count, 7, 1);
      CHECK(to >= 0);
      CHECK(to < count);
      seen.insert(to);
    }
    CHECK(static_cast<int64_t>(seen.size()) == count);
  }
  std::map<int64_t, int> first;
  for (uint64_t epoch = 0; epoch < 6000; ++epoch) ++first[shuffled(0, 6, 11, epoch)];
  for (const auto& [value, times] : first) {
    CHECK(times > 850);
    CHECK(times < 1150);
  }
  CHECK_THROWS_AS(shuffled(4, 4, 1, 0), Error);
}

TEST_CASE("every picture of a batch has a hole of its own, and M_d is independent of M_c") {
  const NumberedPictures pictures(100);
  const Batch batch = make_batch(pictures, {.size = 32, .batch = 40, .hole_range = {5, 9}}, 0);
  REQUIRE(batch.masks.shape() == Shape{40, 32, 32, 1});
  CHECK(batch.masks.to_vector() == masks_from_holes(batch.holes, 32, 32).to_vector());
  std::set<std::pair<int64_t, int64_t>> corners;
  int together = 0;
  for (size_t i = 0; i < 40; ++i) {
    const Hole &hole = batch.holes[i], &region = batch.real_regions[i];
    corners.insert({hole.x, hole.y});
    together += hole == region;
    CHECK(hole.width >= 5);
    CHECK(hole.width <= 9);
    CHECK(region.x + region.width <= 32);
  }
  CHECK(corners.size() > 30);
  CHECK(together == 0);
}

TEST_CASE("where it is strict, a damaged picture is the error of its batch and of no other") {
  const NumberedPictures sound(12), one_damaged(12, {5});
  LoaderOptions options{.size = 8, .batch = 3, .seed = 4, .threads = 2};
  options.strict = true;
  int errors = 0;
  for (int64_t step = 0; step < 4; ++step) {  // an epoch
    const std::vector<int64_t> met = indices(make_batch(sound, options, step));
    const bool meets = std::find(met.begin(), met.end(), 5) != met.end();
    CHECK(sentence_of([&] { make_batch(one_damaged, options, step); }) ==
          (meets ? "picture 5 is damaged" : ""));
    errors += meets;
  }
  CHECK(errors == 1);
  Loader loader(one_damaged, options);
  CHECK_THROWS_WITH_AS(for (int i = 0; i < 4; ++i) loader.next(), "picture 5 is damaged", Error);
}

TEST_CASE("a damaged picture is passed over for the next one, and counted once") {
  const NumberedPictures pictures(6, {2, 3});
  LoaderOptions options{.size = 8, .batch = 6, .seed = 4};
  const Batch batch = make_batch(pictures, options, 0);
  std::multiset<int64_t> shown;
  for (const int64_t index : indices(batch)) shown.insert(index);
  CHECK(shown == std::multiset<int64_t>{0, 1, 4, 4, 4, 5});
  CHECK(batch.skipped.size() == 3);  // 2 twice: first for its own turn, then 3 after it
  Loader loader(pictures, options);
  loader.next();
  loader.next();
  CHECK(loader.skipped() == 2);
}

TEST_CASE("where no picture can be read, next() says so, every time it is asked") {
  const NumberedPictures pictures(2, {0, 1});
  Loader loader(pictures, {.size = 8, .batch = 2, .threads = 2});
  for (int i = 0; i < 2; ++i)
    CHECK(sentence_of([&] { loader.next(); }).find("cannot be read") != std::string::npos);
}

TEST_CASE("an exception of a loader thread reaches the caller of next()") {
  const FaultyPictures pictures;
  Loader loader(pictures, {.size = 8, .batch = 2});
  CHECK_THROWS_AS(loader.next(), std::logic_error);
}

TEST_CASE("a loader can be left at any moment") {
  const NumberedPictures pictures(50);
  for (int i = 0; i < 30; ++i) {
    Loader loader(pictures, {.size = 8, .batch = 2, .threads = 3});
    for (int step = 0; step < i % 4; ++step) loader.next();
  }
}

TEST_CASE("options that cannot work are refused") {
  const NumberedPictures pictures(5), none(0);
  CHECK_THROWS_AS(Loader(none, {}), Error);
  CHECK_THROWS_AS(Loader(pictures, {.batch = 0}), Error);
  CHECK_THROWS_AS(Loader(pictures, {.size = 16, .hole_range = {8, 17}}), Error);
  CHECK_THROWS_AS(Loader(pictures, {.scale_range = 0.5}), Error);
}
