#include <doctest/doctest.h>

#include "autograd/checkpoint.h"
#include "tensor/backend.h"
#include "tests/autograd/ops_support.h"

namespace kintsugi {

namespace {

using Function = std::function<Variable(const Variables&)>;

/// Two layers that use the weight w twice, and the input in two places.
Function block(const Variable& w) {
  return [w](const Variables& in) { return tanh(matmul(tanh(matmul(in[0], w)), w)) * in[0]; };
}

Variable plain(const Function& function, const Variables& inputs) { return function(inputs); }

using Run = Variable (*)(const Function&, const Variables&);

struct Gradients {
  Tensor first_x, first_w, second_x, second_w;
};

/// First and second derivatives of a chain of two blocks.
Gradients gradients(Run run) {
  const Variable x = random_leaf({3, 4}, 1), w = random_leaf({4, 4}, 2);
  const Variable y = sum(square(run(block(w), {run(block(w), {x})})));
  const Variables first = grad({y}, {x, w}, {}, {.create_graph = true});
  const Variables second = grad({sum(square(first[0])) + sum(first[1] * w)}, {x, w});
  return {first[0].value(), first[1].value(), second[0].value(), second[1].value()};
}

/// Peak bytes above the start, forward and backward through eight blocks of six maps each.
size_t peak_bytes(Run run) {
  Variable x = random_leaf({64, 1024}, 1);
  reset_peak_memory(test_device());
  const size_t before = memory_statistics(test_device()).current;
  Variable y = x;
  for (int i = 0; i < 8; ++i)
    y = run(
        [](const Variables& in) {
          Variable value = in[0];
          for (int j = 0; j < 6; ++j) value = sigmoid(value);
          return value;
        },
        {y});
  sum(y).backward();
  return memory_statistics(test_device()).peak - before;
}

}  // namespace

TEST_CASE("a checkpointed function has the gradients it has otherwise, first and second order") {
  const Gradients expected = gradients(plain), got = gradients(checkpoint);
  CHECK(difference(got.first_x, expected.first_x) < 1e-14);
  CHECK(difference(got.first_w, expected.first_w) < 1e-14);
  CHECK(difference(got.second_x, expected.second_x) < 1e-13);
  CHECK(difference(got.second_w, expected.second_w) < 1e-13);
}

TEST_CASE("a chain of checkpoints needs a fraction of the memory") {
  CHECK(peak_bytes(checkpoint) * 2 < peak_bytes(plain));
}

TEST_CASE("parameters of a checkpointed function get their gradients, frozen ones none") {
  const Variable x = random_leaf({3, 4}, 1, false), w = random_leaf({4, 4}, 2);
  sum(checkpoint(block(w), {x})).backward();
  CHECK(w.grad().defined());
  CHECK(!x.grad().defined());
  const Variable frozen = w.detach();
  CHECK(!checkpoint(block(frozen), {x}).requires_grad());
}

TEST_CASE("a function knows when it runs again, so that it counts once") {
  int first_runs = 0, runs = 0;
  const Variable x = random_leaf({2}, 1);
  const Variable y = checkpoint(
      [&](const Variables& in) {
        ++runs;
        if (!is_recomputing()) ++first_runs;
        return square(in[0]);
      },
      {x});
  sum(y).backward();
  CHECK(runs == 2);
  CHECK(first_runs == 1);
  CHECK(!is_recomputing());
}

TEST_CASE("checkpoints nest") {
  Variable x = random_leaf({3, 4}, 1), w = random_leaf({4, 4}, 2);
  const Function nested = [&](const Variables& in) {
    return checkpoint(block(w), {checkpoint(block(w), in)});
  };
  sum(checkpoint(nested, {x})).backward();
  const Tensor dx = x.grad().value(), dw = w.grad().value();
  x.zero_grad();
  w.zero_grad();
  sum(block(w)({block(w)({x})})).backward();
  CHECK(difference(dx, x.grad().value()) < 1e-14);
  CHECK(difference(dw, w.grad().value()) < 1e-14);
}

TEST_CASE("without recording a checkpoint is the function itself") {
  NoGrad guard;
  int runs = 0;
  const Variable y = checkpoint(
      [&](const Variables& in) {
        ++runs;
        return square(in[0]);
      },
      {random_leaf({2}, 1)});
  CHECK(runs == 1);
  CHECK(!y.requires_grad());
}

TEST_CASE("what a checkpointed function takes from outside may itself be computed") {
  const auto gradients = [](Run run) {
    const Variable x = random_leaf({3}, 1), outside = exp(x);
    const Variable y =
        run([&](const Variables& in) { return square(in[0]) * outside * x; }, {outside + x});
    const Variable dx = grad({sum(y * outside)}, {x}, {}, {.create_graph = true})[0];
    return grad({sum(square(dx))}, {x})[0].value();
  };
  CHECK(difference(gradients(checkpoint), gradients(plain)) < 1e-13);
}

}  // namespace kintsugi
