#pragma once
#include <cstdint>
#include <string>
#include <vector>

/// What a run of gradcheck found, as data: written by `gradcheck --json`, read by gradcheck_report
/// (run_json.h). Plain values, which know nothing of tensors.
namespace kintsugi::gradcheck_run {

using Extents = std::vector<int64_t>;

/// Numbers of which some may be none (NaN); infinite ones are written as NaN.
struct Numbers {
  std::vector<double> values{};
};

/// The errors of one input's gradient, element by element (GradcheckElements).
struct InputMap {
  int sample = 0;
  std::string place{};  ///< "sample 1 (stride 2)"
  std::string input{};  ///< "input 0", "cotangent"
  Extents shape{};
  Numbers error{};                  ///< relative; NaN where a gradient was no number
  std::vector<int64_t> excluded{};  ///< elements that were too near to a kink
  Numbers expected{}, got{};        ///< where an element is wrong; else empty
};

/// One check: a first or second order, on one device.
struct CheckResult {
  int order = 1;
  bool passed = true, skipped = false;
  int samples = 0;
  int64_t elements = 0;
  double worst = 0;
  std::string where{};
  int64_t kinks_excluded = 0;
  std::string failure{};
  std::vector<InputMap> inputs{};
};

struct SampleInputText {
  Extents shape{};
  double low = 0, high = 0;  ///< uniform in [low, high]
  bool differentiable = true, zero_gradient = false;
};
struct SampleText {
  std::string label{};
  std::vector<SampleInputText> inputs{};
  Extents output{};
};

/// The error of numerical derivatives against the step ε, root mean squares over some elements of
/// the first sample that has any; relative as everywhere. Empty where nothing was measured.
struct StepSweep {
  std::string place{};
  int elements = 0;
  std::vector<double> steps{};
  Numbers float64{}, float32{};      ///< measured
  std::vector<double> truncation{};  ///< predicted, ∝ ε⁴; empty where there is none
  std::vector<double> rounding64{}, rounding32{};  ///< predicted, ∝ 1/ε
  double kink_from = 0;  ///< from this step on a stencil reaches over a kink; 0: there is none near
};

/// A tensor in memory between forward and backward, and the gradients that read it.
struct KeptTensor {
  std::string what{};  ///< "input 0", "output", "conv2d's output"
  Extents shape{};
  int64_t bytes = 0;  ///< 0 where it shares the memory of one above
  std::vector<std::string> read_by{};
};
struct KeptMemory {
  std::string place{};
  std::vector<KeptTensor> tensors{};
  int64_t extra_bytes = 0;  ///< what backward has put aside besides: statistics, indices
};

/// An op, a layer, or a layer of one of GLCIC's networks.
struct Entry {
  std::string kind{};  ///< "op", "layer", "network"
  std::string name{};
  std::string formula{}, derivative{}, reason{};
  bool composed = false, differences_kink = false;
  std::vector<double> kinks{};
  std::vector<SampleText> samples{};
  std::vector<CheckResult> checks{};
  StepSweep steps{};
  KeptMemory kept{};
};

struct Run {
  std::string device{};  ///< "cpu", "emulated", "cuda"
  std::string backend{};
  std::string broken{};  ///< the mutation that all backwards were broken by on purpose, if any
  double tolerance = 0;
  double seconds = 0;
  std::vector<Entry> entries{};
};

/// What the check said of one op broken in one way.
struct Attempt {
  std::string mutation{};
  int applicable = 0, reported = 0;  ///< inputs that it changes the gradient of; those reported
  std::string why_not{};             ///< where applicable is 0
  std::string failure{};             ///< the check's sentence, of the first input
  InputMap map{};
};
struct MutatedOp {
  std::string name{};
  std::vector<Attempt> attempts{};
};
struct MutationText {
  std::string name{}, mistake{}, code{}, picture{};
};
struct MutationRun {
  std::vector<MutationText> mutations{};
  MutatedOp example{};  ///< a function on which every mutation shows well
  std::vector<MutatedOp> ops{};
};

}  // namespace kintsugi::gradcheck_run
