#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "glcic/chart.h"
#include "glcic/metrics.h"
#include "glcic/page.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr const char* kMetrics =
    "step,phase,seconds,completion_loss,discriminator_loss,adversarial_loss\n"
    "1,1,6,0.1,,\n2,1,12,0.01,,\n3,2,18,,1.4,\n4,2,24,,1.3,\n5,3,30,0.005,1.2,0.7\n"
    "6,3,36,0.004,1.25,0.8\n";

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("ticks are 1, 2 or 5 times a power of ten") {
  CHECK(linear_ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(linear_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(!std::signbit(linear_ticks(0, 1, 4).front()));
  const std::vector<double> ticks = log_ticks(0.004, 0.1);
  REQUIRE(ticks.size() == 5);
  CHECK(ticks.front() == doctest::Approx(0.005));
  CHECK(ticks.back() == doctest::Approx(0.1));
  CHECK(log_ticks(1e-4, 1).size() == 5);
  CHECK_THROWS_AS(log_ticks(0, 1), Error);
}

TEST_CASE("smoothing averages over equal stretches and leaves out what is no number") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Curve curve{"L", "gold", {0, 1, 2, 3, 4, 10}, {1, 3, nan, 5, 7, 9}};
  const Curve result = smoothed(curve, 2);
  CHECK(result.x == std::vector<double>{2, 10});
  CHECK(result.y == std::vector<double>{4, 9});
  CHECK(smoothed({"L", "gold", {3}, {4}}, 5).y == std::vector<double>{4});
}

TEST_CASE("metrics are read by column, a damaged line is refused by its number") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "metrics.csv", kMetrics);
  const Metrics metrics = read_metrics(folder / "metrics.csv");
  CHECK(metrics.column("phase") == std::vector<double>{1, 1, 2, 2, 3, 3});
  CHECK(std::isnan(metrics.column("discriminator_loss")[1]));
  CHECK_THROWS_AS(metrics.column("colour"), Error);
  const std::vector<Chart> charts = loss_charts(metrics);
  REQUIRE(charts.size() == 2);
  CHECK(charts[0].curves[0].y.size() == 4);
  CHECK(charts[0].marks.size() == 2);
  const std::string svg = svg_chart(charts[1]);
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, "nan") == 0);

  write_file_atomically(folder / "short.csv", "step,phase\n1,1\n2\n");
  CHECK(sentence_of([&] { read_metrics(folder / "short.csv"); }) ==
        folder / "short.csv, line 3: 1 cells under a header of 2");
  write_file_atomically(folder / "word.csv", "step\nmany\n");
  CHECK_THROWS_AS(read_metrics(folder / "word.csv"), Error);
}

TEST_CASE("the demo's page holds its pictures, curves and figures in itself") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "metrics.csv", kMetrics);
  const Model model = make_model(16, 4, 7, Tensor::from({0.5, 0.4, 0.3}, {3}));
  const Hole hole = centre_hole(16);
  const Tensor mask = mask_from_holes({&hole, 1}, 16, 16);
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::test);
  const PageFace face = fill_face(model, evaluation_picture(*faces, 0, 16), mask);
  CHECK(face.completed_psnr == hole_psnr(face.completed, face.original, mask));
  CHECK(face.diffusion_psnr > 5.0);

  DemoPage page;
  page.settings.size = 16;
  page.end.seconds = 36;
  page.evaluation = evaluate(model, *faces, {.size = 16, .limit = 3, .baselines = true});
  page.groups = {{"Two faces", {face, face}}};
  page.metrics = folder / "metrics.csv";
  write_demo_page(folder / "page", page);

  const std::string html = read_file(folder / "page/index.html");
  CHECK(count(html, "data:image/png;base64,") == 8);
  CHECK(count(html, "<svg") == 2);
  CHECK(count(html, "Two faces") == 1);
  CHECK(count(html, "src=\"") == count(html, "src=\"data:"));  // nothing from elsewhere
  CHECK(count(html, "http") == 0);
  CHECK(count(html, fmt::format("{:.1f} dB", face.completed_psnr)) >= 2);
  CHECK(read_image(folder / "page/faces/face02_completed.png").shape() == Shape{16, 16, 3});
  CHECK(read_image(folder / "page/faces.png").size(1) > 64);
  CHECK(read_file(folder / "page/evaluation.json").find("hole_psnr_db") != std::string::npos);
}
