#pragma once
#include <string>

#include "glcic/inspection/inspection.h"
#include "glcic/inspection/picture_folder.h"

/// The parts of the page on receptive fields, as HTML. The inspection has a field.
namespace kintsugi {

/// Layer by layer, the field of one unit growing over the picture, in the network and in the same
/// with dilation 1, side by side: a stepper, a chart and a table. Its pictures are
/// layerNN_field.png and layerNN_field_plain.png.
std::string walk_section(const Inspection& inspection, PictureFolder& pictures);
/// The theoretical and the effective field of the output.
std::string effective_section(const Inspection& inspection, PictureFolder& pictures);

}  // namespace kintsugi
