#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

class Variable;
using Variables = std::vector<Variable>;
/// One gradient for each input of an op; an undefined Variable where none is needed.
using Grads = std::vector<Variable>;
/// Gets the gradient of the output and the output itself, both as Variables, and returns the
/// gradients of the inputs made of the same ops: so a gradient can be differentiated again. The
/// output must not be captured: a node that owns itself is never freed.
using Backward = std::function<Grads(const Variable& dy, const Variable& y)>;
/// Makes an op's output again, to the same bits, from what its graph keeps anyway: its inputs'
/// values and small tensors. The output must not be captured.
using Remake = std::function<Tensor()>;
/// Sees a gradient on its way, and may return another one in its place (or an undefined Variable
/// to leave it as it is).
using Hook = std::function<Variable(const Variable& gradient)>;

struct Node;

struct BackwardOptions {
  /// Keeps the graph, so that backward can walk it again. Otherwise it is freed on the way, block
  /// by block, and a second backward is an error.
  bool retain_graph = false;
  /// Records the backward pass itself, so that gradients can be differentiated; keeps the graph.
  /// With backward(), a leaf then owns a gradient whose graph owns the leaf: zero_grad() lets both
  /// go. grad() makes no such circle.
  bool create_graph = false;
};

/// A tensor in a graph of operations, for reverse-mode automatic differentiation (Griewank &
/// Walther, "Evaluating Derivatives", 2008, ch. 3). A shared handle to a node: value, op name,
/// inputs, backward function, and, for leaves, the gradient.
///
///   Variable x(Tensor::from({1, 2, 3}, {3}), true);
///   Variable y = sum(square(x));   // y = Σ x²
///   y.backward();
///   x.grad();                      // 2x = [2, 4, 6]
class Variable {
 public:
  Variable() = default;
  /// A leaf.
  explicit Variable(Tensor value, bool requires_grad = false);

  bool defined() const { return node_ != nullptr; }
  /// Made again where release_value let it go.
  const Tensor& value() const;
  /// Does not need the value.
  const Shape& shape() const;
  int64_t size(int axis) const { return shape()[axis]; }
  TensorOptions options() const { return value().options(); }
  double item() const { return value().item(); }

  bool requires_grad() const;
  /// Leaves only; throws Error for the output of an op.
  void set_requires_grad(bool requires_grad);
  bool is_leaf() const;
  /// "leaf" where no op made it.
  const std::string& op() const;
  /// Replaces a leaf's value, by one of the same shape; dtype and device may change.
  void set_value(Tensor value);

  /// The gradient that backward left here, undefined before. Leaves that require it have one, and
  /// outputs of ops after retain_grad(). Gradients add up until zero_grad().
  Variable grad() const;
  void set_grad(Variable grad);
  void zero_grad() { set_grad({}); }
  void retain_grad();
  /// Called with this variable's whole gradient, before it moves on. Throws Error where
  /// requires_grad() is false.
  void register_hook(Hook hook);

  /// Lets go of the value where the op can make it again (normalisation, in a graph), else does
  /// nothing: memory for one more pass. Call it when the consumers of the forward pass have run;
  /// the next value(), in backward as a rule, makes the same bits and keeps them. References that
  /// value() gave before are void.
  void release_value() const;

  /// The same value, outside of every graph.
  Variable detach() const;
  /// Adds d(this)/d(leaf) to the gradient of every leaf that requires one. This must be one
  /// element, or `seed` must be given, of this shape. Throws Error where nothing here requires a
  /// gradient, or where the graph has been freed.
  void backward(BackwardOptions options = {}) const;
  void backward(const Variable& seed, BackwardOptions options = {}) const;

  const std::shared_ptr<Node>& node() const { return node_; }
  explicit Variable(std::shared_ptr<Node> node) : node_(std::move(node)) {}

 private:
  std::shared_ptr<Node> node_;
};

/// Makes an op's output: a node of the graph where recording is on and an input requires a
/// gradient, a leaf otherwise. Every op ends in this one call. With `remake`, the graph need not
/// hold the value all the time: release_value().
Variable record(const char* op, Tensor value, Variables inputs, Backward backward,
                Remake remake = nullptr);

/// d(Σᵢ ⟨outputs[i], seeds[i]⟩) / d(inputs[j]) for each j, without touching any leaf's gradient.
/// Seeds may be empty where every output is one element. An input that no output depends on gets
/// zeros. Throws Error where an input does not require a gradient.
Variables grad(const Variables& outputs, const Variables& inputs, const Variables& seeds = {},
               BackwardOptions options = {});

/// True where ops are recorded, for this thread.
bool is_recording();
/// Stops (or restarts) recording for as long as it lives.
class RecordingGuard {
 public:
  explicit RecordingGuard(bool recording);
  ~RecordingGuard();
  RecordingGuard(const RecordingGuard&) = delete;
  RecordingGuard& operator=(const RecordingGuard&) = delete;

 private:
  bool before_;
};
/// No op is recorded while it lives: values alone, no graph, no memory held for backward.
class NoGrad : RecordingGuard {
 public:
  NoGrad() : RecordingGuard(false) {}
};

}  // namespace kintsugi
