#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "glcic/mask.h"
#include "glcic/model.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/run_glcic.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"
#include "tests/trace_events.h"

using namespace kintsugi;
namespace fs = std::filesystem;

namespace {

/// A folder with a picture, a mask and weights.
class Workshop : public TemporaryFolder {
 public:
  Workshop() {
    Generator generator{.seed = 3};
    write_png(*this / "picture.png", uniform({16, 24, 3}, 0, 1, generator));
    const Hole hole{5, 4, 9, 8};
    write_png(*this / "mask.png", mask_from_holes({&hole, 1}, 16, 24));
    write_safetensors(*this / "weights.safetensors", {save_model(small_model()), {}});
  }
  GlcicOutcome complete(const std::string& output, std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"complete", "--weights", *this / "weights.safetensors", "--image",
                  *this / "picture.png", "--mask", *this / "mask.png", "--output", *this / output});
    return run_glcic(words);
  }
};

/// The calls of each op in the table that a command printed.
std::map<std::string, int64_t> calls_in_table(const std::string& output) {
  std::map<std::string, int64_t> calls;
  std::istringstream lines(output.substr(output.find("\nop ") + 1));
  std::string line, op;
  std::getline(lines, line);  // the headings
  while (std::getline(lines, line) && !line.starts_with("all ops")) {
    std::istringstream words(line);
    words >> op;
    words >> calls[op];
  }
  return calls;
}

}  // namespace

TEST_CASE("glcic complete --profile prints tables, writes the trace, and changes no picture") {
  const Workshop workshop;
  const GlcicOutcome plain = workshop.complete("plain.png", {});
  const GlcicOutcome profiled = workshop.complete("mended.png", {"--profile"});
  REQUIRE(profiled.errors == "");
  CHECK(profiled.status == 0);
  CHECK(plain.output.empty());
  CHECK(read_file(workshop / "mended.png") == read_file(workshop / "plain.png"));

  const auto events = trace_events(read_file(workshop / "mended.trace.json"));
  CHECK(events_nest(events));
  CHECK(calls_in_table(profiled.output) == event_counts(events, "op"));
  CHECK(event_counts(events, "op")["conv2d"] == 15);
  CHECK(event_counts(events, "op")["conv2d_input_grad"] == 2);
  CHECK(event_counts(events, "forward")["completion.layer07"] == 1);
  CHECK(event_counts(events, "region") ==
        std::map<std::string, int64_t>{{"complete", 1}, {"read", 1}, {"write", 1}});
  for (const char* part : {"completion.layer01, forward", "completion.layer17.conv, forward",
                           "outside of ops", "mended.trace.json"})
    CHECK_MESSAGE(profiled.output.find(part) != std::string::npos, part);
}

TEST_CASE("--profile writes the trace where it is told, and refuses a place that is none") {
  const Workshop workshop;
  CHECK(workshop.complete("mended.png", {"--profile", workshop / "a.json"}).status == 0);
  CHECK(fs::exists(workshop / "a.json"));
  CHECK_FALSE(fs::exists(workshop / "mended.trace.json"));
  for (const auto& [trace, part] : {std::pair{"a.txt", "must end in .json"},
                                    std::pair{"absent/a.json", "there is no folder"}}) {
    const GlcicOutcome outcome = workshop.complete("other.png", {"--profile", workshop / trace});
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.find(part) != std::string::npos);
    CHECK_FALSE(fs::exists(workshop / "other.png"));
  }
}

TEST_CASE("glcic train --profile tells forward from backward in both networks") {
  const TemporaryFolder folder;
  const GlcicOutcome outcome =
      run_glcic({"train", "--data", "synthetic", "--size", "16", "--width", "4", "--batch", "2",
                 "--steps", "1,1,1", "--run", folder / "run", "--profile"});
  REQUIRE(outcome.errors == "");
  CHECK(outcome.status == 0);
  const auto events = trace_events(read_file(folder / "run/trace.json"));
  CHECK(events_nest(events));
  CHECK(calls_in_table(outcome.output) == event_counts(events, "op"));
  CHECK(event_counts(events, "region")["step"] == 3);
  CHECK(event_counts(events, "region")["load"] == 3);
  for (const char* layer :
       {"completion.layer01.conv, backward", "discriminator.global.layer1.norm, backward",
        "discriminator.local.fc, backward", "discriminator.fc, forward", "optimizer, update"})
    CHECK_MESSAGE(outcome.output.find(layer) != std::string::npos, layer);

  // Layer 7 is differentiated in phases 1 and 3, once by its weights and once by its input.
  int64_t weight_gradients = 0, input_gradients = 0;
  for (const TraceEvent& event : events) {
    if (event.category != "op" || event.arguments["layer"] != "completion.layer07.conv") continue;
    weight_gradients += event.name == "conv2d_weight_grad" ? 1 : 0;
    input_gradients += event.name == "conv2d_input_grad" ? 1 : 0;
  }
  CHECK(weight_gradients == 2);
  CHECK(input_gradients == 2);
}
