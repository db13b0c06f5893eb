#pragma once
#include "glcic/faces/canvas.h"
#include "glcic/faces/face_traits.h"

/// The layers of a drawn face, each over what the ones before left. faces.cpp has the order.
namespace kintsugi {

/// Distance to the outline of the head.
float head_distance(const FaceTraits& face, float x, float y);
/// The colour of a dome-shaped surface at (u, v) of the unit disc, in the face's light.
Colour shade_dome(const FaceTraits& face, float u, float v, Colour shadow, Colour base,
                  Colour light);

void paint_backdrop(Canvas& canvas, const FaceTraits& face);
void paint_hair_behind(Canvas& canvas, const FaceTraits& face);
void paint_neck_and_clothes(Canvas& canvas, const FaceTraits& face);
void paint_ears(Canvas& canvas, const FaceTraits& face);
void paint_head(Canvas& canvas, const FaceTraits& face);
void paint_beard(Canvas& canvas, const FaceTraits& face);
void paint_nose(Canvas& canvas, const FaceTraits& face);
void paint_mouth(Canvas& canvas, const FaceTraits& face);
void paint_eyes(Canvas& canvas, const FaceTraits& face);
void paint_brows(Canvas& canvas, const FaceTraits& face);
void paint_hair(Canvas& canvas, const FaceTraits& face);
void paint_glasses(Canvas& canvas, const FaceTraits& face);

}  // namespace kintsugi
