#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "layers/module.h"
#include "tensor/backend.h"

namespace kintsugi {

/// Changes parameters against their gradients, all of them in one call of the backend; parameters
/// that have no gradient, or require none (frozen ones), are left alone. In place, unless somebody
/// else holds the parameter's storage (a copy of the tensor, a saved state): then the parameter
/// gets its own. Definitions are PyTorch's.
class Optimizer {
 public:
  /// `entries`: Module::state(); buffers are passed over, and so is a parameter that was listed
  /// before (two layers share it).
  explicit Optimizer(std::vector<StateEntry> entries, double rate);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step();
  void zero_grad();
  double rate() const { return rate_; }
  void set_rate(double rate) { rate_ = rate; }
  int64_t steps() const { return steps_; }
  /// For steps that are taken without step(), by replays of a recorded one (Backend::record). Not
  /// for Adam, whose formula has the number of the step in it.
  void set_steps(int64_t steps) { steps_ = steps; }
  /// What the method keeps from step to step, for each parameter.
  std::span<const std::vector<Tensor>> slots() const { return slots_; }

  /// Everything that the next step depends on, for checkpoints: "PREFIXNAME.SLOT" for every
  /// parameter, such as "completion.layer01.conv.weight.square_average", and "PREFIXstep" [1];
  /// slots in the layout of files, as their parameter.
  StateDict save(const std::string& prefix) const;
  /// Throws Error where something is missing or has another shape; nothing is changed then.
  void load(const StateDict& saved, const std::string& prefix);

 protected:
  /// One tensor of zeros for each parameter and slot name.
  void make_slots(std::vector<std::string> names);
  /// In place; slots in the order of make_slots. All of one dtype, on one device.
  virtual void update(std::span<const ParameterStep> parameters) = 0;

  double rate_;
  int64_t steps_ = 0;

 private:
  /// Of parameter i, with a weight and slots that nobody else sees.
  ParameterStep parameter_step(size_t i);

  std::vector<StateEntry> parameters_;
  std::vector<std::string> slot_names_;
  std::vector<std::vector<Tensor>> slots_;
};

struct SgdOptions {
  double rate = 0.01;
  double momentum = 0;
  double weight_decay = 0;
};
/// g ← g + weight_decay·w; v ← momentum·v + g; w ← w − rate·v.
class Sgd final : public Optimizer {
 public:
  Sgd(std::vector<StateEntry> parameters, const SgdOptions& options);

 private:
  void update(std::span<const ParameterStep> parameters) override;
  SgdOptions options_;
};

struct AdamOptions {
  double rate = 0.001;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
};
/// Kingma & Ba 2015, algorithm 1: m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
/// w ← w − rate·m̂ / (√v̂ + eps), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
class Adam final : public Optimizer {
 public:
  Adam(std::vector<StateEntry> parameters, const AdamOptions& options);

 private:
  void update(std::span<const ParameterStep> parameters) override;
  AdamOptions options_;
};

struct AdadeltaOptions {
  double rate = 1;  ///< the method has none; other libraries' default of 0.001 undoes it
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;
};
/// Zeiler 2012, algorithm 1: s ← ρs + (1 − ρ)g²; Δ = √(d + eps)/√(s + eps)·g;
/// d ← ρd + (1 − ρ)Δ²; w ← w − rate·Δ.
class Adadelta final : public Optimizer {
 public:
  Adadelta(std::vector<StateEntry> parameters, const AdadeltaOptions& options = {});

 private:
  void update(std::span<const ParameterStep> parameters) override;
  AdadeltaOptions options_;
};

/// √(Σ g²) over all gradients.
double grad_norm(const std::vector<Variable>& parameters);
/// Scales all gradients by min(1, limit / norm); returns the norm before.
double clip_grad_norm(const std::vector<Variable>& parameters, double limit);

}  // namespace kintsugi
