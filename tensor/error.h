#pragma once
#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace kintsugi {

/// What a caller got wrong, or the world withheld (a file, memory): one sentence that names the op,
/// the values and the rule. Commands print it and exit with status 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// Throws E with a formatted sentence unless `holds`.
/// check(a == b, "add: shapes {} and {} differ", a, b);
template <class E = Error, class... Args>
void check(bool holds, fmt::format_string<Args...> sentence, Args&&... args) {
  if (!holds) [[unlikely]]
    throw E(fmt::format(sentence, std::forward<Args>(args)...));
}

/// check() for shapes: throws ShapeError.
template <class... Args>
void check_shape(bool holds, fmt::format_string<Args...> sentence, Args&&... args) {
  check<ShapeError>(holds, sentence, std::forward<Args>(args)...);
}

}  // namespace kintsugi
