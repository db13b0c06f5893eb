#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "glcic/networks.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {

/// What training changes and completion uses: C, its judges, and the colour that holes are filled
/// with.
struct Model {
  std::shared_ptr<Module> completion;
  std::shared_ptr<Judge> discriminators;  ///< null where a file holds none
  Tensor mean_pixel;                      ///< [3], RGB in [0, 1]
  const Architecture* architecture = &glcic_architecture();
  int64_t only_size = 0;  ///< the side of all pictures that C takes; 0: every multiple of 4
  /// C sees RGB − mean_pixel, so that the hole and the zero padding of layer 1 are the same: the
  /// authors' released weights.
  bool mean_subtracted = false;
};

/// With fresh weights drawn from `seed`. Throws Error where no discriminator fits `size`.
Model make_model(int64_t size, int64_t width, uint64_t seed, const Tensor& mean_pixel,
                 const Architecture& architecture = glcic_architecture());
/// Throws Error, in one sentence, where C does not take pictures of height × width.
void check_fits(const Model& model, int64_t height, int64_t width);

/// All weights, running statistics and mean_pixel under the names of files: completion.…,
/// discriminator.…, mean_pixel; where the model is mean_subtracted also that: [1], the value 1.
StateDict save_model(const Model& model);
/// The reverse; the architecture is recognised by the names, widths and dtype are read off the
/// shapes. `size` is that of the pictures, or 0 to leave the discriminators out. Throws Error where
/// these are not the weights of an architecture, naming `origin` (a file) and what is missing or
/// has another shape.
Model load_model(const StateDict& saved, const std::string& origin, int64_t size);
/// Of a weights file or a checkpoint what load_model takes with size 0, and the metadata: the rest,
/// which is most of a checkpoint, is not read.
SafeTensors read_completion_entries(const std::string& path);
/// C and mean_pixel from such entries, ready for inference.
Model inference_model(const StateDict& saved, const std::string& origin, Device device);
/// Both in one.
Model read_weights(const std::string& path, Device device = Device::cpu);

/// What C sees: [N, H, W, 4]: RGB with the hole set to the mean pixel, then the mask. images
/// [N, H, W, 3], masks [N, H, W, 1], 1 = hole. Where `mean_subtracted`, less the mean pixel: the
/// hole is 0 then.
Tensor completion_input(const Tensor& images, const Tensor& masks, const Tensor& mean_pixel,
                        bool mean_subtracted = false);
/// images outside of the hole, `completed` inside.
Variable composite(const Variable& completed, const Tensor& images, const Tensor& masks);
Tensor composite(const Tensor& completed, const Tensor& images, const Tensor& masks);

}  // namespace kintsugi
