#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a Profiler (tensor/profiler.h) has found out. layers/profile_report.h prints it as tables,
/// tensor/io/chrome_trace.h writes it as a trace.
namespace kintsugi {

/// What ops are run for: a dotted path such as a layer's, "completion.layer05.conv", as a number
/// that holds until the program ends.
using ScopeId = uint32_t;
constexpr ScopeId kNoScope = 0;  ///< the path "": outside of every scope
ScopeId scope_id(std::string_view path);
const std::string& scope_path(ScopeId scope);

/// Computing values, computing gradients, changing weights.
enum class Pass : uint8_t { forward, backward, update };
const char* to_string(Pass pass);

/// Where in the work an op is run.
struct Place {
  ScopeId scope = kNoScope;
  Pass pass = Pass::forward;
};

/// What a call has to do, from its shapes alone.
struct OpCost {
  /// Multiplications and additions of a plain convolution or matrix product, 2·N·OH·OW·kh·kw·in·out
  /// or 2·M·K·N, whatever the algorithm; 0 for every other op: memory bounds those.
  int64_t operations = 0;
  int64_t bytes = 0;  ///< of the tensors that it reads and those that it writes
};

/// All calls of one op at one place.
struct OpTotals {
  std::string_view op;
  Place place;
  int64_t calls = 0;
  int64_t nanoseconds = 0;
  OpCost cost;
};

/// A stretch of the program's own work, such as waiting for pictures.
struct RegionTotals {
  std::string_view name;
  int64_t calls = 0;
  int64_t nanoseconds = 0;
  int64_t own_nanoseconds = 0;  ///< less the ops and the regions within
};

/// A stretch of time on the profiled thread.
struct TraceSpan {
  enum class Kind : uint8_t {
    op,
    scope,  ///< a layer's forward pass, or the backward pass of one op recorded in it
    region,
  };
  Kind kind = Kind::op;
  const char* name = "";  ///< of the op or region; "" for scopes, which have their place
  Place place;            ///< nothing for regions
  int64_t start = 0;      ///< nanoseconds since the profiler was made
  int64_t nanoseconds = 0;
  OpCost cost;  ///< of an op
};

struct Profile {
  int64_t nanoseconds = 0;            ///< of wall time, from first to last
  size_t peak_bytes = 0;              ///< the most that the device's tensors took at once, since
                                      ///< reset_peak_memory
  std::vector<OpTotals> ops;          ///< in the order of their first calls
  std::vector<RegionTotals> regions;  ///< in the order of their first ends
  std::vector<TraceSpan> spans;       ///< by start, the outer before the inner
  int64_t spans_left_out = 0;         ///< how many more there were; totals have them
};

}  // namespace kintsugi
