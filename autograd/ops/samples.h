#pragma once
#include <functional>
#include <vector>

#include "autograd/registry.h"

namespace kintsugi {

struct SampleRange {
  double low = -1;
  double high = 1;
};

/// The usual samples of y = f(x): a map with numbers from the whole range; one element and a
/// scalar with numbers from the range's upper part, [high/2, high].
std::vector<Sample> elementwise_samples(std::function<Variable(const Variable&)> f,
                                        SampleRange range = {});

/// The usual samples of y = f(a, b) with broadcasting: equal shapes, either side and both sides
/// broadcast, scalars.
std::vector<Sample> broadcasting_samples(
    std::function<Variable(const Variable&, const Variable&)> f, SampleRange a = {},
    SampleRange b = {});

}  // namespace kintsugi
