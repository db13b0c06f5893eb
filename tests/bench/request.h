#pragma once
#include <functional>
#include <string>

#include "tests/bench/layer_table.h"

namespace kintsugi::bench {

/// A piece of work by name, so that several programs can do the same one in turn. Throws Error for
/// any but these:
///   complete SIZE BATCH WIDTH                    the completion network at inference
///   train SIZE BATCH WIDTH                       a training step of phase 3
///   conv|deconv KERNEL STRIDE IN OUT SIZE PASS   a convolution of one map SIZE × SIZE
/// PASS: forward (with bias), input_grad or weight_grad. Padding is ⌊(KERNEL − 1) / 2⌋.
struct Request {
  std::string kind;
  int64_t size = 0, batch = 0, width = 0;  ///< of "complete" and "train"
  Layer layer;                             ///< of "conv" and "deconv"
  Pass pass = Pass::forward;
};
Request parse_request(const std::string& line);

/// How such a program talks: first a line with its name, then, for each line with a request, one
/// with the median seconds of a run, or with the reason why there is none. `make_work` is called
/// where a request differs from the one before. "rest" lets go of the last work and of the memory
/// that is cached on `device`, and is answered with 0.
void serve(const std::string& name, const std::function<Work(const Request&)>& make_work,
           Device device = Device::cpu);

}  // namespace kintsugi::bench
