#include "autograd/registry.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace kintsugi {

namespace {

// Functions, not constants: registration starts before any constant of this file is made.
std::vector<OpInfo>& ops() {
  static std::vector<OpInfo> all;
  return all;
}

std::vector<OpInfo>& layers() {
  static std::vector<OpInfo> all;
  return all;
}

void insert_sorted(std::vector<OpInfo>& all, const char* kind, OpInfo info) {
  auto place = std::lower_bound(
      all.begin(), all.end(), info.name,
      [](const OpInfo& entry, const std::string& name) { return entry.name < name; });
  if (place != all.end() && place->name == info.name) {
    // Before main() nobody could catch an exception and print its sentence.
    fmt::print(stderr, "registry: two {}s are called {}; each name is registered once\n", kind,
               info.name);
    std::exit(2);
  }
  all.insert(place, std::move(info));
}

}  // namespace

RegisterOp::RegisterOp(OpInfo info) { insert_sorted(ops(), "op", std::move(info)); }
RegisterLayer::RegisterLayer(OpInfo info) { insert_sorted(layers(), "layer", std::move(info)); }

const std::vector<OpInfo>& registered_ops() { return ops(); }
const std::vector<OpInfo>& registered_layers() { return layers(); }

}  // namespace kintsugi
