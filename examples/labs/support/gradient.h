#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/variable.h"
#include "examples/labs/support/check.h"

namespace kintsugi::lab {

/// A student's function under the library's gradient check (autograd/gradcheck.h), each input alone
/// and all together. Where it fails, notes for each wrong input what kind of mistake it looks like
/// (check.h: difference); where none is wrong alone, what the check says. `names` of the inputs are
/// for messages.
void expect_gradients(const std::string& what,
                      const std::function<Variable(const Variables&)>& function,
                      const std::vector<SampleInput>& inputs, const std::vector<std::string>& names,
                      Place place = Place::current());

/// The same for the gradient of one input alone: the others are constants.
void expect_gradient(const std::string& what,
                     const std::function<Variable(const Variables&)>& function,
                     const std::vector<SampleInput>& inputs, size_t which, const std::string& name,
                     Place place = Place::current());

}  // namespace kintsugi::lab
