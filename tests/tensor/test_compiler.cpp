#include <doctest/doctest.h>

#include <cstdint>

// g++ 12.2 at -O2 with AVX-512 stores {2, 2, 2, 0} as {2, 2, 2, 2}: convolutions would get a
// padding that nobody asked for. The Makefile's NARROW flags avoid it; this test sees to it that
// they are in force.

namespace {

struct Four {
  int64_t a, b, c, d;
};

[[gnu::noipa]] int64_t last_of(Four numbers) { return numbers.d; }

}  // namespace

TEST_CASE("a struct of constants arrives as it was written") {
  CHECK(last_of({2, 2, 2, 0}) == 0);
  CHECK(last_of({3, 3, 3, 1}) == 1);
}
