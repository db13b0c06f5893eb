#pragma once
#include <map>
#include <string>
#include <string_view>

namespace kintsugi {

/// What is done with bytes that may be anything: they are read as a file of one kind. Whatever they
/// are, they are read or refused with an Error: no other exception, no fault of memory, no
/// undefined behaviour, no memory out of proportion.
using FuzzTarget = void (*)(std::string_view bytes);

/// The targets by name, which is also that of their folder in tests/fuzz/corpus.
const std::map<std::string, FuzzTarget>& fuzz_targets();

/// Adds a target; its object at namespace scope is all that a file in tests/fuzz/targets takes.
struct FuzzRegistration {
  FuzzRegistration(const char* name, FuzzTarget target);
};

/// Runs a target; an Error is a good answer.
void run_fuzz_target(FuzzTarget target, std::string_view bytes);

}  // namespace kintsugi
