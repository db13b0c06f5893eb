#pragma once
#include <optional>
#include <string>
#include <vector>

#include "autograd/registry.h"
#include "tensor/tensor.h"

/// Ways to break a backward on purpose: those that students find by accident. The tests prove with
/// them that the gradient check notices, the mutation page shows what it says then.
namespace kintsugi {

/// A backward pass at the moment when it is spoilt: of y = f(x), by input `which`.
struct BackwardPass {
  const Sample* sample;
  std::vector<Tensor> x;
  Tensor dy;  ///< of the shape of y
  size_t which;

  /// The right gradient of input `input` for other values or another gradient of y.
  std::vector<double> gradient(size_t input, const std::vector<Tensor>& x, const Tensor& dy) const;
  std::vector<double> right() const { return gradient(which, x, dy); }
  const Shape& shape() const { return x[which].shape(); }
};

struct Mutation {
  const char* name;     ///< "wrong stride"
  const char* mistake;  ///< what was done wrong, as a sentence
  const char* code;     ///< a typical line with the mistake
  const char* picture;  ///< how to recognise it in the map of errors, as a sentence
  const char* needs;    ///< what must be there for it to apply: "two axes longer than 1"
  /// The wrong gradient; nothing where the mutation does not apply.
  std::optional<std::vector<double>> (*apply)(const BackwardPass& pass);
};

const std::vector<Mutation>& mutations();
/// Throws Error, with all names, where there is none of this name.
const Mutation& mutation_called(const std::string& name);

/// What became of a broken op.
struct MutationEffect {
  bool applied = false;  ///< some gradient could be spoilt
  bool changed = false;  ///< and was: by more than any rounding
};
/// The op with a backward that is right but for the gradients of input `which` (of all inputs where
/// it is none), which the mutation has spoilt; `effect` is written to at each backward, and must
/// outlive the op, as must `info`.
OpInfo broken(const OpInfo& info, const Mutation& mutation, std::optional<size_t> which,
              MutationEffect& effect);

}  // namespace kintsugi
