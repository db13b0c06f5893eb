// GLCIC's networks as boxes with their sizes, and how far each layer sees: read off the networks
// themselves.
#include <algorithm>

#include "docs/figures/plot.h"
#include "glcic/networks.h"
#include "layers/summary.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr const char *kPlain = "#9db8d9", *kDilated = "#e9a06d", *kStrided = "#5f8fc7",
                     *kDeconv = "#8cbf9f", *kDense = "#c9b3e0";

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

const char* colour_of(const LayerSummary& layer) {
  if (layer.output.rank() < 4) return kDense;
  if (starts_with(layer.kind, "deconv")) return kDeconv;
  if (layer.kind.find("dilation") != std::string::npos) return kDilated;
  return layer.kind.find("stride") != std::string::npos ? kStrided : kPlain;
}

TextStyle small(const char* colour, const char* anchor = "middle") {
  return {.size = 11, .colour = colour, .anchor = anchor};
}

/// A row of boxes: as tall as the map, as wide as its channels; below each its name, channels and
/// side.
void draw_layers(Drawing& drawing, Point middle, double scale, double gap,
                 const std::vector<LayerSummary>& layers) {
  double x = middle.x;
  for (const LayerSummary& layer : layers) {
    const bool is_map = layer.output.rank() == 4;
    const auto channels = static_cast<double>(layer.output[-1]);
    const double height = is_map ? scale * static_cast<double>(layer.output[1]) : 60;
    const double width = is_map ? std::max(4.0, channels / 22) : 10;
    drawing.rectangle({x, middle.y - height / 2}, width, height, colour_of(layer), "#5b646e");
    const double centre = x + width / 2, below = middle.y + scale * 128 + 16;
    drawing.text({centre, below},
                 starts_with(layer.name, "layer") ? layer.name.substr(5) : layer.name,
                 small(colour::kInk));
    drawing.text({centre, below + 14}, std::to_string(layer.output[-1]), small(colour::kGrey));
    if (is_map)
      drawing.text({centre, below + 28}, std::to_string(layer.output[1]), small(colour::kGrey));
    x += width + gap;
  }
}

void row_names(Drawing& drawing, Point middle, double scale) {
  const double below = middle.y + scale * 128 + 16;
  drawing.text({middle.x - 16, below}, "layer", small(colour::kInk, "end"));
  drawing.text({middle.x - 16, below + 14}, "channels", small(colour::kGrey, "end"));
  drawing.text({middle.x - 16, below + 28}, "side", small(colour::kGrey, "end"));
}

void networks_figure(const std::string& folder) {
  constexpr int64_t kSize = 256, kWidth = 64;
  Generator generator;
  const CompletionNetwork completion(kWidth, generator);
  const Discriminators judges(kSize, kWidth, generator);

  Drawing drawing(800, 470, "GLCIC's networks for pictures of 256 x 256 pixels");
  const double scale = 0.5;
  const Point first{76, 100};
  drawing.text({20, 22}, "completion network C: picture with its hole, and mask → picture",
               {.bold = true});
  row_names(drawing, first, scale);
  draw_layers(drawing, first, scale, 31, summarise(named_layers(completion), {1, kSize, kSize, 4}));
  const std::pair<const char*, const char*> legend[] = {{"convolution", kPlain},
                                                        {"of stride 2", kStrided},
                                                        {"dilated by 2, 4, 8, 16", kDilated},
                                                        {"deconvolution", kDeconv},
                                                        {"fully connected", kDense}};
  double x = 200;
  for (const auto& [words, fill] : legend) {
    drawing.rectangle({x, 222}, 12, 12, fill, "#5b646e");
    drawing.text({x + 18, 232}, words, {.size = 12});
    x += words == std::string("dilated by 2, 4, 8, 16") ? 160 : 112;
  }

  const Point global{76, 330}, local{436, 330};
  drawing.text({20, 262}, "global discriminator: the picture", {.bold = true});
  row_names(drawing, global, scale);
  draw_layers(drawing, global, scale, 24,
              summarise(named_layers(judges.global()), {1, kSize, kSize, 3}));
  drawing.text({400, 262}, "local discriminator: the patch round the hole", {.bold = true});
  draw_layers(drawing, local, scale, 24,
              summarise(named_layers(judges.local()), {1, kSize / 2, kSize / 2, 3}));
  drawing.text({400, 456},
               "both vectors side by side: 2048 → 1, sigmoid: the probability of “real”",
               {.size = 12, .anchor = "middle"});
  drawing.save(folder, "glcic_networks");
}

/// The side of what one pixel of each layer's map depends on.
std::vector<double> fields(const Module& network, bool dilated) {
  std::vector<double> sides;
  std::vector<Footprint> steps;
  for (const auto& [name, layer] : network.children()) {
    for (Footprint step : layer->footprints()) {
      if (!dilated && step.dilation > 1) step.padding = step.dilation = 1;
      steps.push_back(step);
    }
    sides.push_back(static_cast<double>(receptive_field(steps)));
  }
  return sides;
}

void receptive_field_figure(const std::string& folder) {
  Generator generator;
  const CompletionNetwork completion(2, generator);
  const std::vector<double> with = fields(completion, true), without = fields(completion, false);
  Drawing drawing(760, 320, "How far the layers of the completion network see");
  std::vector<double> ticks;
  for (size_t i = 1; i <= with.size(); ++i) ticks.push_back(static_cast<double>(i));
  Plot plot(drawing, {44, 34}, 700, 240, {0.4, 17.6, ticks},
            {0, 320, {0, 50, 100, 150, 200, 250, 300}}, "receptive field, pixels of the picture");
  plot.x_label("layer");
  for (size_t i = 0; i < with.size(); ++i) {
    const auto layer = static_cast<double>(i + 1);
    plot.bar(layer - 0.38, layer - 0.02, with[i], kDilated);
    plot.bar(layer + 0.02, layer + 0.38, without[i], kPlain);
  }
  for (const auto& [sides, shift] : {std::pair{&with, -0.2}, std::pair{&without, 0.2}}) {
    const Point top = plot.place({static_cast<double>(with.size()) + shift, sides->back()});
    drawing.text({top.x, top.y - 4}, fmt::format("{:g}", sides->back()), small(colour::kInk));
  }
  drawing.text({60, 60}, "dilations 2, 4, 8, 16 in layers 7 to 10", {.colour = colour::kOrange});
  drawing.text({60, 78}, "the same network with every dilation 1", {.colour = colour::kBlue});
  drawing.save(folder, "glcic_receptive_field");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = folder_of(argc, argv);
  networks_figure(folder);
  receptive_field_figure(folder);
}
