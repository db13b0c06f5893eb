#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/variable.h"

namespace kintsugi {

/// One input of a sample: random numbers, uniform in [low, high].
struct SampleInput {
  Shape shape;
  double low = -1;
  double high = 1;
  bool differentiable = true;
  /// Declares that this input's gradient is zero everywhere (a bias in front of a normalisation);
  /// one that is so without being declared is refused.
  bool zero_gradient = false;
};

/// One set of arguments that an op is checked on.
struct Sample {
  std::vector<SampleInput> inputs;
  std::function<Variable(const Variables&)> apply;
  std::string label{};  ///< what is special here: "stride 2, even kernel"
};

/// What is known of an op, as data for checks and documents; never a way to call it.
struct OpInfo {
  std::string name;               ///< as given to record(), unless composed
  std::string formula;            ///< "max(x, 0)"
  std::string derivative;         ///< "dx = dy where x > 0, else 0"
  std::vector<double> kinks{};    ///< input values where the derivative jumps: checks stay away
  bool differences_kink = false;  ///< kinks wherever two inputs (or elements) are equal instead
  bool second_order = true;       ///< false where the second derivative is not defined
  bool composed = false;          ///< made of other ops, and recorded under their names
  std::vector<Sample> samples;
};

/// A namespace-scope constant of this type enters an op at program start:
///   const RegisterOp registered{{.name = "relu", .formula = "max(x, 0)", ...}};
/// A second op of the same name ends the program with a sentence.
struct RegisterOp {
  explicit RegisterOp(OpInfo info);
};

/// All ops of the program, sorted by name. An object that nothing refers to is dropped when it
/// comes out of an archive: programs that walk the registry link the objects themselves.
const std::vector<OpInfo>& registered_ops();

/// Layers, in the same form: `inputs` are the layer's inputs, then its parameters.
struct RegisterLayer {
  explicit RegisterLayer(OpInfo info);
};
const std::vector<OpInfo>& registered_layers();

}  // namespace kintsugi
