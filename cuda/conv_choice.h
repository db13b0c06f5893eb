#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tensor/backend.h"
#include "tensor/precision.h"

/// Which rung of cuda/conv_rungs.h computes a convolution: the one that set_conv_algorithm or
/// KINTSUGI_CONV forces, where it can; else the fastest, which is found by timing each rung at the
/// first convolution of that kind and remembered in a file. Rungs round differently, so the bits of
/// a result depend on the choice: they stay the same from run to run because the choice does. To be
/// independent of the file (on another machine, say), force a rung.
namespace kintsugi::cuda {

enum class ConvPass { forward, input_grad, weight_grad };

/// Everything that the choice depends on. x and y are the shapes of the map and of the
/// convolution's output, in every pass.
struct ConvKind {
  ConvPass pass;
  Shape x, y;
  Window window;
  DType dtype;
  Precision precision;
  bool kept_weights;  ///< Winograd need not transform the weights each time

  /// "forward float32 tf32 [8, 32, 32, 64] [8, 32, 32, 128] 3x3 stride 1 padding 1 dilation 1 kept"
  std::string str() const;
};

/// The rungs that can compute it.
std::vector<ConvAlgorithm> possible_algorithms(const ConvKind& kind);

/// A guess, by shape and dtype alone: patches for float64, where cuBLAS has tensor cores and the
/// other rungs have not; Winograd for float32 products as they are (F(4x4) saves three quarters of
/// them) where there are channels enough; implicit for everything else.
ConvAlgorithm likely_fastest(const ConvKind& kind);

/// The candidate whose time is the shortest, the first of equals.
ConvAlgorithm fastest_of(const std::vector<ConvAlgorithm>& candidates,
                         const std::function<double(ConvAlgorithm)>& time_of);

/// The least time that the device takes for what `call` launches, of three calls after one that
/// warms up.
double least_milliseconds(const std::function<void()>& call);

/// Choices of one kind of GPU, in a file of lines "ALGORITHM KIND". Where it cannot be read or
/// written, or there is none (an empty path), they are remembered by the process alone; lines that
/// make no sense are passed over. Of two lines for a kind the first counts.
class ConvChoices {
 public:
  explicit ConvChoices(std::filesystem::path file);
  std::optional<ConvAlgorithm> find(const std::string& kind) const;
  void remember(const std::string& kind, ConvAlgorithm algorithm);

 private:
  std::filesystem::path file_;
  std::map<std::string, ConvAlgorithm> choices_;
};

/// $XDG_CACHE_HOME/kintsugi/conv-DEVICE, or in ~/.cache; empty where neither variable is set.
std::filesystem::path conv_choices_file(const std::string& device);

/// The rung to take; never automatic. run(algorithm, kept) computes the convolution by one. It is
/// likely_fastest() where time means nothing (on the emulator) or cannot be taken (while the stream
/// is being captured and nothing is remembered).
ConvAlgorithm choose_algorithm(const ConvKind& kind,
                               const std::function<void(ConvAlgorithm, KeptWeights*)>& run);

}  // namespace kintsugi::cuda
