#pragma once
#include "tensor/device.h"

namespace kintsugi {

/// The device that the tests run on: the environment variable DEVICE, cpu where it is not set.
Device test_device();

}  // namespace kintsugi
