#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "tensor/profile.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// Counts and times, while it lives, what the thread that made it does: ops, and the scopes and
/// regions that they are in. Kernels run their own threads within an op. A device that computes
/// beside the host is waited for before and after each span, so that a span's time is that of its
/// own work; meanwhile nothing can be recorded there (Backend::record). Where no profiler lives, a
/// span costs one test of a pointer. Results are the same bits with and without.
///
///   Profiler profiler;
///   y = network(x);
///   std::cout << op_table(profiler.finish());
class Profiler {
 public:
  static constexpr size_t kMaxSpans = 500'000;

  /// Of work on `device`. Totals are exact for however long it lives; of single spans, the first
  /// `max_spans` are kept. Throws Error where this thread has a profiler already.
  explicit Profiler(Device device, size_t max_spans = kMaxSpans);
  explicit Profiler(size_t max_spans = kMaxSpans) : Profiler(Device::cpu, max_spans) {}
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Stops, and returns what there was. To be called once, outside of every span.
  Profile finish();

  /// This thread's, or nullptr.
  static Profiler* active() { return active_; }
  /// Where this thread is; kNoScope where no profiler lives.
  static ScopeId current_scope() { return active_ != nullptr ? active_->place_.scope : kNoScope; }

  // For the spans below; times are nanoseconds since the constructor.
  int64_t now() const;  ///< waits until the device has done what it was asked for
  const Place& place() const { return place_; }
  void add_op(const char* op, const OpCost& cost, int64_t start);
  void enter(const Place& place) { place_ = place; }
  void leave(const Place& before, int64_t start);
  void open_region(const char* name);
  void close_region();

 private:
  struct OpenRegion {
    const char* name;
    int64_t start;
    int64_t within;  ///< nanoseconds of ops and regions in it
  };
  void keep(const TraceSpan& span);

  static inline constinit thread_local Profiler* active_ = nullptr;

  std::chrono::steady_clock::time_point made_;
  Device device_;
  size_t max_spans_;
  Place place_;
  std::vector<OpenRegion> open_regions_;
  std::map<std::tuple<std::string_view, ScopeId, Pass>, size_t> op_index_;  ///< into profile_.ops
  Profile profile_;
};

/// One call of an op, as long as it lives. `op` is a literal; `cost` is a function that returns the
/// OpCost, called only where a profiler lives. Ops do not nest: an op made of others has no span of
/// its own.
class OpSpan {
 public:
  template <class Cost>
  OpSpan(const char* op, const Cost& cost) : profiler_(Profiler::active()), op_(op) {
    if (profiler_ == nullptr) return;
    cost_ = cost();
    start_ = profiler_->now();
  }
  ~OpSpan() {
    if (profiler_ != nullptr) profiler_->add_op(op_, cost_, start_);
  }
  OpSpan(const OpSpan&) = delete;
  OpSpan& operator=(const OpSpan&) = delete;

 private:
  Profiler* profiler_;
  const char* op_;
  OpCost cost_;
  int64_t start_ = 0;
};

/// What a call with these tensors reads and writes; undefined ones count nothing.
template <class... Tensors>
int64_t bytes_of(const Tensors&... tensors) {
  return (int64_t{0} + ... + (tensors.defined() ? static_cast<int64_t>(tensors.bytes()) : 0));
}
/// The cost, for an OpSpan, of an op whose operations are not counted.
template <class... Tensors>
auto moving(const Tensors&... tensors) {
  return [&] { return OpCost{.bytes = bytes_of(tensors...)}; };
}

/// Ops run while it lives belong to a scope, such as a layer.
class Scope {
 public:
  /// The scope `name` within the current one; "" changes nothing.
  explicit Scope(std::string_view name) : Scope(name, current_pass()) {}
  Scope(std::string_view name, Pass pass);
  /// A place known from before: backward goes back to where an op was recorded.
  explicit Scope(const Place& place);
  ~Scope() {
    if (profiler_ != nullptr) profiler_->leave(before_, start_);
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  static Pass current_pass() {
    return Profiler::active() != nullptr ? Profiler::active()->place().pass : Pass::forward;
  }
  void enter(const Place& place);

  Profiler* profiler_;
  Place before_;
  int64_t start_ = 0;
};

/// A stretch of the program's own work, as long as it lives; regions may nest. `name` is a literal.
class Region {
 public:
  explicit Region(const char* name) : profiler_(Profiler::active()) {
    if (profiler_ != nullptr) profiler_->open_region(name);
  }
  ~Region() {
    if (profiler_ != nullptr) profiler_->close_region();
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

 private:
  Profiler* profiler_;
};

}  // namespace kintsugi
