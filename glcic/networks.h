#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "glcic/architecture.h"
#include "layers/conv_norm_relu.h"
#include "layers/linear.h"
#include "layers/module.h"
#include "layers/summary.h"

namespace kintsugi {

/// The completion network C of GLCIC (Iizuka et al. 2017, table 2): encoder, four dilated
/// convolutions, decoder; 16 times convolution + batch norm + ReLU, then convolution + sigmoid.
/// [N, H, W, 4] (RGB with the hole set to the mean pixel, then the mask) → [N, H, W, 3] in (0, 1);
/// H and W multiples of 4. Children "layer01" to "layer17".
class CompletionNetwork final : public Module {
 public:
  /// `width`: channels of layer 1, 64 in the paper; every other width scales with it. Even, ≥ 2.
  explicit CompletionNetwork(int64_t width = 64, Generator& generator = default_generator());
  /// Throws ShapeError for other than 4 channels, or a size that is no multiple of 4.
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override { return input.with(-1, 3); }

  int64_t width() const { return width_; }

 private:
  int64_t width_;
  std::vector<std::shared_ptr<Module>> layers_;
};

/// The layers' names, for tables.
NamedModules named_layers(const Module& network);

/// Number of convolutions for pictures of size × size: round(log2(size / 4)), so that the last map
/// is about 4 × 4.
int64_t discriminator_depth(int64_t size);

/// One of the two discriminators (GLCIC §3.3, table 3): 5x5 convolutions of stride 2, each with
/// batch norm and ReLU, `width` channels doubling up to 8·width, then a linear layer with ReLU.
/// [N, size, size, 3] → [N, 16·width]. Children "layer1" … and "fc".
class Discriminator final : public Module {
 public:
  /// Throws Error where size < 8.
  Discriminator(int64_t size, int64_t width, Generator& generator = default_generator());
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override;

 private:
  int64_t size_, width_;
  std::vector<std::shared_ptr<Module>> layers_;
  std::shared_ptr<Linear> fc_;
};

/// Both discriminators and the layer that joins them: the judge of GLCIC §3.3. Children "local"
/// (patches of size/2), "global" (whole pictures) and "fc".
class Discriminators final : public Judge {
 public:
  /// Throws Error unless size is a multiple of 4 and at least 16.
  explicit Discriminators(int64_t size, int64_t width = 64,
                          Generator& generator = default_generator());
  Variable judge(const Variable& pictures, const Variable& patches) override;
  /// "local" and "global".
  std::vector<Part> parts() const override;
  /// The last layer alone: [N, 32·width], global features first → [N, 1].
  Variable forward(const Variable& features) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override { return {input[0], 1}; }

  int64_t size() const { return size_; }
  const Module& local() const { return *local_; }
  const Module& global() const { return *global_; }

 private:
  int64_t size_;
  std::shared_ptr<Discriminator> local_, global_;
  std::shared_ptr<Linear> fc_;
};

/// Named "glcic".
const Architecture& glcic_architecture();

}  // namespace kintsugi
