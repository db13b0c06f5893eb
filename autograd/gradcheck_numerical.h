#pragma once
#include <functional>
#include <vector>

#include "autograd/registry.h"
#include "autograd/variable.h"
#include "tensor/random.h"

/// The parts of gradcheck.cpp that know nothing of backward.
namespace kintsugi::numerical {

/// What is differentiated: some outputs of some inputs, all in float64.
using Function = std::function<Variables(const Variables&)>;

/// Step of the differences, relative to an element above 1. The five-point stencil errs by
/// h⁴·f⁽⁵⁾/30 ≈ 1e-17·f⁽⁵⁾ and by rounding, about 1e-16·f/h = 1e-12·f: both far below 1e-6, also
/// for functions as curved as a normalisation over few elements.
constexpr double kStep = 1e-4;
/// Elements keep this distance from a kink: the stencil reaches 2·kStep.
constexpr double kKinkBand = 5e-4;

struct Drawn {
  std::vector<Tensor> inputs;
  int64_t kinks = 0;  ///< elements drawn again because a kink was within kKinkBand
};
/// The inputs of a sample. Throws Error where they cannot be kept off the kinks.
Drawn draw(const OpInfo& op, const Sample& sample, Generator& generator);

/// d⟨u, f(x)⟩ / d(x[input][element]) by the five-point stencil.
double derivative(const Function& f, const std::vector<Tensor>& x,
                  const std::vector<std::vector<double>>& u, size_t input, int64_t element,
                  double step);

}  // namespace kintsugi::numerical
