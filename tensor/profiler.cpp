#include "tensor/profiler.h"

#include <deque>
#include <mutex>
#include <utility>

#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

/// Paths and their numbers: the program's one list, from any thread.
class ScopeNames {
 public:
  ScopeId id(std::string_view path) {
    std::lock_guard lock(mutex_);
    if (auto known = ids_.find(path); known != ids_.end()) return known->second;
    const auto id = static_cast<ScopeId>(paths_.size());
    ids_.emplace(paths_.emplace_back(path), id);
    return id;
  }
  const std::string& path(ScopeId id) {
    std::lock_guard lock(mutex_);
    return paths_.at(id);
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> paths_{""};  // a deque: its strings never move
  std::map<std::string_view, ScopeId> ids_{{"", kNoScope}};
};

ScopeNames& scope_names() {
  static ScopeNames names;
  return names;
}

/// The scope `name` within `parent`.
ScopeId scope_within(ScopeId parent, std::string_view name) {
  const std::string& path = scope_path(parent);
  return scope_id(path.empty() ? std::string(name) : fmt::format("{}.{}", path, name));
}

/// Never throws, as spans end in destructors too: a device that has failed says so again in the
/// next call that needs it.
void wait_for(Device device) {
  if (device == Device::cpu) return;  // has nothing under way
  try {
    backend(device).synchronize();
  } catch (const Error&) {
    return;
  }
}

}  // namespace

ScopeId scope_id(std::string_view path) { return scope_names().id(path); }
const std::string& scope_path(ScopeId scope) { return scope_names().path(scope); }

const char* to_string(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return "forward";
    case Pass::backward:
      return "backward";
    default:
      return "update";
  }
}

Profiler::Profiler(Device device, size_t max_spans)
    : made_(std::chrono::steady_clock::now()), device_(device), max_spans_(max_spans) {
  check(active_ == nullptr, "profiler: this thread is being profiled already");
  profile_.spans.reserve(max_spans);
  active_ = this;
}

Profiler::~Profiler() {
  if (active_ == this) active_ = nullptr;
}

int64_t Profiler::now() const {
  wait_for(device_);
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - made_).count();
}

Profile Profiler::finish() {
  active_ = nullptr;
  profile_.nanoseconds = now();
  profile_.peak_bytes = memory_statistics(device_).peak;
  std::stable_sort(profile_.spans.begin(), profile_.spans.end(),
                   [](const TraceSpan& a, const TraceSpan& b) {
                     return std::pair(a.start, -a.nanoseconds) < std::pair(b.start, -b.nanoseconds);
                   });
  return std::move(profile_);
}

void Profiler::keep(const TraceSpan& span) {
  if (profile_.spans.size() < max_spans_)
    profile_.spans.push_back(span);
  else
    ++profile_.spans_left_out;
}

void Profiler::add_op(const char* op, const OpCost& cost, int64_t start) {
  const int64_t nanoseconds = now() - start;
  const auto [found, is_new] =
      op_index_.try_emplace({op, place_.scope, place_.pass}, profile_.ops.size());
  if (is_new) profile_.ops.push_back({.op = op, .place = place_, .cost = {}});
  OpTotals& totals = profile_.ops[found->second];
  ++totals.calls;
  totals.nanoseconds += nanoseconds;
  totals.cost.operations += cost.operations;
  totals.cost.bytes += cost.bytes;
  if (!open_regions_.empty()) open_regions_.back().within += nanoseconds;
  keep({.kind = TraceSpan::Kind::op,
        .name = op,
        .place = place_,
        .start = start,
        .nanoseconds = nanoseconds,
        .cost = cost});
}

void Profiler::leave(const Place& before, int64_t start) {
  if (place_.scope != kNoScope)
    keep({.kind = TraceSpan::Kind::scope,
          .place = place_,
          .start = start,
          .nanoseconds = now() - start,
          .cost = {}});
  place_ = before;
}

void Profiler::open_region(const char* name) { open_regions_.push_back({name, now(), 0}); }

void Profiler::close_region() {
  const OpenRegion region = open_regions_.back();
  open_regions_.pop_back();
  const int64_t nanoseconds = now() - region.start;
  auto totals = std::find_if(profile_.regions.begin(), profile_.regions.end(),
                             [&](const RegionTotals& known) { return known.name == region.name; });
  if (totals == profile_.regions.end())
    totals = profile_.regions.insert(totals, {.name = region.name});
  ++totals->calls;
  totals->nanoseconds += nanoseconds;
  totals->own_nanoseconds += nanoseconds - region.within;
  if (!open_regions_.empty()) open_regions_.back().within += nanoseconds;
  keep({.kind = TraceSpan::Kind::region,
        .name = region.name,
        .place = {},
        .start = region.start,
        .nanoseconds = nanoseconds,
        .cost = {}});
}

Scope::Scope(std::string_view name, Pass pass)
    : profiler_(name.empty() ? nullptr : Profiler::active()) {
  if (profiler_ != nullptr)
    enter({.scope = scope_within(profiler_->place().scope, name), .pass = pass});
}

Scope::Scope(const Place& place) : profiler_(Profiler::active()) {
  if (profiler_ != nullptr) enter(place);
}

void Scope::enter(const Place& place) {
  before_ = profiler_->place();
  start_ = profiler_->now();
  profiler_->enter(place);
}

}  // namespace kintsugi
