#pragma once
#include <initializer_list>
#include <string>

#include "tests/autograd/ops_support.h"

/// What the tests of the engine share beside ops_support.h.
namespace kintsugi {

/// A leaf of rank 1.
inline Variable leaf(std::initializer_list<double> values, bool requires_grad = true) {
  return leaf(Numbers(values), Shape{static_cast<int64_t>(values.size())}, requires_grad);
}

inline size_t bytes_in_use() { return memory_statistics(test_device()).current; }

inline bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

/// x + 0 + 0 + …, a chain of `length` nodes.
inline Variable chain(Variable x, int length) {
  for (int i = 0; i < length; ++i) x = affine(x, 1, 0);
  return x;
}

}  // namespace kintsugi
