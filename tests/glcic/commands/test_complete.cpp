#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "glcic/completer.h"
#include "glcic/completion_job.h"
#include "glcic/inpainting/method.h"
#include "glcic/settings.h"
#include "tensor/io/npy.h"
#include "tests/glcic/commands/complete_workshop.h"

using namespace kintsugi;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

TEST_CASE("glcic complete fills the hole, keeps every other pixel, and writes the raw output") {
  const Workshop workshop;
  const GlcicOutcome outcome = workshop.complete({{"--raw", workshop / "raw.npy"}});
  REQUIRE(outcome.errors == "");
  CHECK(outcome.status == 0);
  const Tensor picture = read_image(workshop / "picture.png");
  const Tensor mask = read_mask(workshop / "mask.png", 18, 22);
  const Completion expected = complete(workshop.model(), picture, mask);
  CHECK(read_npy(workshop / "raw.npy").to_vector() == expected.raw.to_vector());
  write_png(workshop / "expected.png", expected.composite);
  CHECK(changed_pixels(workshop / "expected.png", workshop / "output.png") == 0);
  CHECK(workshop.complete({{"--output", workshop / "plain.png"}}).status == 0);
  CHECK(changed_pixels(workshop / "expected.png", workshop / "plain.png") == 0);
  CHECK(workshop.complete({{"--output", workshop / "a.Png"}, {"--post", "poisson"}}).status == 0);
  CHECK(workshop.complete({{"--output", workshop / "a.JPEG"}}).status == 0);
  CHECK(read_file(workshop / "a.Png").starts_with("\x89PNG"));
  CHECK(read_file(workshop / "a.JPEG").starts_with("\xff\xd8"));
}

TEST_CASE("glcic complete refuses bad input in a sentence and writes nothing over") {
  const Workshop workshop;
  write_file_atomically(workshop / "output.png", "old");
  const std::string whole = read_file(workshop / "picture.png");
  write_file_atomically(workshop / "cut.png", whole.substr(0, whole.size() / 2));
  write_png(workshop / "small.png", Tensor::full({18, 21, 1}, 1.0));
  write_png(workshop / "nothing.png", Tensor::zeros({18, 22, 1}));
  write_png(workshop / "everything.png", Tensor::full({18, 22, 1}, 1.0));
  write_safetensors(workshop / "other.safetensors", {{{"fc.weight", Tensor::zeros({2, 2})}}, {}});
  const std::string weights = read_file(workshop / "weights.safetensors");
  write_file_atomically(workshop / "cut.safetensors", weights.substr(0, weights.size() / 2));
  fs::create_directory(workshop / "folder.png");
  const auto before = workshop.files();

  using Case = std::pair<std::map<std::string, std::string>, std::string>;
  for (const auto& [replaced, part] : {
           Case{{{"--image", workshop / "cut.png"}}, "cut.png"},
           Case{{{"--image", workshop / "absent.png"}}, "No such file"},
           Case{{{"--image", workshop / "weights.safetensors"}}, "weights.safetensors"},
           Case{{{"--mask", workshop / "small.png"}}, "21 x 18 pixels"},
           Case{{{"--mask", workshop / "nothing.png"}}, "is empty"},
           Case{{{"--mask", workshop / "everything.png"}, {"--post", "poisson"}}, "whole picture"},
           Case{{{"--mask", workshop.path()}}, "is a folder, but --image"},
           Case{{{"--mask", ""}}, "what is to be filled?"},
           Case{{{"--mask-colour", "red"}}, "is no colour"},
           Case{{{"--mask-rectangle", "20,1,5,5"}}, "does not lie inside a picture of 22 x 18"},
           Case{{{"--grow", "-1"}}, "--grow"},
           Case{{{"--grow", "1"}, {"--shrink", "1"}}, "--grow"},
           Case{{{"--shrink", "9"}}, "the hole is gone"},
           Case{{{"--weights", ""}}, "--method glcic takes --weights"},
           Case{{{"--method", "magic"}}, "\"magic\" is not a method: glcic, mean-colour"},
           Case{{{"--method", "diffusion"}}, "--weights is for --method glcic, not diffusion"},
           Case{{{"--method", "diffusion"}, {"--weights", ""}, {"--post", "poisson"}},
                "--post is for"},
           Case{{{"--method", "diffusion"}, {"--weights", ""}, {"--raw", "r.npy"}}, "--raw is for"},
           Case{{{"--memory", "0"}}, "--memory"},
           Case{{{"--report", workshop / "report.txt"}}, "must end in .json"},
           Case{{{"--weights", workshop / "other.safetensors"}}, "not the weights of"},
           Case{{{"--weights", workshop / "cut.safetensors"}}, "cut.safetensors"},
           Case{{{"--weights", workshop / "picture.png"}}, "picture.png"},
           Case{{{"--output", workshop / "output.gif"}}, "must end in .png or .jpg or .jpeg"},
           Case{{{"--output", workshop / "output"}}, "must end in"},
           Case{{{"--output", workshop / "absent/output.png"}}, "there is no folder"},
           Case{{{"--output", workshop / "folder.png"}}, "it is a folder"},
           Case{{{"--raw", workshop / "raw.png"}}, "must end in .npy"},
           Case{{{"--post", "blur"}}, "is not a post-processing"},
           Case{{{"--device", "tpu"}}, "tpu"},
           Case{{{"--precision", "float16"}}, "there are float32, tf32 and bf16"},
           Case{{{"--precision", "bf16"}}, "precision bf16 is there on device cuda alone"},
           Case{{{"--threads", "0"}}, "--threads"},
           Case{{{"--quality", "high"}}, "--quality"},
       })
    check_refused(workshop.complete(replaced), part);
  CHECK(workshop.files() == before);
}

TEST_CASE("glcic complete never writes over its inputs, whatever path names them") {
  const Workshop workshop;
  fs::create_symlink(workshop / "picture.png", workshop / "link.png");
  fs::create_hard_link(workshop / "mask.png", workshop / "twin.png");
  const auto before = workshop.files();
  for (const std::string name : {"picture.png", "./mask.png", "link.png", "twin.png"})
    check_refused(workshop.complete({{"--output", workshop / name}}), "it is an input");
  fs::copy_file(workshop / "weights.safetensors", workshop / "weights.npy");
  check_refused(workshop.complete(
                    {{"--weights", workshop / "weights.npy"}, {"--raw", workshop / "weights.npy"}}),
                "it is an input");
  fs::remove(workshop / "weights.npy");
  CHECK(workshop.files() == before);
}

TEST_CASE("a full disk is told in a sentence") {
  const Workshop workshop;
  fs::create_symlink("/dev/full", workshop / "full.png");
  check_refused(workshop.complete({{"--output", workshop / "full.png"}}), "No space left");
}

TEST_CASE("the hole may be rectangles, a colour, or both, grown or shrunk") {
  const Workshop workshop;
  const auto changed = [&](std::map<std::string, std::string> options, const Words& flags = {}) {
    options["--mask"] = "";
    const GlcicOutcome outcome = workshop.complete(options, flags);
    REQUIRE(outcome.errors == "");
    return changed_pixels(workshop / "picture.png", workshop / "output.png");
  };
  CHECK(changed({}, {"--mask-rectangle", "2,3,4,5"}) == 20);
  CHECK(changed({}, {"--mask-rectangle", "2,3,4,5", "--mask-rectangle", "10,3,2,2"}) == 24);
  CHECK(changed({{"--grow", "1"}}, {"--mask-rectangle", "2,3,4,5"}) == 20 + 2 * 4 + 2 * 5);
  CHECK(changed({{"--shrink", "1"}}, {"--mask-rectangle", "2,3,4,5"}) == 2 * 3);
}

TEST_CASE("every method that learns nothing fills a picture as it fills a tensor") {
  const Workshop workshop;
  const Tensor picture = read_image(workshop / "picture.png");
  const Tensor mask = read_mask(workshop / "mask.png", 18, 22);
  for (const FillMethod& method : fill_methods()) {
    INFO(method.name);
    const GlcicOutcome outcome =
        workshop.complete({{"--weights", ""}, {"--method", method.name}, {"--seed", "4"}});
    REQUIRE(outcome.errors == "");
    write_png(workshop / "expected.png", method.fill(picture, mask, {.seed = 4}));
    CHECK(changed_pixels(workshop / "expected.png", workshop / "output.png") == 0);
  }
}

TEST_CASE("the output says how it was made, and names no file") {
  const Workshop workshop;
  REQUIRE(workshop.complete({{"--grow", "1"}, {"--post", "poisson"}}).errors == "");
  const std::string bytes = read_file(workshop / "output.png");
  CHECK(bytes.find("glcic " KINTSUGI_VERSION) != std::string::npos);
  CHECK(bytes.find(workshop.path()) == std::string::npos);
  const size_t start = bytes.find("{\"method\"");
  REQUIRE(start != std::string::npos);
  const Json notes = Json::parse(bytes.substr(start, bytes.find('}', start) + 1 - start));
  CHECK(notes["method"] == "glcic");
  CHECK(notes["post"] == "poisson");
  CHECK(notes["seed"] == 1);
  CHECK(notes["grow"] == 1);
  CHECK(notes["shrink"] == 0);
  CHECK(notes["hole_pixels"] == 9 * 8 + 2 * (9 + 8));
  CHECK(notes["weights_sha256"].get<std::string>().size() == 64);
  write_file_atomically(workshop / "abc.safetensors", "abc");
  CHECK(sha256_of_file(workshop / "abc.safetensors") ==  // FIPS 180-4, the first example
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE(
    "a hole larger than those of the training, or at the border, gets a warning of one line") {
  const Workshop workshop;
  TrainSettings settings;
  settings.size = 16;
  settings.holes = {4, 8};
  write_safetensors(workshop / "trained.safetensors",
                    {save_model(workshop.model()), {{"settings", to_json(settings)}}});
  const auto warnings = [&](const std::string& rectangle) {
    return stderr_of([&] {
      CHECK(workshop
                .complete({{"--mask", ""}, {"--weights", workshop / "trained.safetensors"}},
                          {"--mask-rectangle", rectangle})
                .status == 0);
    });
  };
  CHECK(warnings("4,4,8,8") == "");
  const std::string large = warnings("4,4,9,8");
  CHECK(large.find("glcic: warning: ") == 0);
  CHECK(large.find("a hole of 9 x 8 pixels is larger than") != std::string::npos);
  CHECK(std::count(large.begin(), large.end(), '\n') == 1);
  CHECK(warnings("0,4,4,4").find("touches the picture's border") != std::string::npos);
  CHECK(stderr_of([&] { workshop.complete(); }) == "");  // these weights do not say
}

TEST_CASE("a bound on memory that is too small is told, and one that is small splits the work") {
  const Workshop workshop;
  Generator generator{.seed = 9};
  write_png(workshop / "long.png", uniform({8, 3000, 3}, 0, 1, generator));
  write_png(workshop / "large.png", Tensor::full({400, 800, 3}, 0.5));
  const auto run = [&](const std::string& image, const std::string& memory,
                       const std::string& output) {
    return workshop.complete(
        {{"--image", workshop / image},
         {"--mask", ""},
         {"--output", workshop / output},
         {"--report", workshop / "report.json"},
         {"--memory", memory}},
        {"--mask-rectangle", image == "long.png" ? "300,2,2400,4" : "9,9,9,9"});
  };
  const auto windows = [&] {
    return Json::parse(read_file(workshop / "report.json"))["pictures"][0]["windows"].size();
  };
  CHECK(run("long.png", "2048", "whole.png").errors == "");
  CHECK(windows() == 1);
  CHECK(run("long.png", "1", "tiled.png").errors == "");
  CHECK(windows() > 1);
  CHECK(changed_pixels(workshop / "whole.png", workshop / "tiled.png") <= 5);  // rounding alone
  check_refused(run("large.png", "1", "none.png"), "1 MiB of memory are not enough");
  CHECK_FALSE(fs::exists(workshop / "none.png"));
}
