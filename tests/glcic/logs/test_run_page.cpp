#include <doctest/doctest.h>

#include <filesystem>

#include "glcic/html.h"
#include "glcic/image_ops.h"
#include "glcic/logs/run_page.h"
#include "glcic/logs/run_samples.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 16;

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// A sheet of two pictures: greys of 0.1 and 0.2, masked 0.5 and 0.5, completed `grey` and 0.9.
void write_sheet(const std::string& run, int64_t step, double grey) {
  std::vector<Tensor> pictures;
  for (const double value : {0.1, 0.2, 0.5, 0.5, grey, 0.9})
    pictures.push_back(Tensor::full({kSize, kSize, 3}, value));
  std::filesystem::create_directories(run + "/samples");
  write_png(fmt::format("{}/samples/{:07}.png", run, step), contact_sheet(pictures, 2));
}

/// `steps` lines, a tenth of them of phase 2, and half of phase 3.
void write_metrics(const std::string& run, int64_t steps) {
  std::string text =
      "step,phase,phase_step,seconds,completion_loss,discriminator_loss,adversarial_loss,"
      "real_mean,fake_mean,completion_gradient,adversarial_gradient,alpha,pictures_per_second\n";
  for (int64_t step = 1; step <= steps; ++step) {
    const int phase = step <= steps * 4 / 10 ? 1 : step <= steps / 2 ? 2 : 3;
    const char* contest = phase == 1   ? ",,,,,"
                          : phase == 2 ? "1.3,,0.6,0.4,,"
                                       : "1.3,0.7,0.6,0.4,0.01,0.02";
    text += fmt::format("{},{},{},{:.1f},{},{},0.0004,{}\n", step, phase, step, 0.1 * step,
                        phase == 2 ? "" : fmt::format("{:.6g}", 1.0 / static_cast<double>(step)),
                        contest, 80 + step % 7);
  }
  write_file_atomically(run + "/metrics.csv", text);
}

std::string page_of(const std::string& run, const RunStatus& status) {
  TrainSettings settings;
  settings.size = kSize;
  settings.data = "faces<&>";
  write_run_page(run, settings, status);
  return read_file(run + "/index.html");
}

double grey_of(const std::string& jpeg) { return decode_image(jpeg, "jpeg").to_vector().front(); }

}  // namespace

TEST_CASE("base64 is that of RFC 4648, §10, and text in HTML is escaped") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(picture_address("png", "foobar") == "data:image/png;base64,Zm9vYmFy");
  CHECK(html_text("a < \"b\" & c > d") == "a &lt; &quot;b&quot; &amp; c &gt; d");
}

TEST_CASE("a run's page holds its pictures, curves, figures and settings in itself") {
  const TemporaryFolder folder;
  const std::string run = folder / "faces & more";
  for (const int64_t step : {0, 100, 200}) write_sheet(run, step, 0.3);
  write_metrics(run, 200);
  write_file_atomically(run + "/validation.csv",
                        "seconds,step,hole_psnr\n0,0,14.5\n10,100,19\n20,200,21.25\n");
  write_file_atomically(run + "/warnings.txt", "step 150: D(real) < D(completed)\n");
  const std::string page =
      page_of(run, {.position = {.phase = 3, .phase_step = 100, .step = 200, .seconds = 20},
                    .pictures_per_second = 86.25,
                    .seconds_left = 60,
                    .write_every = 120});
  CHECK(count(page, "<h1>faces &amp; more</h1>") == 1);
  CHECK(count(page, "data-stage=\"training\"") == 1);
  CHECK(count(page, "data:image/jpeg;base64,") == 2 * 2 + 3 * 2);
  CHECK(page.find("step 200") < page.find("step 100"));
  CHECK(count(page, "<svg") == 6);
  CHECK(count(page, "<dd>86.2</dd>") == 1);
  CHECK(count(page, "21.25 dB") == 1);
  CHECK(count(page, "1m00s") == 1);
  CHECK(count(page, "width:25.0%") == 1);
  CHECK(count(page, "step 150: D(real) &lt; D(completed)") == 1);
  CHECK(count(page, "faces&lt;&amp;&gt;") == 1);
  CHECK(count(page, "nan") == 0);
  CHECK(count(page, "src=\"") == count(page, "src=\"data:"));  // nothing from elsewhere
  CHECK(count(page, "href=") == 0);
  CHECK(count(page, "http:") + count(page, "https:") == 0);
}

TEST_CASE("a run's page loads itself anew only while the run trains, and says how to go on") {
  const TemporaryFolder folder;
  const Position at{.phase = 1, .phase_step = 5, .step = 5, .seconds = 9};
  using Stage = RunStatus::Stage;
  CHECK(count(page_of(folder.path(), {.position = at}), "http-equiv=\"refresh\"") == 1);

  const std::string stopped = page_of(folder.path(), {.stage = Stage::stopped, .position = at});
  CHECK(count(stopped, "data-stage=\"stopped\"") == 1);
  CHECK(count(stopped, "http-equiv=\"refresh\"") == 0);
  CHECK(count(stopped, "<p>Go on with</p>\n<pre>glcic train --run " + folder.path()) == 1);

  const std::string failed =
      page_of(folder.path(), {.stage = Stage::failed, .reason = "a < b", .position = at});
  CHECK(count(failed, "data-stage=\"failed\"") == 1);
  CHECK(count(failed, "<p>a &lt; b</p>") == 1);

  const std::string done =
      page_of(folder.path(), {.stage = Stage::done, .position = {.phase = 4, .step = 9}});
  CHECK(count(done, "data-stage=\"done\"") == 1);
  CHECK(count(done, "http-equiv=\"refresh\"") == 0);
}

TEST_CASE("a run's page stays small however long the run") {
  const TemporaryFolder folder;
  write_metrics(folder.path(), 40000);
  const std::string page = page_of(folder.path(), {.position = {.phase = 3, .step = 40000}});
  CHECK(count(page, "thousand steps") == 5);
  CHECK(page.size() < 200'000);
  for (size_t at = page.find("points=\""); at != std::string::npos;
       at = page.find("points=\"", at + 1))
    CHECK(std::count(page.begin() + static_cast<int64_t>(at),
                     page.begin() + static_cast<int64_t>(page.find('>', at)), ',') <= 600);
}

TEST_CASE("what cannot be read is left out of a run's page, and does not end the run") {
  const TemporaryFolder folder;
  write_sheet(folder.path(), 1, 0.3);
  write_sheet(folder.path(), 2, 0.3);
  write_file_atomically(folder / "samples/0000002.png", "half a pict");
  write_file_atomically(folder / "metrics.csv", "step,phase\n1,1\n2\n");
  write_file_atomically(folder / "validation.csv", "");
  const std::string page = page_of(folder.path(), {.position = {.step = 2}});
  CHECK(count(page, "metrics.csv, line 3: 1 cells under a header of 2") == 1);
  CHECK(count(page, "validation.csv is empty") == 1);
  CHECK(count(page, "data:image/jpeg;base64,") == 3 * 2);
  CHECK(count(page, "<svg") == 0);

  write_file_atomically(folder / "metrics.csv", "step,phase,completion_loss\n1,1,0.5\n2,1,0.25\n");
  CHECK(count(page_of(folder.path(), {.position = {.step = 2}}), "<svg") == 1);
}

TEST_CASE("samples over time: the first, the newest, and others spread between, row by row") {
  const TemporaryFolder folder;
  CHECK(read_run_samples(folder.path(), kSize, 10).completed.empty());
  for (int64_t step = 0; step < 30; ++step)
    write_sheet(folder.path(), step, 0.02 * static_cast<double>(step));
  const RunSamples samples = read_run_samples(folder.path(), kSize, 25);  // 26 to 29: a lost future
  REQUIRE(samples.completed.size() == 12);
  CHECK(samples.completed.front().step == 25);
  CHECK(samples.completed.back().step == 0);
  REQUIRE(samples.originals.size() == 2);
  CHECK(grey_of(samples.originals[0]) == doctest::Approx(0.1).epsilon(0.1));
  CHECK(grey_of(samples.originals[1]) == doctest::Approx(0.2).epsilon(0.1));
  CHECK(grey_of(samples.masked[1]) == doctest::Approx(0.5).epsilon(0.1));
  for (const RunSamples::Completed& sheet : samples.completed) {
    REQUIRE(sheet.pictures.size() == 2);
    CHECK(std::abs(grey_of(sheet.pictures[0]) - 0.02 * static_cast<double>(sheet.step)) < 0.01);
    CHECK(grey_of(sheet.pictures[1]) == doctest::Approx(0.9).epsilon(0.05));
  }
}
