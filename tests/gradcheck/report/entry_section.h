#pragma once
#include <string>

#include "tests/gradcheck/report/merged.h"

namespace kintsugi {

/// All that the report says of one op or layer, as HTML. `root`: the folder of the sources;
/// `to_root`: the way there from the page, "../../".
std::string entry_section(const MergedEntry& merged, double tolerance, const std::string& root,
                          const std::string& to_root);

/// The maps of one check; beside one with a wrong element stand the gradients themselves.
std::string maps_of(const gradcheck_run::CheckResult& result, double tolerance);

}  // namespace kintsugi
