#pragma once
#include <memory>

#include "glcic/model.h"
#include "layers/conv2d.h"
#include "layers/summary.h"

/// A network as layers one after the other, each of which can be looked at.
namespace kintsugi {

struct LayeredNetwork {
  NamedModules layers;
  bool ends_in_sigmoid = false;  ///< after the last layer, not in it

  /// What the network makes of its last layer's output.
  Variable finish(const Variable& last) const;
  /// The outputs of all layers; x is one picture or map of a batch.
  Variables run(const Variable& x) const;
};

/// The model's completion network. Throws Error where its layers, run on `input` [1, H, W, 4], do
/// not make what it makes.
LayeredNetwork layered_completion(const Model& model, const Tensor& input);

/// The same network, with the same weights, whose every dilation is 1: each dilated convolution
/// k x k becomes the ordinary one, with a padding of (k − 1)/2. Other layers are the network's own.
LayeredNetwork with_dilation_1(const LayeredNetwork& network);
/// Whether with_dilation_1 is another network.
bool is_dilated(const LayeredNetwork& network);

/// The convolution that a layer is, or has as its child "conv"; null where there is none.
const Convolution* convolution_of(const Module& layer);

}  // namespace kintsugi
