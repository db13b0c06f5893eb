#include "tests/fuzz/target.h"

#include "tensor/error.h"

namespace kintsugi {
namespace {

std::map<std::string, FuzzTarget>& registry() {
  static std::map<std::string, FuzzTarget> targets;
  return targets;
}

}  // namespace

const std::map<std::string, FuzzTarget>& fuzz_targets() { return registry(); }

FuzzRegistration::FuzzRegistration(const char* name, FuzzTarget target) {
  registry()[name] = target;
}

void run_fuzz_target(FuzzTarget target, std::string_view bytes) {
  try {
    target(bytes);
  } catch (const Error&) {  // refused
  }
}

}  // namespace kintsugi
