#include <doctest/doctest.h>

#include "glcic/architecture.h"
#include "glcic/checkpoint.h"
#include "glcic/model.h"
#include "tensor/error.h"

using namespace kintsugi;

TEST_CASE("GLCIC is the architecture that is always there, and the first") {
  REQUIRE_FALSE(architectures().empty());
  CHECK(architectures().front() == &find_architecture("glcic"));
  CHECK(find_architecture("glcic").alpha == 0.0004);
  CHECK(TrainSettings{}.architecture == "glcic");
}

TEST_CASE("an unknown architecture is refused with a list of those there are") {
  CHECK_THROWS_WITH_AS(find_architecture("pix2pix"),
                       doctest::Contains("no architecture \"pix2pix\"; there are: glcic"), Error);
}

TEST_CASE("an architecture comes into the list once") {
  CHECK_THROWS_WITH_AS(register_architecture(find_architecture("glcic")),
                       doctest::Contains("two architectures \"glcic\""), Error);
}

TEST_CASE("a file is recognised by its first weight") {
  const StateDict saved = save_model(make_model(16, 2, 1, Tensor::full({3}, 0.5)));
  CHECK(recognise_architecture(saved) == &find_architecture("glcic"));
  CHECK(recognise_architecture({{"mean_pixel", Tensor::full({3}, 0.5)}}) == nullptr);
}

TEST_CASE("GLCIC takes pictures of any size") {
  const Model model = make_model(16, 2, 1, Tensor::full({3}, 0.5));
  CHECK(model.only_size == 0);
  CHECK_NOTHROW(check_fits(model, 20, 4000));
}

TEST_CASE("settings from before there were architectures are GLCIC's") {
  TrainSettings settings;
  settings.architecture = "context-encoder";
  const std::string json = to_json(settings);
  CHECK(settings_from_json(json, "file").architecture == "context-encoder");
  std::string older = json;
  const std::string entry = "\"architecture\":\"context-encoder\",";
  REQUIRE(older.find(entry) != std::string::npos);
  older.erase(older.find(entry), entry.size());
  CHECK(settings_from_json(older, "file").architecture == "glcic");
}
