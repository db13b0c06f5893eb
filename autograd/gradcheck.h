#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/registry.h"
#include "autograd/variable.h"

namespace kintsugi {

/// The comparison of one input's gradient, element by element: for pictures of where it is wrong.
struct GradcheckElements {
  int sample = 0;
  std::string place;  ///< "sample 1 (stride 2)"
  std::string input;  ///< "input 0", or "cotangent" at second order
  Shape shape;
  double scale = 0;  ///< that errors are measured by, at least: s below
  std::vector<double> expected{}, got{};
  std::vector<double> error{};   ///< relative; infinity where one of the two is no number
  std::vector<bool> excluded{};  ///< too near to a kink
};
using GradcheckObserver = std::function<void(const GradcheckElements&)>;

struct GradcheckOptions {
  /// 1: the gradient of f. 2: the gradient of the gradient, that is, of (x, v) ↦ Jᶠ(x)ᵀ·v.
  int order = 1;
  /// The relative error that an element may have, at most.
  double tolerance = 1e-6;
  /// Inputs and cotangents are random; the same seed gives the same ones.
  uint64_t seed = 1;
  /// Where the gradients are computed. The numerical derivatives are always the CPU's, and so are
  /// the values that those of the device are compared with.
  Device device = Device::cpu;
  /// Goes on to all inputs and all samples where one has failed; `failure` is still the first.
  bool keep_going = false;
  /// Is shown every input that was compared.
  GradcheckObserver observer{};
};

/// What a check found.
struct GradcheckReport {
  std::string name{};
  int order = 1;
  int samples = 0;
  int64_t elements = 0;        ///< of gradients, compared
  double worst = 0;            ///< largest relative error
  std::string where{};         ///< its place: "sample 1 (stride 2), input 0 element [0, 2]"
  int64_t kinks_excluded = 0;  ///< elements drawn again or left out because a kink was too near
  bool passed = true;
  bool skipped = false;   ///< second order, where the op declares that it has none
  std::string failure{};  ///< a sentence with op, sample, input, element, expected and got
};

/// Compares the gradients that backward computes with numerical ones, in float64:
///
///   L(x) = ⟨u, f(x)⟩, u random        ∂L/∂xᵢ ≈ (8(L(x+hᵢ) − L(x−hᵢ)) − (L(x+2hᵢ) − L(x−2hᵢ))) /
///   12h
///
/// for every element i of every differentiable input, twice: where this input alone requires a
/// gradient, and where all do, since a buffer that two gradients share hides a wrong one.
///
/// The error of an element is |a − n| / max(|a|, |n|, s), s the root mean square of the input's
/// numerical gradient, 1e-3 at least (u and the samples are of order 1): an element that is small
/// among its neighbours is measured by them, for it is made of terms as large as theirs.
///
/// Samples stay away from the op's kinks by a band: elements inside it are drawn again. A kink
/// further in, as in a layer with a ReLU, shows as a numerical derivative that depends on h; such
/// elements are left out, a quarter of an input at most, and only where kinks are declared. An
/// all-zero gradient is refused unless it is declared (SampleInput::zero_gradient; at second order
/// this holds for the cotangent v only: a linear op's gradient does not depend on x).
///
/// Stops at the first input that fails (unless keep_going), with the worst of its elements in
/// `failure`; an Error that the op throws is a failure, too.
GradcheckReport gradcheck(const OpInfo& op, const GradcheckOptions& options = {});

/// The same for a function of one's own:
///   auto report = gradcheck("cube", [](const Variables& in) { return in[0] * square(in[0]); },
///                           {{.shape = {2, 3}}});
GradcheckReport gradcheck(const std::string& name,
                          const std::function<Variable(const Variables&)>& function,
                          const std::vector<SampleInput>& inputs,
                          const GradcheckOptions& options = {});

}  // namespace kintsugi
