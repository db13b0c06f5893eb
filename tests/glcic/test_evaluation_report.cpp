#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "glcic/evaluation_report.h"

using namespace kintsugi;
using Json = nlohmann::json;

namespace {

/// Figures that tell where they come from: 0.01, 0.02, … from `base` on, PSNR 21.25.
MethodFigures figures_from(double base) {
  MethodFigures result;
  for (const Figure figure : kFigures) {
    base += 0.01;
    result.means[figure] = {base, 0.001, 100001};
    result.differences[figure] = {-base / 10, 0.002, 100001};
  }
  result.means[Figure::hole_psnr] = {21.25, 0.1, 100001};
  return result;
}

Evaluation two_methods(const HoleOptions& holes) {
  Evaluation evaluation{{.size = 64, .holes = holes, .posts = {"none", "poisson"}}, 120, {}, {}};
  for (const char* name : {"GLCIC", "GLCIC + poisson"}) {
    MethodResult method{.name = name, .overall = figures_from(0.5), .seconds = 0.0125};
    for (size_t bin = 0; bin < hole_bins(holes.rule).size(); ++bin)
      method.bins.push_back(figures_from(static_cast<double>(bin + 1) / 10));
    evaluation.methods.push_back(method);
  }
  return evaluation;
}

/// The line of a text that begins with `start`, or "".
std::string line_of(const std::string& text, const std::string& start) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(start)) return line;
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table is aligned, and has every figure with its interval and the differences") {
  const std::string table = evaluation_table(two_methods({}));
  for (const Figure figure : kFigures) CHECK(has(table, figure_info(figure).title));
  const std::string header = line_of(table, "method"), row = line_of(table, "GLCIC  ");
  CHECK(has(row, "0.5100 ± 0.0020"));
  CHECK(has(row, "21.25 ± 0.20"));
  const auto width = [](const std::string& line) {
    return std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
  };
  CHECK(width(header) == width(row));
  CHECK(width(header) == width(line_of(table, "GLCIC + poisson")));
  CHECK(
      has(line_of(table.substr(table.find("GLCIC minus")), "GLCIC + poisson"), "-0.0510 ± 0.0039"));
  CHECK(has(table, "12.50"));  // ms a hole
}

TEST_CASE("with bins there is a column for each of them and one for all") {
  const std::string table = evaluation_table(two_methods({.rule = HoleRule::bins}));
  const std::string header = line_of(table, "method, hole L1");
  for (const char* bin : {"10-20 %", "20-30 %", "30-40 %", "40-50 %", "all"})
    CHECK(has(header, bin));
  const std::string row = line_of(table, "GLCIC  ");
  for (const char* value : {"0.1100", "0.2100", "0.3100", "0.4100", "0.5100"})
    CHECK(has(row, value));
}

TEST_CASE("every output states the protocol") {
  Evaluation evaluation = two_methods({.rule = HoleRule::random, .sides = {24, 32}, .seed = 9});
  const EvaluationSource source{"faces", "test", {{"GLCIC", "a.safetensors"}}};
  for (const bool raw : {false, true}) {
    evaluation.options.raw = raw;
    for (const std::string& text :
         {evaluation_table(evaluation, source), evaluation_markdown(evaluation, source),
          Json::parse(evaluation_json(evaluation, source)).dump(-1, ' ', false)})
      for (const std::string& part :
           {std::string("120 pictures of 64 x 64 px of faces, split test"),
            std::string("a.safetensors"), std::string("the centre square"), std::string("to 64 px"),
            std::string("rectangles with sides of 24 to 32 px, drawn for each picture, seed 9"),
            std::string(raw ? "the networks' own output" : "the original outside of the hole"),
            std::string("none, poisson"), figure_info(Figure::hole_ssim).meaning,
            figure_info(Figure::picture_l2).meaning, std::string("95 %")})
        CHECK_MESSAGE(has(text, part), part);
  }
  evaluation.options.posts = {"none"};
  CHECK(line_of(evaluation_table(evaluation), "post-processing") == "post-processing: none");
  CHECK(line_of(evaluation_table(evaluation), "pictures") ==
        "pictures: 120 pictures of 64 x 64 px");
}

TEST_CASE("the JSON holds every number under its key, with the protocol as numbers") {
  Evaluation evaluation = two_methods({.rule = HoleRule::random, .sides = {24, 32}, .seed = 9});
  evaluation.sheet = {{"original", "masked"}, {"face 1"}, {}};
  const auto json = Json::parse(evaluation_json(evaluation, {"faces", "test"}));
  CHECK(json["protocol"]["data"] == "faces");
  CHECK(json["protocol"]["split"] == "test");
  CHECK(json["protocol"]["pictures"] == 120);
  CHECK(json["protocol"]["size"] == 64);
  CHECK(json["protocol"]["hole"] == "random");
  CHECK(json["protocol"]["hole_sides"] == Json::array({24, 32}));
  CHECK(json["protocol"]["seed"] == 9);
  CHECK(json["protocol"]["measured"] == "composite");
  CHECK(json["protocol"]["post_processing"] == Json::array({"none", "poisson"}));
  CHECK(json["protocol"]["figures"].size() == kFigures.size());
  CHECK_FALSE(json["protocol"].contains("bins"));
  CHECK_FALSE(json["protocol"].contains("weights"));
  const Json& first = json["methods"][0];
  CHECK(first["name"] == "GLCIC");
  CHECK(first["seconds"] == 0.0125);
  CHECK(first["hole_psnr_db"]["mean"] == 21.25);
  CHECK(first["hole_psnr_db"]["confidence_95"][1].get<double>() ==
        doctest::Approx(21.25 + 1.96 * 0.1).epsilon(1e-4));
  CHECK(first["differences"]["hole_l1"]["mean"].get<double>() == doctest::Approx(-0.051));
  CHECK_FALSE(first.contains("bins"));
  CHECK(json["sheet"]["rows"] == Json::array({"face 1"}));
}

TEST_CASE("the JSON has a bin's figures in its place") {
  const auto json = Json::parse(
      evaluation_json(two_methods({.rule = HoleRule::free_form_bins}), {"faces", "test"}));
  CHECK(json["protocol"]["bins"][1] == Json{{"name", "20-30 %"}, {"low", 0.2}, {"high", 0.3}});
  const Json& bin = json["methods"][1]["bins"][1];
  CHECK(bin["name"] == "20-30 %");
  CHECK(bin["hole_l1"]["mean"].get<double>() == doctest::Approx(0.21));
  CHECK(bin["differences"]["hole_l1"]["mean"].get<double>() == doctest::Approx(-0.021));
}

TEST_CASE("one picture has no interval in the JSON") {
  Evaluation evaluation = two_methods({});
  evaluation.methods[0].overall.means[Figure::hole_l1] = {0.25, 0.0, 1};
  const auto json = Json::parse(evaluation_json(evaluation, {}));
  CHECK(json["methods"][0]["hole_l1"]["mean"] == 0.25);
  CHECK(json["methods"][0]["hole_l1"]["confidence_95"].is_null());
}

TEST_CASE("the Markdown's tables are well formed, and name the sheet's columns and rows") {
  Evaluation evaluation = two_methods({});
  evaluation.methods[1].name = "a|b";
  evaluation.sheet = {{"original", "masked", "GLCIC"}, {"face 1", "face 9"}, {}};
  const std::string markdown = evaluation_markdown(evaluation, {});
  CHECK(line_of(markdown, "| method") ==
        "| method | hole L1 | hole L2 | hole PSNR, dB | hole SSIM |");
  CHECK(has(markdown, "\n|---|---:|---:|---:|---:|\n| GLCIC | 0.5100 ± 0.0020 |"));
  CHECK(has(markdown, "\n| a\\|b | 0.5100"));
  CHECK(has(markdown, "columns: original, masked, GLCIC\n"));
  CHECK(has(markdown, "rows: face 1; face 9\n"));
}
