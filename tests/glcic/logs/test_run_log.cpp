#include <doctest/doctest.h>

#include <map>

#include "glcic/logs/run_log.h"
#include "glcic/metrics.h"
#include "tensor/io/image.h"
#include "tests/glcic/logs/event_reader.h"
#include "tests/glcic/run_files.h"
#include "tests/glcic/small_run.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

using Curves = std::map<std::string, std::vector<std::pair<int64_t, double>>>;

/// What TensorBoard draws of a run: the scalars of each tag; of a picture, its height.
Curves curves_of(const std::string& run) {
  Curves curves;
  for (const tensorboard::Event& event : kept_events(run))
    for (const tensorboard::Summary::Value& value : event.summary().value())
      curves[value.tag()].emplace_back(
          event.step(), value.has_image()
                            ? static_cast<double>(
                                  decode_image(value.image().encoded_image_string(), "png").size(0))
                            : static_cast<double>(value.simple_value()));
  return curves;
}

/// The scalars are the numbers of metrics.csv, each column a tag.
void check_as_in_metrics(const Curves& curves, const std::string& path) {
  const Metrics metrics = read_metrics(path);
  const std::vector<std::string> tags = {"",
                                         "progress/phase",
                                         "progress/phase_step",
                                         "progress/seconds",
                                         "loss/completion",
                                         "loss/discriminators",
                                         "loss/adversarial",
                                         "probability/real",
                                         "probability/completed",
                                         "gradient/completion",
                                         "gradient/adversarial",
                                         "loss/alpha",
                                         "speed/pictures_per_second"};
  REQUIRE(metrics.names.size() == tags.size());
  for (size_t i = 1; i < tags.size(); ++i) {
    CAPTURE(tags[i]);
    std::vector<std::pair<int64_t, double>> expected;
    for (size_t row = 0; row < metrics.columns[i].size(); ++row)
      if (!std::isnan(metrics.columns[i][row]))
        expected.emplace_back(metrics.columns[0][row], metrics.columns[i][row]);
    const auto found = curves.find(tags[i]);
    REQUIRE(found != curves.end());
    REQUIRE(found->second.size() == expected.size());
    for (size_t k = 0; k < expected.size(); ++k) {
      CHECK(found->second[k].first == expected[k].first);
      CHECK(found->second[k].second ==  // six digits, or milliseconds
            doctest::Approx(expected[k].second).epsilon(1e-5).scale(i == 3 ? 100.0 : 0.0));
    }
  }
}

std::string stage_of(const std::string& run) {
  const std::string page = read_file(run + "/index.html"), key = "data-stage=\"";
  const size_t start = page.find(key) + key.size();
  return page.substr(start, page.find('"', start) - start);
}

}  // namespace

TEST_CASE("a run's event files say what its metrics.csv says, resumed or not") {
  const TemporaryFolder folder;
  const Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.validate = true;
  options.stop = [](const Position& position) { return position.step == 7; };
  train(options);
  CHECK(stage_of(options.run) == "stopped");
  {  // steps that a run took and lost, as when it is killed
    EventFile lost(options.run, 8);
    lost.add_scalars(8, {{"loss/completion", 5.0}});
    lost.add_scalars(99, {{"loss/completion", 5.0}});
  }
  options.stop = {};
  options.resume = true;
  train(options);
  CHECK(stage_of(options.run) == "done");
  CHECK(event_files(options.run).size() == 3);

  const Curves curves = curves_of(options.run);
  check_as_in_metrics(curves, options.run + "/metrics.csv");
  std::vector<int64_t> sheets;
  for (const auto& [step, height] : curves.at("samples")) {
    sheets.push_back(step);
    CHECK(height == 3 * 16 + 4 * 4);
  }
  CHECK(sheets == std::vector<int64_t>{0, 4, 6, 7, 10});
  CHECK(curves.at("validation/hole_psnr").size() == 5);
}

TEST_CASE("the page of a run that failed says why") {
  const TemporaryFolder folder;
  const Quiet quiet;
  write_pictures(folder / "pictures", 40, [](int i) { return i % 3 == 0; });
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.settings.data = folder / "pictures";
  options.strict = true;
  const std::string sentence = sentence_of([&] { train(options); });
  REQUIRE(sentence.find("is damaged") != std::string::npos);
  CHECK(stage_of(options.run) == "failed");
  CHECK(read_file(options.run + "/index.html").find(sentence) != std::string::npos);
}
