#include <doctest/doctest.h>

#include "tests/autograd/ops_support.h"

namespace kintsugi {

namespace {

const std::vector<std::pair<std::string, Layout>> kMapInputs = {
    {"input", map_layout}, {"weight", as_is}, {"bias", as_is}};

/// running + momentum·(batch − running), the variance unbiased, as PyTorch keeps them.
Tensor moved(const Tensor& running, const Tensor& batch, double momentum, double factor = 1) {
  return ops::add(ops::affine(running, 1 - momentum, 0), ops::affine(batch, momentum * factor, 0));
}

}  // namespace

TEST_CASE("batch normalisation in training, its gradients and its statistics are PyTorch's") {
  for (const char* name : {"training", "single_picture", "vectors"}) {
    CAPTURE(name);
    const ReferenceCase reference("batch_norm", name);
    const Layout layout = std::string(name) == "vectors" ? as_is : map_layout;
    Normalised result;
    CHECK(difference_from(reference, {{"input", layout}, {"weight", as_is}, {"bias", as_is}},
                          layout, [&](const Variables& in) {
                            result = batch_norm(in[0], in[1], in[2], reference.option(0));
                            return result.y;
                          }) < 1e-11);
    const double rows = static_cast<double>(result.y.value().numel() / result.mean.numel());
    const double momentum = reference.option(1);
    CHECK(difference(moved(reference["running_mean"], result.mean, momentum),
                     reference["running_mean_after"]) < 1e-13);
    CHECK(difference(moved(reference["running_var"], result.variance, momentum, rows / (rows - 1)),
                     reference["running_var_after"]) < 1e-13);
  }
}

TEST_CASE("batch normalisation with its ReLU is PyTorch's, one after the other") {
  const ReferenceCase reference("batch_norm_relu", "training");
  CHECK(difference_from(reference, kMapInputs, map_layout, [&](const Variables& in) {
          return batch_norm(in[0], in[1], in[2], reference.option(0), true).y;
        }) < 1e-11);
}

TEST_CASE("batch normalisation with given statistics is PyTorch's") {
  const ReferenceCase reference("batch_norm", "eval");
  CHECK(difference_from(reference, kMapInputs, map_layout, [&](const Variables& in) {
          return batch_norm_inference(in[0], in[1], in[2], reference["running_mean"],
                                      reference["running_var"], reference.option(0));
        }) < 1e-12);
}

TEST_CASE("instance normalisation and its gradients are PyTorch's") {
  const ReferenceCase reference("instance_norm", "affine");
  CHECK(difference_from(reference, kMapInputs, map_layout, [&](const Variables& in) {
          return instance_norm(in[0], in[1], in[2], reference.option(0)).y;
        }) < 1e-11);
}

TEST_CASE("instance normalisation gives statistics for each picture, batch normalisation for all") {
  const Variable x = random_leaf({3, 4, 2, 5}, 1);
  const Variable gamma = random_leaf({5}, 2), beta = random_leaf({5}, 3);
  CHECK(batch_norm(x, gamma, beta).mean.shape() == Shape{5});
  CHECK(instance_norm(x, gamma, beta).variance.shape() == Shape{3, 5});
}

TEST_CASE("ghost batches are normalised as they would be one by one, and so are their gradients") {
  const Variable x = random_leaf({6, 2, 3, 4}, 1), dy = random_leaf({6, 2, 3, 4}, 2, false);
  const Variable gamma = random_leaf({4}, 3), beta = random_leaf({4}, 4);
  const auto norm = [&](const Variable& in, int64_t batches) {
    return batch_norm(in, gamma, beta, 1e-5, true, batches);
  };
  const Normalised together = norm(x, 3);
  const Variables got = grad({together.y}, {x, gamma, beta}, {dy});
  CHECK(together.mean.shape() == Shape{3, 4});
  CHECK(together.variance.shape() == Shape{3, 4});
  Variable sum_of_gamma, sum_of_beta;
  for (int64_t batch = 0; batch < 3; ++batch) {
    CAPTURE(batch);
    const auto own = [&](const Variable& all) { return slice(all, 0, 2 * batch, 2).detach(); };
    const Variable part(own(x).value(), true);
    const Normalised alone = norm(part, 1);
    CHECK(difference(own(together.y).value(), alone.y.value()) == 0);
    CHECK(difference(ops::slice(together.variance, 0, batch, 1).reshape({4}), alone.variance) == 0);
    const Variables expected = grad({alone.y}, {part, gamma, beta}, {own(dy)});
    CHECK(difference(own(got[0]).value(), expected[0].value()) < 1e-14);
    sum_of_gamma = batch == 0 ? expected[1] : sum_of_gamma + expected[1];
    sum_of_beta = batch == 0 ? expected[2] : sum_of_beta + expected[2];
  }
  CHECK(difference(got[1].value(), sum_of_gamma.value()) < 1e-13);
  CHECK(difference(got[2].value(), sum_of_beta.value()) < 1e-13);
  CHECK(error_of([&] { norm(x, 4); }) == "batch_norm: x [6, 2, 3, 4] is not 4 batches of one size");
}

TEST_CASE("a gradient penalty through the fused normalisation is that through its formula") {
  const auto formula = [](const Variable& x, const Variable& gamma, const Variable& beta) {
    const Variable centred = x - mean(x, {0}, true);
    const Variable variance = mean(square(centred), {0}, true);
    return relu(centred / sqrt(variance + 1e-5) * gamma + beta);
  };
  const auto fused = [](const Variable& x, const Variable& gamma, const Variable& beta) {
    return batch_norm(x, gamma, beta, 1e-5, true).y;
  };
  const auto penalty_gradients = [](auto norm) {
    const Variable x = random_leaf({6, 3}, 1), w = random_leaf({3, 3}, 2);
    const Variable gamma = random_leaf({3}, 3), beta = random_leaf({3}, 4);
    const Variable y = norm(norm(matmul(x, w), gamma, beta), gamma, beta);
    const Variable dx = grad({sum(y * square(y))}, {x}, {}, {.create_graph = true})[0];
    return grad({sum(square(dx))}, {x, w, gamma, beta});
  };
  const Variables got = penalty_gradients(fused), expected = penalty_gradients(formula);
  for (size_t i = 0; i < got.size(); ++i)
    CHECK(difference(got[i].value(), expected[i].value()) < 1e-10);
}

TEST_CASE("with gamma and beta frozen the gradient of a normalisation still reaches its input") {
  const Variable x = random_leaf({2, 3, 3, 2}, 1);
  const Variable free_gamma = leaf({1.5, -0.5}, {2}), free_beta = leaf({0, 1}, {2});
  const Variable dy = random_leaf(x.shape(), 2, false);
  const Variable expected = grad({batch_norm(x, free_gamma, free_beta).y}, {x}, {dy})[0];
  const Variable gamma = free_gamma.detach(), beta = free_beta.detach();
  batch_norm(x, gamma, beta).y.backward(dy);
  CHECK(difference(x.grad().value(), expected.value()) == 0);
  CHECK(!gamma.grad().defined());
  CHECK(!beta.grad().defined());
}

TEST_CASE("a normalisation that does not fit says so in a sentence") {
  const Variable x = random_leaf({2, 3, 3, 4}, 1), three = random_leaf({3}, 2);
  const Variable four = random_leaf({4}, 3);
  CHECK(error_of([&] { batch_norm(x, three, three); }) ==
        "batch_norm: gamma [3] and beta [3] must be [4], the channels of x [2, 3, 3, 4]");
  CHECK(error_of([&] { instance_norm(x, four, three); }) ==
        "instance_norm: gamma [4] and beta [3] must be [4], the channels of x [2, 3, 3, 4]");
  CHECK(error_of([&] {
          instance_norm(random_leaf({6, 4}, 4), four, four);
        }) == "instance_norm: x [6, 4] must have 4 axes, [N, H, W, C]");
  CHECK(error_of([&] { batch_norm_inference(x, four, four, three.value(), four.value()); }) ==
        "batch_norm_inference: mean [3] and variance [4] must be [4], the channels of x "
        "[2, 3, 3, 4]");
  CHECK(error_of([&] {
          batch_norm(random_leaf({0, 4}, 5), four, four);
        }) == "batch_norm: x [0, 4] has nothing to take a mean of");
}

}  // namespace kintsugi
