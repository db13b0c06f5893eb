#include <doctest/doctest.h>

#include "tensor/backend.h"

using namespace kintsugi;

TEST_CASE("the CPU records nothing, and does not do the work instead") {
  bool was_called = false;
  CHECK(backend(Device::cpu).record([&] { was_called = true; }) == nullptr);
  CHECK_FALSE(was_called);
}
