#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "layers/module.h"
#include "tensor/random.h"

/// What a learned system is to the trainer and to the commands: how its networks are made, and how
/// its files are recognised. GLCIC is one (networks.h); others are under examples/, and the program
/// that wants them registers them.
namespace kintsugi {

/// What tells real pictures from completed ones.
class Judge : public Module {
 public:
  using Module::Module;
  /// The logits that pictures [N, S, S, 3] with patches [N, S/2, S/2, 3] of them, round their
  /// holes, are real: [N, 1]. Their sigmoid is the probability. A judge may look at one alone.
  virtual Variable judge(const Variable& pictures, const Variable& patches) = 0;

  /// One of its networks, and the shape of what it sees of one picture.
  struct Part {
    std::string name;  ///< "local"; "" where there is one alone
    const Module* network;
    Shape input;
  };
  /// All of them, but for layers that join them: for tables and for what a step costs.
  virtual std::vector<Part> parts() const = 0;
};

struct Architecture {
  std::string name;   ///< "glcic": in commands and settings
  std::string title;  ///< "GLCIC": in sentences and tables
  /// The weight by which a file is recognised: a convolution with `width` outputs.
  std::string first_weight;
  /// The same for the judge.
  std::string judge_first_weight;
  double alpha = 0;  ///< weight of the adversarial term, where nobody gives another

  /// Throws Error, in one sentence, where there are no networks of this width for pictures of
  /// size × size.
  std::function<void(int64_t size, int64_t width)> check_scale;
  /// [N, H, W, 4] (RGB with the hole set to the mean pixel, then the mask; 1 = hole) →
  /// [N, H, W, 3] in (0, 1). `size` is passed over where every multiple of 4 will do for H and W.
  std::function<std::shared_ptr<Module>(int64_t size, int64_t width, Generator&)> make_completion;
  std::function<std::shared_ptr<Judge>(int64_t size, int64_t width, Generator&)> make_judge;
  /// The only size of pictures that these weights take. None: all multiples of 4.
  std::function<int64_t(const StateDict& saved)> only_size = nullptr;
};

/// All that this program knows: GLCIC, then what was registered.
std::vector<const Architecture*> architectures();
/// Throws Error, with a list of those there are, for any other name.
const Architecture& find_architecture(const std::string& name);
/// The one whose first weight is in a file; null where there is none.
const Architecture* recognise_architecture(const StateDict& saved);
/// Adds one to the list, at the start of a program, before there are threads. Throws Error where
/// its name is taken.
void register_architecture(Architecture architecture);

}  // namespace kintsugi
