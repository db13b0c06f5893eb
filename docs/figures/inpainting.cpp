// Faces and a pattern with holes, and what each method that learns nothing makes of them; the same
// along one row of pixels; and Poisson's equation in one dimension.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "docs/figures/plot.h"
#include "glcic/faces/faces.h"
#include "glcic/html.h"
#include "glcic/inpainting/method.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/mask.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr int64_t kSide = 96;

struct Example {
  Tensor picture, mask;
};

/// Bricks: rows of stones, each row shifted by half a stone.
Tensor bricks() {
  Generator generator{.seed = 5};
  const Tensor picture = Tensor::empty({kSide, kSide, 3});
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      const int64_t row = y / 12, along = (x + (row % 2) * 12) % 24;
      const bool mortar = y % 12 < 2 || along < 2;
      const double grain = generator.uniform(-0.04, 0.04);
      const double stone[] = {0.68, 0.34, 0.25}, joint[] = {0.80, 0.77, 0.72};
      for (int64_t c = 0; c < 3; ++c)
        picture.data<float>()[(y * kSide + x) * 3 + c] =
            static_cast<float>((mortar ? joint : stone)[c] + grain);
    }
  return picture;
}

/// Two thin scratches, as on an old photograph.
Tensor scratches() {
  const Tensor mask = Tensor::zeros({kSide, kSide, 1});
  for (int64_t i = 6; i < kSide - 6; ++i)
    for (const int64_t x : {20 + i / 2, kSide - 18 - i / 3})
      for (int64_t thick = 0; thick < 3; ++thick) mask.data<float>()[i * kSide + x + thick] = 1;
  return mask;
}

Tensor rectangle(const Hole& hole) { return mask_from_holes({&hole, 1}, kSide, kSide); }

std::vector<Example> examples() {
  return {{draw_face(2, kSide), scratches()},
          {draw_face(2, kSide), rectangle({.x = 26, .y = 30, .width = 42, .height = 36})},
          {bricks(), rectangle({.x = 30, .y = 30, .width = 36, .height = 36})}};
}

Tensor with_hole_painted(const Example& example) {
  return ops::where(example.mask, Tensor::full(example.picture.shape(), 1), example.picture);
}

constexpr int64_t kGap = 6;

/// Rows of pictures as one, `kGap` light pixels between.
Tensor sheet(const std::vector<std::vector<Tensor>>& rows) {
  const auto joined = [](const std::vector<Tensor>& parts, int axis) {
    std::vector<Tensor> spaced;
    for (const Tensor& part : parts) {
      if (!spaced.empty()) spaced.push_back(Tensor::full(part.shape().with(axis, kGap), 0.98));
      spaced.push_back(part);
    }
    return ops::concat(spaced, axis);
  };
  std::vector<Tensor> lines;
  for (const std::vector<Tensor>& row : rows) lines.push_back(joined(row, 1));
  return joined(lines, 0);
}

/// The bytes of the picture's PNG file.
std::string png_bytes(const Tensor& picture, const std::string& folder) {
  const std::string path = folder + "/inpainting_methods.png";
  write_png(path, picture);
  std::string bytes = read_file(path);
  std::filesystem::remove(path);
  return bytes;
}

void methods_figure(const std::string& folder) {
  std::vector<std::string> titles{"original", "hole"};
  for (const FillMethod& method : fill_methods()) titles.push_back(method.title);
  std::vector<std::vector<Tensor>> rows;
  for (const Example& example : examples()) {
    std::vector<Tensor>& row = rows.emplace_back();
    row = {example.picture, with_hole_painted(example)};
    for (const FillMethod& method : fill_methods())
      row.push_back(method.fill(example.picture, example.mask, {}));
  }
  const Tensor all = sheet(rows);
  constexpr int64_t kTop = 26;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
      "<title>Three holes, each filled by every method that learns nothing</title>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"{2}\"/>\n",
      all.size(1) + 2 * kGap, all.size(0) + kTop + kGap, colour::kGround);
  for (size_t i = 0; i < titles.size(); ++i)
    svg += fmt::format("<text x=\"{}\" y=\"18\" fill=\"{}\">{}</text>\n",
                       kGap + (kSide + kGap) * static_cast<int64_t>(i), colour::kInk, titles[i]);
  svg +=
      fmt::format("<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" href=\"{}\"/>\n", kGap, kTop,
                  all.size(1), all.size(0), picture_address("png", png_bytes(all, folder)));
  std::ofstream(folder + "/inpainting_methods.svg") << svg << "</svg>\n";
}

/// The row of pixels through the middle of the bricks' hole: one channel.
void profile_figure(const std::string& folder) {
  constexpr int64_t kRow = 46;
  const Example example = examples().back();
  const auto profile = [](const Tensor& picture) {
    std::vector<Point> points;
    for (int64_t x = 0; x < kSide; ++x)
      points.push_back({static_cast<double>(x),
                        static_cast<double>(picture.data<float>()[(kRow * kSide + x) * 3 + 1])});
    return points;
  };
  Drawing drawing(760, 300, "One row of pixels through a hole, filled in four ways");
  Plot plot(drawing, {40, 34}, 704, 220, {0, 95, {0, 30, 65, 95}},
            {0.2, 0.95, {0.2, 0.4, 0.6, 0.8}},
            "green, along one row of bricks; the hole is columns 30 to 65");
  plot.x_label("column");
  plot.curve(profile(example.picture), {.colour = "#c3c9d1", .width = 3});
  const std::pair<const char*, const char*> shown[] = {
      {"diffusion", colour::kBlue}, {"telea", colour::kOrange}, {"patchmatch", colour::kGreen}};
  double x = 190;
  drawing.text({44, 288}, "original", {.size = 12, .colour = colour::kGrey});
  for (const auto& [name, stroke] : shown) {
    const std::vector<Point> all =
        profile(fill_method(name).fill(example.picture, example.mask, {}));
    plot.curve({all.begin() + 29, all.begin() + 67}, {.colour = stroke, .width = 1.6});
    drawing.text({x, 288}, fill_method(name).title, {.size = 12, .colour = stroke});
    x += 130;
  }
  drawing.save(folder, "inpainting_profile");
}

/// A hole in a line of 40 pixels: the guidance, and what Poisson's equation makes of it.
void poisson_figure(const std::string& folder) {
  constexpr int64_t kCount = 40, kFirst = 10, kLast = 29;
  std::vector<double> known, guide, hole;
  for (int64_t i = 0; i < kCount; ++i) {
    const auto x = static_cast<double>(i);
    known.push_back(i < kFirst ? 0.80 - 0.005 * x : 0.35 + 0.004 * x);
    guide.push_back(0.30 + 0.12 * std::sin(x / 1.8) + (i > 19 ? 0.15 : 0.0));
    hole.push_back(i >= kFirst && i <= kLast ? 1 : 0);
  }
  const TensorOptions options{.dtype = DType::float64};
  const auto line = [&](const std::vector<double>& values) {
    return Tensor::from(values, {1, kCount, 1}, options);
  };
  const auto points = [&](const Tensor& values) {
    std::vector<Point> all;
    for (int64_t i = kFirst - 1; i <= kLast + 1; ++i)
      all.push_back({static_cast<double>(i), values.to_vector()[static_cast<size_t>(i)]});
    return all;
  };
  const Tensor mask = Tensor::from(hole, {1, kCount, 1});
  const Tensor smooth = diffusion_fill(line(known), mask);
  const Tensor blended = solve_poisson(line(known), mask, line(guide));

  Drawing drawing(760, 300, "Poisson blending along a line");
  Plot plot(drawing, {40, 34}, 704, 220, {0, 39, {0, 10, 20, 29, 39}},
            {0.1, 1.0, {0.2, 0.4, 0.6, 0.8, 1.0}}, "one dimension: the hole is pixels 10 to 29");
  plot.x_label("pixel");
  plot.curve(points(smooth), {.colour = colour::kBlue, .width = 1.6, .dashes = "5 4"});
  plot.curve(points(line(guide)), {.colour = colour::kOrange, .width = 1.6});
  plot.curve(points(blended), {.colour = colour::kGreen, .width = 2.2});
  for (size_t i = 0; i < known.size(); ++i)
    if (hole[i] == 0) plot.dot({static_cast<double>(i), known[i]}, 3, colour::kInk);
  drawing.text({44, 288}, "known pixels");
  drawing.text({160, 288}, "guidance g", {.colour = colour::kOrange});
  drawing.text({270, 288}, "Laplace: f″ = 0", {.colour = colour::kBlue});
  drawing.text({400, 288}, "Poisson: f″ = g″", {.colour = colour::kGreen});
  drawing.save(folder, "inpainting_poisson");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = folder_of(argc, argv);
  methods_figure(folder);
  profile_figure(folder);
  poisson_figure(folder);
}
