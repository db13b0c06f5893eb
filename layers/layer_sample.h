#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/registry.h"
#include "layers/module.h"
#include "tensor/random.h"

namespace kintsugi {

/// A sample for RegisterLayer that checks the layer itself: `make` builds it, and it runs on the
/// first of `inputs` with the others in the places of its parameters (Module::forward_with). It is
/// built anew for each run, so that no run sees what another did to its buffers.
Sample layer_sample(std::function<std::shared_ptr<Module>(Generator&)> make,
                    std::vector<SampleInput> inputs, std::string label = "");

}  // namespace kintsugi
