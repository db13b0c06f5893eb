#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "tensor/io/chrome_trace.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"
#include "tests/device.h"
#include "tests/temporary_folder.h"
#include "tests/trace_events.h"

using namespace kintsugi;

namespace {

Tensor zeros(const Shape& shape, DType dtype = DType::float32) {
  return Tensor::zeros(shape, {dtype, test_device()});
}

/// All calls of one op: calls, operations, bytes.
struct Sum {
  int64_t calls = 0, operations = 0, bytes = 0;
  bool operator==(const Sum&) const = default;
};
doctest::String toString(const Sum& sum) {
  return fmt::format("{} calls, {} operations, {} bytes", sum.calls, sum.operations, sum.bytes)
      .c_str();
}

Sum sum_of(const Profile& profile, const std::string& op) {
  Sum sum;
  for (const OpTotals& totals : profile.ops)
    if (totals.op == op) {
      sum.calls += totals.calls;
      sum.operations += totals.cost.operations;
      sum.bytes += totals.cost.bytes;
    }
  return sum;
}

int64_t nanoseconds_in_ops(const Profile& profile) {
  int64_t sum = 0;
  for (const OpTotals& totals : profile.ops) sum += totals.nanoseconds;
  return sum;
}

const RegionTotals& region(const Profile& profile, const std::string& name) {
  return *std::find_if(profile.regions.begin(), profile.regions.end(),
                       [&](const RegionTotals& totals) { return totals.name == name; });
}

}  // namespace

TEST_CASE("a profile counts the operations of convolutions and products, and every op's bytes") {
  const Tensor x = zeros({2, 8, 6, 3}), w = zeros({3, 3, 3, 5}), bias = zeros({5});
  const Tensor dy = zeros({2, 4, 3, 5});
  const Window window{.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1};
  Profiler profiler;
  ops::conv2d(x, w, window, {.bias = bias});
  ops::conv2d(x, w, window);
  ops::conv2d_input_grad(dy, w, window, 8, 6);
  ops::conv2d_weight_grad(x, dy, window);
  ops::matmul(zeros({7, 4}), zeros({9, 7}), {.transpose_a = true, .transpose_b = true});
  ops::relu(x);
  ops::add(x, zeros({3}));
  ops::concat({x, x, x}, 3);
  ops::slice(x, 0, 1, 1);
  ops::max(zeros({4, 10}, DType::float64), {1});
  const Profile profile = profiler.finish();

  // x: 288, w: 135, dy: 120, bias: 5 numbers of 4 bytes; 2·(2·4·3·5)·3·3·3 operations.
  CHECK(sum_of(profile, "conv2d") == Sum{2, 2 * 6480, 2 * 4 * (288 + 135 + 120) + 4 * 5});
  CHECK(sum_of(profile, "conv2d_input_grad") == Sum{1, 6480, 4 * (120 + 135 + 288)});
  CHECK(sum_of(profile, "conv2d_weight_grad") == Sum{1, 6480, 4 * (288 + 120 + 135)});
  CHECK(sum_of(profile, "matmul") == Sum{1, 2 * 4 * 7 * 9, 4 * (28 + 63 + 36)});
  CHECK(sum_of(profile, "relu") == Sum{1, 0, 4 * (288 + 288)});
  CHECK(sum_of(profile, "add") == Sum{1, 0, 4 * (288 + 3 + 288)});
  CHECK(sum_of(profile, "concat") == Sum{1, 0, 4 * 2 * 3 * 288});
  CHECK(sum_of(profile, "slice") == Sum{1, 0, 4 * (144 + 144)});
  CHECK(sum_of(profile, "max") == Sum{1, 0, 8 * (40 + 4)});
  CHECK(profile.ops.size() == 9);
  CHECK(profile.spans.size() == 10);
  CHECK(profile.nanoseconds >= nanoseconds_in_ops(profile));
}

TEST_CASE("nothing is recorded before, after, or by other threads") {
  const Tensor x = zeros({5});
  const auto work = [&] {
    const Scope scope("layer");
    const Region region("work");
    ops::relu(x);
    return Profiler::current_scope();
  };
  CHECK(Profiler::active() == nullptr);
  CHECK(work() == kNoScope);
  Profiler profiler;
  std::thread(work).join();
  const Profile profile = profiler.finish();
  CHECK(Profiler::active() == nullptr);
  CHECK(work() == kNoScope);
  CHECK(profile.ops.empty());
  CHECK(profile.regions.empty());
  CHECK(profile.spans.empty());
}

TEST_CASE("a thread has one profiler at a time") {
  {
    const Profiler first;
    CHECK(sentence_of([] { Profiler second; }).find("profiled already") != std::string::npos);
    CHECK(Profiler::active() == &first);
  }
  CHECK(Profiler::active() == nullptr);
  CHECK(sentence_of([] { Profiler third; }).empty());
}

TEST_CASE("ops belong to the innermost scope, and scopes end where they were opened") {
  const Tensor x = zeros({5});
  Profiler profiler;
  {
    const Scope net("net");
    const Scope unnamed("");
    {
      const Scope layer("layer1");
      ops::relu(x);
      const Scope back({.scope = scope_id("other"), .pass = Pass::backward});
      ops::relu(x);
      const Scope inner("inner");
      ops::relu(x);
    }
    ops::relu(x);
  }
  ops::relu(x);
  const Profile profile = profiler.finish();
  std::vector<std::string> places;
  for (const OpTotals& totals : profile.ops)
    places.push_back(scope_path(totals.place.scope) + " " + to_string(totals.place.pass));
  CHECK(places == std::vector<std::string>{"net.layer1 forward", "other backward",
                                           "other.inner backward", "net forward", " forward"});
}

TEST_CASE("the time of a region is that of its ops, of the regions in it, and its own") {
  const Tensor x = zeros({1000});
  Profiler profiler;
  {
    const Region outer("outer");
    ops::relu(x);
    for (int i = 0; i < 3; ++i) {
      const Region inner("inner");
      ops::exp(x);
    }
  }
  const Profile profile = profiler.finish();
  const RegionTotals &outer = region(profile, "outer"), &inner = region(profile, "inner");
  CHECK(outer.calls == 1);
  CHECK(inner.calls == 3);
  CHECK(outer.nanoseconds ==
        outer.own_nanoseconds + inner.own_nanoseconds + nanoseconds_in_ops(profile));
  CHECK(outer.own_nanoseconds >= 0);
  CHECK(inner.own_nanoseconds >= 0);
}

TEST_CASE("a long run keeps the first spans, and totals of all") {
  const Tensor x = zeros({5});
  Profiler profiler(3);
  for (int i = 0; i < 10; ++i) {
    const Region region("step");
    ops::relu(x);
  }
  const Profile profile = profiler.finish();
  CHECK(profile.spans.size() == 3);
  CHECK(profile.spans_left_out == 17);
  CHECK(sum_of(profile, "relu") == Sum{10, 0, 10 * 40});
  CHECK(region(profile, "step").calls == 10);
  const auto json = nlohmann::json::parse(chrome_trace(profile));
  CHECK(json["traceEvents"].size() == 3);
  CHECK(json["otherData"]["spans left out"] == 17);
}

TEST_CASE("a trace is JSON whose events nest, with the times and counts of the profile") {
  const Tensor x = zeros({1, 4, 4, 2}), w = zeros({1, 1, 2, 2});
  Profiler profiler;
  {
    const Region region("step");
    const Scope scope("a \"quoted\" layer");
    ops::conv2d(x, w, {});
    ops::mean(x);  // a sum and an affine
  }
  const Profile profile = profiler.finish();
  const std::vector<TraceEvent> events = trace_events(chrome_trace(profile));
  REQUIRE(events.size() == 5);
  CHECK(events_nest(events));
  CHECK(events[0].category == "region");
  CHECK(events[1].name == "a \"quoted\" layer");
  CHECK(events[1].category == "forward");
  CHECK(event_counts(events, "op") ==
        std::map<std::string, int64_t>{{"conv2d", 1}, {"sum", 1}, {"affine", 1}});
  CHECK(events[2].arguments == nlohmann::json{{"layer", "a \"quoted\" layer"},
                                              {"pass", "forward"},
                                              {"operations", 2 * 16 * 2 * 2},
                                              {"bytes", 4 * (32 + 4 + 32)}});
  for (size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].start == profile.spans[i].start);
    CHECK(events[i].end == profile.spans[i].start + profile.spans[i].nanoseconds);
  }
}
