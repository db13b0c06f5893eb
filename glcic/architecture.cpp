#include "glcic/architecture.h"

#include <algorithm>
#include <deque>

#include "glcic/networks.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

/// A deque: what it holds stays where it is.
std::deque<Architecture>& registered() {
  static std::deque<Architecture> all;
  return all;
}

}  // namespace

std::vector<const Architecture*> architectures() {
  std::vector<const Architecture*> all{&glcic_architecture()};
  for (const Architecture& architecture : registered()) all.push_back(&architecture);
  return all;
}

const Architecture& find_architecture(const std::string& name) {
  std::string names;
  for (const Architecture* architecture : architectures()) {
    if (architecture->name == name) return *architecture;
    names += (names.empty() ? "" : ", ") + architecture->name;
  }
  throw Error(fmt::format("there is no architecture \"{}\"; there are: {}", name, names));
}

const Architecture* recognise_architecture(const StateDict& saved) {
  for (const Architecture* architecture : architectures())
    if (saved.contains(architecture->first_weight)) return architecture;
  return nullptr;
}

void register_architecture(Architecture architecture) {
  for (const Architecture* other : architectures())
    check(other->name != architecture.name, "there are two architectures \"{}\"",
          architecture.name);
  registered().push_back(std::move(architecture));
}

}  // namespace kintsugi
