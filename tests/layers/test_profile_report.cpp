#include <doctest/doctest.h>
#include <fmt/core.h>

#include <map>
#include <memory>
#include <utility>

#include "autograd/checkpoint.h"
#include "autograd/ops.h"
#include "layers/conv2d.h"
#include "layers/optimizer.h"
#include "layers/profile_report.h"
#include "layers/sequential.h"
#include "tensor/profiler.h"
#include "tests/device.h"

using namespace kintsugi;

namespace {

/// "op, layer, pass": calls, operations, bytes.
using Counts = std::map<std::string, std::vector<int64_t>>;

Counts counts(const Profile& profile) {
  Counts found;
  for (const OpTotals& totals : profile.ops)
    found[fmt::format("{}, {}, {}", totals.op, scope_path(totals.place.scope),
                      to_string(totals.place.pass))] = {totals.calls, totals.cost.operations,
                                                        totals.cost.bytes};
  return found;
}

std::shared_ptr<Conv2d> conv(const ConvolutionOptions& options) {
  Generator generator{.seed = 5};
  return std::make_shared<Conv2d>(options, generator);
}

std::shared_ptr<Sequential> small_network() {
  auto network = std::make_shared<Sequential>(
      NamedModules{{"first", conv({.in = 2, .out = 3, .kernel = 3, .padding = 1})},
                   {"second", conv({.in = 3, .out = 1, .kernel = 1, .bias = false})}});
  network->to(test_device());
  return network;
}

Variable picture() {
  Generator generator{.seed = 6};
  return Variable(uniform({2, 4, 5, 2}, -1, 1, generator, {.device = test_device()}));
}

/// One training step; returns the weights that it leaves.
std::vector<double> train_once(Sequential& network) {
  Adadelta optimizer(network.state());
  {
    const Scope scope("net");
    sum(network(picture())).backward();
  }
  optimizer.step();
  std::vector<double> weights;
  for (const Variable& parameter : network.parameters())
    for (double value : parameter.value().to_vector()) weights.push_back(value);
  return weights;
}

Profile profile_of_training() {
  const auto network = small_network();
  Profiler profiler;
  train_once(*network);
  return profiler.finish();
}

/// The lines of a table, each cut at its spaces.
std::vector<std::vector<std::string>> cells(const std::string& table) {
  std::vector<std::vector<std::string>> lines(1);
  std::string cell;
  for (char c : table + "\n") {
    if (c != ' ' && c != '\n') {
      cell += c;
      continue;
    }
    if (!cell.empty()) lines.back().push_back(std::exchange(cell, {}));
    if (c == '\n') lines.emplace_back();
  }
  return lines;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

TEST_CASE("forward, backward and update of a network are counted where they belong") {
  // x [2, 4, 5, 2]: 80 numbers; after `first` [2, 4, 5, 3]: 120; after `second` [2, 4, 5, 1]: 40.
  // Weights: 3·3·2·3 = 54 and 3, biases 3. Operations: 2·120·9·2 = 4320 and 2·40·3 = 240.
  const Counts found = counts(profile_of_training());
  const Counts expected{
      {"conv2d, net.first, forward", {1, 4320, 4 * (80 + 54 + 3 + 120)}},
      {"conv2d, net.second, forward", {1, 240, 4 * (120 + 3 + 40)}},
      {"sum, net, forward", {1, 0, 4 * (40 + 1)}},
      {"broadcast_to, net, backward", {1, 0, 4 * (1 + 40)}},
      {"conv2d_input_grad, net.second, backward", {1, 240, 4 * (40 + 3 + 120)}},
      {"conv2d_weight_grad, net.second, backward", {1, 240, 4 * (120 + 40 + 3)}},
      {"conv2d_weight_grad, net.first, backward", {1, 4320, 4 * (80 + 120 + 54)}},
      {"sum, net.first, backward", {1, 0, 4 * (120 + 3)}},
      {"adadelta_step, optimizer, update", {1, 0, 4 * 7 * (54 + 3 + 3)}},
  };
  CHECK(found == expected);
}

TEST_CASE("profiling changes no bit of a training step") {
  const auto profiled = small_network(), plain = small_network();
  const std::vector<double> without = train_once(*plain);
  const Profiler profiler;
  CHECK(train_once(*profiled) == without);
}

TEST_CASE("what a checkpointed layer computes again belongs to its backward pass") {
  const auto network = small_network();
  const Variable x(picture().value(), true);
  Profiler profiler;
  const Variable y = checkpoint([&](const Variables& in) { return (*network)(in[0]); }, {x});
  sum(y).backward();
  const Counts found = counts(profiler.finish());
  CHECK(found.at("conv2d, first, forward")[0] == 1);
  CHECK(found.at("conv2d, first, backward")[0] == 1);
  CHECK(found.at("conv2d_input_grad, first, backward")[0] == 1);
}

TEST_CASE("a gradient of a gradient belongs to the layer that it came from") {
  const auto network = small_network();
  const Variable x(picture().value(), true);
  Profiler profiler;
  const Variable slope = grad({sum((*network)(x))}, {x}, {}, {.create_graph = true})[0];
  sum(square(slope)).backward();
  const Counts found = counts(profiler.finish());
  // dx = conv_transpose2d(dy, w) is differentiated by dy and by w: a conv2d, and the second of two
  // weight gradients, for the weights have one in either pass.
  CHECK(found.at("conv2d, first, backward")[0] == 1);
  CHECK(found.at("conv2d_weight_grad, first, backward")[0] == 2);
  for (const auto& [place, numbers] : found)
    if (place.starts_with("conv2d")) CHECK(place.find(", ,") == std::string::npos);
}

TEST_CASE("the table of ops is sorted by time, and adds up to the wall time") {
  Profile profile;
  profile.nanoseconds = 10'000'000;
  profile.peak_bytes = 3 << 20;
  const Place layer{.scope = scope_id("net.layer1")};
  profile.ops = {
      {.op = "relu", .place = {}, .calls = 2, .nanoseconds = 1'000'000, .cost = {.bytes = 1 << 20}},
      {.op = "conv2d",
       .place = layer,
       .calls = 1,
       .nanoseconds = 4'000'000,
       .cost = {.operations = 2'000'000'000, .bytes = 2 << 20}},
      {.op = "relu", .place = layer, .calls = 3, .nanoseconds = 1'000'000, .cost = {}},
  };
  profile.regions = {
      {.name = "load", .calls = 7, .nanoseconds = 5'000'000, .own_nanoseconds = 2'500'000}};
  const std::string table = op_table(profile);
  CHECK(table.find("60.0 % of it in ops") != std::string::npos);
  CHECK(table.find("3.0 MiB at most") != std::string::npos);
  const auto lines = cells(table.substr(table.find("\n\n") + 2));
  using Line = std::vector<std::string>;
  CHECK(lines[1] == Line{"conv2d", "1", "4.00", "40.0", "%", "500.0", "2.0", "0.5"});
  CHECK(lines[2] == Line{"relu", "5", "2.00", "20.0", "%", "1.0", "0.5"});
  CHECK(lines[3] == Line{"all", "ops", "6", "6.00", "60.0", "%", "333.3", "3.0", "0.5"});
  CHECK(lines[4] == Line{"outside", "of", "ops", "4.00", "40.0", "%"});
  CHECK(lines[5] == Line{"load", "7", "2.50", "25.0", "%"});
  CHECK(lines[6] == Line{"elsewhere", "1.50", "15.0", "%"});
  CHECK(lines[7] == Line{"wall", "time", "10.00", "100.0", "%"});
}

TEST_CASE("the table of layers follows the network, forward before backward, the rest last") {
  Profile profile;
  profile.nanoseconds = 8'000'000;
  const ScopeId first = scope_id("net.layer1"), second = scope_id("net.layer2");
  const auto op = [](const char* name, ScopeId scope, Pass pass) {
    return OpTotals{
        .op = name, .place = {scope, pass}, .calls = 1, .nanoseconds = 1'000'000, .cost = {}};
  };
  profile.ops = {op("concat", kNoScope, Pass::forward), op("conv2d", first, Pass::forward),
                 op("relu", first, Pass::forward),      op("conv2d", second, Pass::forward),
                 op("mean", kNoScope, Pass::forward),   op("relu_grad", second, Pass::backward),
                 op("relu_grad", first, Pass::backward)};
  std::vector<std::string> lines;
  for (const auto& line : cells(layer_table(profile)))
    if (line.size() > 2) lines.push_back(joined(line));
  CHECK(lines == std::vector<std::string>{
                     "layer calls time, ms share GFLOP/s MiB GiB/s",
                     "net.layer1, forward 2 2.00 25.0 % 0.0",
                     "net.layer1, backward 1 1.00 12.5 % 0.0",
                     "net.layer2, forward 1 1.00 12.5 % 0.0",
                     "net.layer2, backward 1 1.00 12.5 % 0.0",
                     "outside of layers, forward 2 2.00 25.0 % 0.0",
                     "all ops 7 7.00 87.5 % 0.0",
                 });
}
