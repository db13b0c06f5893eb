#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "glcic/evaluation_report.h"
#include "glcic/page.h"
#include "glcic/recipe.h"
#include "glcic/train_log.h"
#include "glcic/trainer.h"
#include "tensor/backend.h"
#include "tensor/error.h"

/// The whole system in one go: trains a small GLCIC on faces that the program draws, completes
/// faces it has never seen, and writes a page that shows them. Run again, it goes on where it was
/// interrupted, or writes the page anew.
namespace {

using namespace kintsugi;

constexpr int64_t kFacesMeasured = 200;
constexpr int64_t kFacesShown = 6;  // with the centre hole, and as many with a hole anywhere

volatile std::sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

struct DemoOptions {
  TrainSettings settings = read_recipe("demo");
  std::string budget, folder = "build/demo";
  int threads = 0;
};

DemoOptions parse(int argc, char** argv) {
  DemoOptions options;
  CLI::App program("Trains on drawn faces and writes a page with completed ones.", "demo");
  program.add_option("--budget", options.budget, "Time to train: 90s, 5m")
      ->default_str(duration_string(options.settings.budget));
  program.add_option("--width", options.settings.width, "Base width of the networks")
      ->capture_default_str();
  program.add_option("--out", options.folder, "Where the page goes")->capture_default_str();
  program.add_option("--threads", options.threads, "CPU threads (default: one a core)");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

/// Goes on with the run in `run` where there is one, else begins.
Position train_in(const std::string& run, const TrainSettings& settings) {
  const std::string checkpoint = run + "/checkpoint.safetensors";
  TrainOptions options{.settings = settings, .run = run};
  options.stop = [](const Position&) { return interrupted != 0; };
  if (std::filesystem::exists(checkpoint)) {
    check(read_checkpoint(checkpoint, Device::cpu).settings == settings,
          "{} holds a run with other settings; remove it, or choose another folder with --out",
          run);
    options.resume = true;
  }
  return train(options);
}

/// Faces `first` and following of the test split, taken as they come.
FaceGroup fill_faces(const Model& model, const Dataset& faces, const EvaluationOptions& options,
                     int64_t first, const std::string& caption) {
  FaceGroup group{caption, {}};
  for (int64_t i = first; i < first + kFacesShown; ++i) {
    group.faces.push_back(fill_face(model, evaluation_picture(faces, i, options.size),
                                    evaluation_mask(options.holes, options.size, i)));
  }
  return group;
}

void run(const DemoOptions& options, const char* program) {
  if (options.threads > 0) set_num_threads(options.threads);
  TrainSettings settings = options.settings;
  if (!options.budget.empty()) settings.budget = seconds_from_string(options.budget);
  const std::string run_folder = options.folder + "/run";
  const Position end = train_in(run_folder, settings);
  check(end.phase > 3, "stopped at step {}; run it again to go on", end.step);

  fmt::print(stderr, "\nmeasuring on {} unseen faces\n", kFacesMeasured);
  const Model model = read_weights(run_folder + "/checkpoint.safetensors");
  const std::unique_ptr<Dataset> faces = open_dataset(settings.data, Split::test);
  EvaluationOptions centre{
      .size = settings.size, .limit = kFacesMeasured, .methods = {"mean-colour", "diffusion"}};
  centre.progress = count_progress(stderr, "measured");
  EvaluationOptions anywhere = centre;
  anywhere.holes.rule = HoleRule::random;

  DemoPage page{.settings = settings,
                .end = end,
                .evaluation = evaluate(model, *faces, centre),
                .groups = {},
                .metrics = run_folder + "/metrics.csv"};
  page.groups.push_back(
      fill_faces(model, *faces, centre, 0, "A quarter of the picture is missing"));
  page.groups.push_back(
      fill_faces(model, *faces, anywhere, kFacesShown, "The hole may lie anywhere"));
  write_demo_page(options.folder, page);
  fmt::print("{}\nopen {}/index.html\n", evaluation_table(page.evaluation), options.folder);
  fmt::print("with more time the faces become sharper: {} --budget 30m --out {}-30m\n", program,
             options.folder);
}

}  // namespace

int main(int argc, char** argv) {
  const DemoOptions options = parse(argc, argv);
  std::signal(SIGINT, on_interrupt);
  try {
    run(options, argv[0]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "demo: {}\n", error.what());
    return 2;
  }
  return 0;
}
