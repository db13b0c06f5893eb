#include "glcic/inspection/layer_section.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "glcic/html.h"
#include "glcic/inspection/filters.h"
#include "glcic/inspection/sheets.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

constexpr int64_t kChannels = 16;  // of a sheet
constexpr int64_t kFirstFilters = 64;
constexpr size_t kFilterRows = 8;
constexpr int64_t kMatrix = 256, kTaps = 60;  // longer sides of pictures, in pixels

struct Quiet {
  double zeros = 0;      ///< part of the values that are exactly 0
  int64_t channels = 0;  ///< that are 0 everywhere
};

Quiet quiet_of(const Tensor& maps) {
  const int64_t channels = maps.size(2);
  std::vector<int64_t> alive(static_cast<size_t>(channels), 0);
  int64_t zeros = 0;
  const auto* values = maps.data<float>();
  for (int64_t i = 0; i < maps.numel(); ++i)
    if (values[i] == 0)
      ++zeros;
    else
      ++alive[static_cast<size_t>(i % channels)];
  return {static_cast<double>(zeros) / static_cast<double>(maps.numel()),
          std::count(alive.begin(), alive.end(), 0)};
}

double norm_of(const Tensor& x) { return std::sqrt(ops::sum(ops::square(x)).item()); }

std::string sheets(const LayerTrace& layer, const std::string& file, const char* of_what,
                   PictureFolder& pictures) {
  const std::vector<int64_t> channels = liveliest_channels(layer.activation, kChannels);
  const std::string numbers = listed(channels);
  return "<div class=\"pair\">" +
         pictures.figure(file + "_activations",
                         channel_sheet(layer.activation, channels, Scale::each),
                         fmt::format("{}: activations of channels {}", layer.name, numbers),
                         "activations: channels " + numbers) +
         pictures.figure(file + "_gradients",
                         channel_sheet(layer.gradient, channels, Scale::common),
                         fmt::format("{}: gradients at channels {}", layer.name, numbers),
                         fmt::format("gradient of the {}, same channels; ‖gradient‖ = {:.3g}",
                                     of_what, norm_of(layer.gradient))) +
         "</div>\n";
}

std::string facts(const LayerTrace& layer) {
  const Quiet quiet = quiet_of(layer.activation);
  return fmt::format(
      "<p class=\"note\">{} × {} × {} values{}{}</p>\n", layer.activation.size(1),
      layer.activation.size(0), layer.activation.size(2),
      quiet.zeros > 0 ? fmt::format("; {:.0f} % of them are 0", 100 * quiet.zeros) : "",
      quiet.channels > 0 ? fmt::format("; {} channels are 0 everywhere", quiet.channels) : "");
}

std::string filter_table(const FilterSummary& filters) {
  std::string html =
      "<table><tr><th>channel</th><th>‖w‖</th><th>most used input</th><th>its part of ‖w‖²</th>"
      "</tr>\n";
  for (size_t i = 0; i < std::min(kFilterRows, filters.uses.size()); ++i) {
    const FilterUse& use = filters.uses[i];
    html += fmt::format("<tr><td>{}</td><td>{:.3g}</td><td>{}</td><td>{:.1f} %</td></tr>\n",
                        use.channel, use.norm, use.most_used, 100 * use.share);
  }
  return html + "</table>\n";
}

std::string later_filters(const LayerTrace& layer, const FilterSummary& filters,
                          PictureFolder& pictures) {
  const int64_t in = filters.norms.size(1), out = filters.norms.size(0);
  return "<details><summary>filters</summary><div class=\"filters\">" +
         pictures.figure(
             layer.name + "_filters",
             fitted(signed_colours(filters.norms, largest_magnitude(filters.norms)), kMatrix),
             layer.name + ": norms of all kernels",
             fmt::format("norms of the {} × {} kernels: one row an output channel, one column an "
                         "input channel",
                         out, in)) +
         pictures.figure(
             layer.name + "_taps",
             fitted(signed_colours(filters.taps, largest_magnitude(filters.taps)), kTaps),
             layer.name + ": weight of each tap", "Σ w² of each tap of the kernel") +
         "</div>\n" + filter_table(filters) + "</details>\n";
}

std::string first_layer_filters(const LayerTrace& layer, const Convolution& conv,
                                const FilterSummary& filters, PictureFolder& pictures) {
  std::vector<int64_t> shown;
  for (const FilterUse& use : filters.uses)
    if (static_cast<int64_t>(shown.size()) < kFirstFilters) shown.push_back(use.channel);
  const FirstFilters kernels = first_filters(weights_by_input(conv), shown);
  return fmt::format(
             "<p class=\"note\">Its filters see RGB and the mask: {} of {}, the largest norm "
             "first, each divided by its largest weight.</p>\n<div class=\"pair\">",
             shown.size(), filters.uses.size()) +
         pictures.figure(layer.name + "_filters_rgb", kernels.rgb, "filters on RGB",
                         "on RGB; grey is 0") +
         pictures.figure(layer.name + "_filters_mask", kernels.mask, "filters on the mask",
                         "on the mask; black is 0, orange positive, blue negative") +
         "</div>\n";
}

std::string filters_part(const LayerTrace& layer, const Module& module, bool is_first,
                         PictureFolder& pictures) {
  const Convolution* conv = convolution_of(module);
  if (conv == nullptr) return "";
  const FilterSummary filters = summarise_filters(*conv);
  return is_first ? first_layer_filters(layer, *conv, filters, pictures)
                  : later_filters(layer, filters, pictures);
}

std::string heading(const LayerTrace& layer) {
  return fmt::format("<h3>{} <span>{}</span></h3>\n", html_text(layer.name), html_text(layer.kind));
}

/// Σ_{R,G,B} |gradient| as a picture.
Tensor magnitude(const Tensor& gradient) {
  const Tensor rgb = ops::slice(gradient, 2, 0, 3);
  const Tensor sum = ops::sum(ops::abs(rgb), {2});
  return signed_colours(sum, largest_magnitude(sum));
}

std::string judge_part(const JudgePartTrace& part, PictureFolder& pictures) {
  const std::string file = "judge_" + part.name;
  const auto silent = std::count(part.features.begin(), part.features.end(), 0.0);
  std::string html =
      fmt::format(
          "<h3>{} discriminator <span>{} of its {} features are 0</span></h3>\n"
          "<div class=\"pair\">",
          part.name, silent, part.features.size()) +
      pictures.figure(file + "_sees", fitted(part.sees, 256), "what it sees", "what it sees") +
      pictures.figure(file + "_gradient", fitted(magnitude(part.trace.input_gradient), 256),
                      "where its picture moves the logit", "where its picture moves the logit") +
      "</div>\n<details><summary>its layers</summary>\n";
  for (const LayerTrace& layer : part.trace.layers)
    html +=
        heading(layer) + facts(layer) + sheets(layer, file + "_" + layer.name, "logit", pictures);
  return html + "</details>\n";
}

}  // namespace

std::string layers_section(const Inspection& inspection, PictureFolder& pictures) {
  std::string html = fmt::format(
      "<h2>Layer by layer</h2>\n<p class=\"note\">Activations: the {} channels whose values vary "
      "most over the picture (standard deviation), the liveliest first, each by its own scale: "
      "black is 0, pale is its largest magnitude, orange positive, blue negative. Gradients of the "
      "loss at the same channels: one scale for all that are shown.</p>\n",
      kChannels);
  for (size_t i = 0; i < inspection.trace.layers.size(); ++i) {
    const LayerTrace& layer = inspection.trace.layers[i];
    html += "<section class=\"layer\">" + heading(layer) + facts(layer) +
            sheets(layer, layer.name, "loss", pictures) +
            filters_part(layer, *inspection.network.layers[i].second, i == 0, pictures) +
            "</section>\n";
  }
  return html;
}

std::string judge_section(const Inspection& inspection, PictureFolder& pictures) {
  const JudgeTrace& judge = *inspection.judge;
  std::string html = fmt::format(
      "<h2>What the discriminators say</h2>\n<p>They give the completed picture a probability of "
      "{:.3f} of being real, and {:.3f} to the original.</p>\n<p class=\"note\">They see {} × {} "
      "pixels, and the local one the patch of half that side round the hole: here the largest "
      "square round the hole, scaled. On running statistics, where training takes each batch's "
      "own.</p>\n",
      judge.completed, judge.real, judge.size, judge.size);
  for (const JudgePartTrace& part : judge.parts) html += judge_part(part, pictures);
  return html;
}

}  // namespace kintsugi
