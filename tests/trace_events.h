#pragma once
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kintsugi {

/// One "complete" event of a Chrome trace, in nanoseconds.
struct TraceEvent {
  std::string name, category;
  int64_t start = 0, end = 0;
  nlohmann::json arguments;
};

/// The events of a trace, in its order. Throws where the text is no JSON, or an event lacks a
/// field.
inline std::vector<TraceEvent> trace_events(const std::string& text) {
  std::vector<TraceEvent> events;
  const nlohmann::json trace = nlohmann::json::parse(text);
  for (const nlohmann::json& event : trace.at("traceEvents")) {
    const int64_t start = std::llround(event.at("ts").get<double>() * 1000);
    events.push_back({event.at("name"), event.at("cat"), start,
                      start + std::llround(event.at("dur").get<double>() * 1000),
                      event.at("args")});
  }
  return events;
}

/// Whether any two events are apart, or the later lies within the earlier, and none is within an
/// op.
inline bool events_nest(const std::vector<TraceEvent>& events) {
  std::vector<const TraceEvent*> open;
  for (const TraceEvent& event : events) {
    if (event.end < event.start) return false;
    while (!open.empty() && open.back()->end <= event.start) open.pop_back();
    if (!open.empty() && (event.end > open.back()->end || open.back()->category == "op"))
      return false;
    open.push_back(&event);
  }
  return true;
}

/// How many events of a category there are by name.
inline std::map<std::string, int64_t> event_counts(const std::vector<TraceEvent>& events,
                                                   const std::string& category) {
  std::map<std::string, int64_t> counts;
  for (const TraceEvent& event : events)
    if (event.category == category) ++counts[event.name];
  return counts;
}

}  // namespace kintsugi
