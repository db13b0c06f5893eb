// Profiles of work on CUDA: each op on its own, in every step.
#include <doctest/doctest.h>

#include "tensor/io/file.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"
#include "tests/trace_events.h"

using namespace kintsugi;

TEST_CASE("glcic train --profile on CUDA shows the ops of each step, as no step is a replay") {
  const TemporaryFolder folder;
  const GlcicOutcome outcome =
      run_glcic({"train", "--device", "cuda", "--data", "synthetic", "--size", "16", "--width", "2",
                 "--batch", "2", "--steps", "4,1,1", "--run", folder / "run", "--profile"});
  REQUIRE(outcome.errors == "");
  CHECK(outcome.status == 0);
  const auto events = trace_events(read_file(folder / "run/trace.json"));
  CHECK(events_nest(events));
  CHECK(event_counts(events, "region")["step"] == 6);
  int64_t weight_gradients = 0;  // of a layer that has one in phases 1 and 3
  for (const TraceEvent& event : events)
    weight_gradients +=
        event.name == "conv2d_weight_grad" && event.arguments["layer"] == "completion.layer07.conv";
  CHECK(weight_gradients == 5);
}
