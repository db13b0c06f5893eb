#pragma once
#include <string>

#include "tests/gradcheck/run.h"

namespace kintsugi {

/// Where an op or layer is written down.
struct SourcePlace {
  std::string file;     ///< "autograd/ops/relu.cpp"; "" where it was not found
  int line = 0;         ///< from 1
  std::string excerpt;  ///< the function from there on, whole
};

/// Searches the folders of sources below `root` for the function that an entry is about.
SourcePlace find_source(const std::string& root, const gradcheck_run::Entry& entry);

}  // namespace kintsugi
