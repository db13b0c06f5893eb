#include "glcic/faces/faces.h"

#include "glcic/faces/face_painters.h"
#include "tensor/error.h"

namespace kintsugi {

Tensor draw_face(uint64_t seed, int64_t size) {
  check(size > 0 && size <= 8192, "draw_face: a face of {} x {} pixels", size, size);
  const FaceTraits face = draw_traits(seed);
  Canvas canvas(size, face.pose);
  paint_backdrop(canvas, face);
  paint_hair_behind(canvas, face);
  paint_neck_and_clothes(canvas, face);
  paint_ears(canvas, face);
  paint_head(canvas, face);
  paint_nose(canvas, face);
  paint_beard(canvas, face);
  paint_mouth(canvas, face);
  paint_eyes(canvas, face);
  paint_brows(canvas, face);
  paint_hair(canvas, face);
  paint_glasses(canvas, face);
  canvas.paint({}, [](float, float, Colour& pixel) {
    pixel = {clamp01(pixel.r), clamp01(pixel.g), clamp01(pixel.b)};
  });
  return canvas.picture();
}

}  // namespace kintsugi
