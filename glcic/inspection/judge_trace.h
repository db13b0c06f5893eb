#pragma once
#include <optional>
#include <string>

#include "glcic/inspection/inspected_picture.h"
#include "glcic/inspection/trace.h"
#include "tensor/io/safetensors.h"

/// What the discriminators of a file make of the completed picture.
namespace kintsugi {

/// One discriminator at work.
struct JudgePartTrace {
  std::string name;              ///< "local"
  Tensor sees;                   ///< its picture [S, S, 3]
  NetworkTrace trace;            ///< of its convolutions; the loss is the judge's logit
  std::vector<double> features;  ///< of its linear layer, after ReLU
};

struct JudgeTrace {
  int64_t size = 0;
  double real = 0, completed = 0;  ///< the probabilities that each is a real picture
  std::vector<JudgePartTrace> parts{};
};

/// The side of the pictures that a file's discriminators were trained for: what its settings say,
/// else the largest that their layers fit. 0 where it has none.
int64_t judged_size(const SafeTensors& file);

/// rgb and completed [H, W, 3], mask [H, W, 1]; the judge sees them through square_view. It runs at
/// inference, on running statistics.
JudgeTrace trace_judge(Discriminators& judge, const Tensor& rgb, const Tensor& completed,
                       const Tensor& mask);

}  // namespace kintsugi
