#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tests/gradcheck/collect.h"
#include "tests/gradcheck/mutation_run.h"
#include "tests/gradcheck/report/heat_map.h"
#include "tests/gradcheck/report/pages.h"
#include "tests/gradcheck/report/source.h"
#include "tests/gradcheck/run_json.h"
#include "tests/temporary_folder.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

OpInfo product() {
  OpInfo info;
  info.name = "product";
  info.formula = "a·b / 2";
  info.derivative = "da = dy·b / 2, db = dy·a / 2";
  info.samples = {{.inputs = {{.shape = {3, 4}}, {.shape = {3, 4}}},
                   .apply = [](const Variables& in) { return 0.5 * in[0] * in[1]; },
                   .label = "one <sample>"}};
  return info;
}

Run run_of(const OpInfo& info, const std::string& device = "cpu") {
  return {
      .device = device, .tolerance = 1e-6, .entries = {collect("op", info, {1, 2}, Device::cpu)}};
}

/// The product with one of its gradients wrong.
Run broken_run(const char* mutation) {
  MutationEffect effect;
  const OpInfo right = product();
  return run_of(broken(right, mutation_called(mutation), 0, effect));
}

}  // namespace

TEST_CASE("a failing check still has the errors of every element of every input") {
  const Entry entry = broken_run("transposed").entries[0];
  const CheckResult& first = entry.checks[0];
  CHECK_FALSE(first.passed);
  REQUIRE(first.inputs.size() == 2);
  CHECK(first.inputs[0].error.values.size() == 12);
  CHECK(first.inputs[0].expected.values.size() == 12);
  CHECK(first.inputs[0].got.values.size() == 12);
  CHECK(first.inputs[1].error.values.size() == 12);
  CHECK(first.inputs[1].got.values.empty());  // right
  // First and last element are their own transposes.
  CHECK(first.inputs[0].error.values.front() < 1e-6);
  CHECK(first.inputs[0].error.values.back() < 1e-6);
  CHECK(first.inputs[0].error.values[1] > 1e-3);
}

TEST_CASE("a run is the same after it was written and read") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.json";
  Run run = broken_run("dropped");
  run.entries[0].checks[0].inputs[0].got.values[1] = std::numeric_limits<double>::quiet_NaN();
  write_json(path, run);
  CHECK_FALSE(holds_mutations(path));
  const Run read = read_run(path);
  CHECK(read.device == "cpu");
  const Entry &a = run.entries[0], &b = read.entries[0];
  CHECK(b.formula == a.formula);
  CHECK(b.checks[0].failure == a.checks[0].failure);
  CHECK(b.checks[0].inputs[0].shape == a.checks[0].inputs[0].shape);
  CHECK(std::isnan(b.checks[0].inputs[0].got.values[1]));
  CHECK(b.checks[0].inputs[0].got.values[0] ==
        doctest::Approx(a.checks[0].inputs[0].got.values[0]));
  CHECK(b.samples[0].label == "one <sample>");
  CHECK_THROWS_WITH_AS(read_mutations(path), doctest::Contains("gradcheck --mutations"), Error);
  std::ofstream(path) << "{\"format\": 3}";
  CHECK_THROWS_WITH_AS(read_run(path), doctest::Contains("run.json: not a file"), Error);
  CHECK_THROWS_WITH_AS(read_run(folder / "none.json"), doctest::Contains("cannot be read"), Error);
}

TEST_CASE("the page has each part of the report, and takes nothing from elsewhere") {
  const std::string html = report_page(merge({run_of(product())}), ".", "../../", "");
  for (const char* part :
       {"<mfrac>", "one &lt;sample&gt;", "first", "second", "data:image/png;base64,", "class=\"v\"",
        "float32", "Memory between forward and backward", "prefers-color-scheme: dark",
        "width=device-width", "id=\"op-product\""})
    CHECK_MESSAGE(has(html, part), part);
  CHECK_FALSE(has(html, "http://"));
  CHECK_FALSE(has(html, "https://"));
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "FAILED"));
  CHECK(count(html, "src=\"") == count(html, "src=\"data:"));
}

TEST_CASE("a wrong backward shows as a picture: its errors, what was expected, what was got") {
  const std::string html = report_page(merge({broken_run("sign flipped")}), ".", "../../", "");
  CHECK(has(html, "<div class=\"wrong\">"));
  CHECK(has(html, "<figcaption>expected</figcaption>"));
  CHECK(has(html, "<figcaption>got</figcaption>"));
  CHECK(has(html, "12 of 12 elements wrong"));
  CHECK(has(html, "product, first order, sample 0 (one &lt;sample&gt;), input 0 [3, 4]"));
  const std::string text = report_markdown(merge({broken_run("sign flipped")}), ".", "../../");
  CHECK(has(text, "**FAILED**"));
}

TEST_CASE("runs on several devices stand side by side") {
  const MergedRuns merged = merge({run_of(product()), run_of(product(), "emulated")});
  REQUIRE(merged.entries.size() == 1);
  CHECK(merged.entries[0].devices.size() == 2);
  const std::string html = report_page(merged, ".", "../../", "");
  CHECK(has(html, "<td>cpu</td>"));
  CHECK(has(html, "<td>emulated</td>"));
  CHECK(has(html, "Not run here: cuda"));
  CHECK_THROWS_AS(merge({}), Error);
}

TEST_CASE("two runs are compared: what changed its verdict comes first, as pictures of both") {
  Run before = run_of(product()), after = broken_run("wrong stride");
  OpInfo other = product();
  other.name = "other";
  for (Run* run : {&before, &after})
    run->entries.insert(run->entries.begin(), collect("op", other, {1}, Device::cpu));
  const std::string html = compare_page(before, after);
  CHECK(has(html, "3 checks, 2 with another verdict"));
  CHECK(html.find("op product") < html.find("op other"));
  CHECK(has(html, "<h3>op product, first order</h3>"));
  CHECK_FALSE(has(html, "<h3>op other"));
  CHECK(has(compare_markdown(before, after), "| op product | first | "));
}

TEST_CASE("the mutation page has every mutation, what the check said, and what does not apply") {
  MutationRun run;
  for (const Mutation& mutation : mutations())
    run.mutations.push_back({mutation.name, mutation.mistake, mutation.code, mutation.picture});
  MutatedOp op{.name = "product"};
  for (const Mutation& mutation : mutations()) op.attempts.push_back(attempt(product(), mutation));
  run.ops = {op};
  run.example = op;
  const TemporaryFolder folder;
  write_json(folder / "m.json", run);
  CHECK(holds_mutations(folder / "m.json"));
  const MutationRun read = read_mutations(folder / "m.json");
  const std::string html = mutation_page(read, 1e-6), text = mutation_markdown(read);
  for (const Mutation& mutation : mutations()) {
    CHECK_MESSAGE(has(html, std::string("<h3>") + mutation.name), mutation.name);
    CHECK_MESSAGE(has(text, std::string("### ") + mutation.name), mutation.name);
  }
  CHECK(has(html, "product, first order, sample 0"));
  CHECK(has(html, "<b>missing sum</b> needs an input with fewer axes than the output"));
}

TEST_CASE("every op and layer is found in the sources") {
  if (!std::filesystem::exists("autograd/ops")) return;  // run from elsewhere
  const auto found = [](const char* kind, const std::vector<OpInfo>& infos) {
    for (const OpInfo& info : infos) {
      Entry entry;
      entry.kind = kind;
      entry.name = info.name;
      const SourcePlace place = find_source(".", entry);
      CHECK_MESSAGE(place.line > 0, info.name);
      CHECK_MESSAGE(has(place.excerpt, "\n"), info.name);
    }
  };
  found("op", registered_ops());
  found("layer", registered_layers());
  found("network", glcic_layers());
}

}  // namespace kintsugi
