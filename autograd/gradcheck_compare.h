#pragma once
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/gradcheck_numerical.h"

namespace kintsugi {

enum class ZeroGradient { refused, allowed, declared };

/// A function f at a place x, with all that its gradients are compared by: those of ⟨u, f(x)⟩.
struct GradcheckProblem {
  numerical::Function f;
  std::vector<Tensor> x;
  std::vector<std::string> names{};  ///< of the inputs, for messages; the next two likewise
  std::vector<bool> differentiable{};
  std::vector<ZeroGradient> zero{};
  std::vector<std::vector<double>> u{};  ///< one cotangent for each output of f
  int sample = 0;
  std::string place{};  ///< "sample 1 (stride 2)"
  bool may_kink = false;
};

/// Compares the gradients of all inputs, one after the other until one fails (or all:
/// keep_going), and enters what it
/// sees in the report.
void compare_gradients(const GradcheckProblem& problem, const GradcheckOptions& options,
                       GradcheckReport& report);

}  // namespace kintsugi
