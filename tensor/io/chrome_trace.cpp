#include "tensor/io/chrome_trace.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace kintsugi {
namespace {

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::string name_of(const TraceSpan& span) {
  return span.kind == TraceSpan::Kind::scope ? scope_path(span.place.scope) : span.name;
}

const char* category_of(const TraceSpan& span) {
  switch (span.kind) {
    case TraceSpan::Kind::op:
      return "op";
    case TraceSpan::Kind::scope:
      return to_string(span.place.pass);
    default:
      return "region";
  }
}

std::string arguments_of(const TraceSpan& span) {
  if (span.kind != TraceSpan::Kind::op) return "{}";
  return fmt::format(R"({{"layer":{},"pass":"{}","operations":{},"bytes":{}}})",
                     quoted(scope_path(span.place.scope)), to_string(span.place.pass),
                     span.cost.operations, span.cost.bytes);
}

/// Microseconds, to the nanosecond, in digits: "1234.567".
std::string microseconds(int64_t nanoseconds) {
  return fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000);
}

}  // namespace

std::string chrome_trace(const Profile& profile) {
  // Piece by piece: a JSON value of half a million spans takes far more memory than its text.
  std::string json = R"({"displayTimeUnit":"ms","traceEvents":[)";
  const char* separator = "\n";
  for (const TraceSpan& span : profile.spans) {
    fmt::format_to(
        std::back_inserter(json),
        R"({}{{"name":{},"cat":"{}","ph":"X","ts":{},"dur":{},"pid":1,"tid":1,"args":{}}})",
        separator, quoted(name_of(span)), category_of(span), microseconds(span.start),
        microseconds(span.nanoseconds), arguments_of(span));
    separator = ",\n";
  }
  fmt::format_to(std::back_inserter(json), "\n],\"otherData\":{{\"spans left out\":{}}}}}\n",
                 profile.spans_left_out);
  return json;
}

}  // namespace kintsugi
