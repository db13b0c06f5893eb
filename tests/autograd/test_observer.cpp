#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/observer.h"
#include "autograd/ops.h"

using namespace kintsugi;

TEST_CASE("an observer sees the output of every op, of the forward and the backward pass") {
  std::vector<std::string> seen;
  Variable x(Tensor::from({1, -2}, {2}), true);
  {
    const ObserverGuard guard([&](const char* op, const Tensor& output) {
      seen.push_back(std::string(op) + " " + std::to_string(output.numel()));
    });
    const Variable y = sum(square(x));
    CHECK(seen == std::vector<std::string>{"square 2", "sum 1"});
    y.backward();
    CHECK(seen.size() > 2);
  }
  const size_t before = seen.size();
  square(x);
  CHECK(seen.size() == before);
}
