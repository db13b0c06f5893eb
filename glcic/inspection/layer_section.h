#pragma once
#include <string>

#include "glcic/inspection/inspection.h"
#include "glcic/inspection/picture_folder.h"

/// The parts of the page that go through layers, as HTML.
namespace kintsugi {

/// Every layer of the completion network: activations, gradients, filters. Its pictures are
/// LAYER_activations.png, LAYER_gradients.png, and LAYER_filters….png.
std::string layers_section(const Inspection& inspection, PictureFolder& pictures);
/// The discriminators: what they see, what they say, their layers. The inspection has a judge.
std::string judge_section(const Inspection& inspection, PictureFolder& pictures);

}  // namespace kintsugi
