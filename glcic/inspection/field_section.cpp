#include "glcic/inspection/field_section.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "glcic/chart.h"
#include "glcic/html.h"
#include "glcic/inspection/sheets.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kStepHeat = 128, kOutputHeat = 256;  // longer sides of pictures, in pixels
constexpr double kFaintest = 1e-6;                     // where the profile ends
constexpr int64_t kRing = 4;                           // pixels to a point of the profile

/// One of the two networks, for a figure.
struct Network {
  const FieldInspection& field;
  std::string title, short_title, file_ending, style;
};

std::string dilations_of(const LayeredNetwork& network) {
  std::vector<int64_t> dilations;
  for (const auto& [name, layer] : network.layers)
    if (const Convolution* conv = convolution_of(*layer); conv && conv->options().dilation > 1)
      dilations.push_back(conv->options().dilation);
  return listed(dilations);
}

std::vector<Network> networks_of(const Inspection& inspection) {
  std::vector<Network> networks{{*inspection.field, "the network", "the network", "", "gold"}};
  if (!inspection.plain) return networks;
  networks[0].title = "dilations " + dilations_of(inspection.network);
  networks[0].short_title = "dilated";
  networks.push_back({*inspection.plain, "dilation 1 throughout", "dilation 1", "_plain", "slate"});
  return networks;
}

/// The square root brings out the faint ends of a field.
Tensor heat(const Tensor& influence, int64_t side) {
  return fitted(signed_colours(ops::sqrt(influence), 1.0), side);
}

/// The picture and the widest field, as far as that is no more than a third beyond the picture.
Hole view_of(const Inspection& inspection) {
  const int64_t height = inspection.masked.size(0), width = inspection.masked.size(1);
  const int64_t room = std::max(height, width) / 3;
  const Hole& field = inspection.field->walk.back().field;
  const int64_t margin = 2;
  const auto low = [&](int64_t first) {
    return std::max(-room, std::min<int64_t>(0, first)) - margin;
  };
  const auto high = [&](int64_t end, int64_t extent) {
    return std::min(extent + room, std::max(extent, end)) + margin;
  };
  Hole view{low(field.x), low(field.y), 0, 0};
  view.width = high(field.x + field.width, width) - view.x;
  view.height = high(field.y + field.height, height) - view.y;
  return view;
}

std::string rectangle(const char* style, const Hole& hole) {
  return fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", style,
                     hole.x, hole.y, hole.width, hole.height);
}

std::string image(const char* attributes, const std::string& address, const Tensor& picture) {
  return fmt::format(
      "<image {} href=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\"/>", attributes,
      address, picture.size(1), picture.size(0));
}

std::string open_svg(const Hole& view, const std::string& label) {
  return fmt::format("<svg viewBox=\"{} {} {} {}\" role=\"img\" aria-label=\"{}\">", view.x, view.y,
                     view.width, view.height, html_text(label));
}

/// How much of the hole's box a field has in it.
double part_seen(const Hole& field, const Hole& box) {
  const auto overlap = [](int64_t a, int64_t a_length, int64_t b, int64_t b_length) {
    return std::max<int64_t>(0, std::min(a + a_length, b + b_length) - std::max(a, b));
  };
  const int64_t seen = overlap(field.x, field.width, box.x, box.width) *
                       overlap(field.y, field.height, box.y, box.height);
  return static_cast<double>(seen) / static_cast<double>(box.width * box.height);
}

std::string sentence_of(const FieldInspection& field, size_t layer, const Hole& box) {
  const Hole& seen = field.walk[layer].field;
  const std::string size = fmt::format("{} × {} pixels: ", seen.width, seen.height);
  if (field.spans && *field.spans < layer)
    return size + "spans the hole, since " + field.walk[*field.spans].name;
  if (field.spans == layer) return size + "spans the hole, here for the first time";
  return size + fmt::format("{:.0f} % of the hole", std::max(1.0, 100 * part_seen(seen, box)));
}

Json places(const std::vector<double>& columns, const std::vector<double>& rows) {
  Json places = Json::array();
  for (const double y : rows)
    for (const double x : columns) places.push_back({x + 0.5, y + 0.5});
  return places;
}

/// What the script shows, step by step.
std::string steps_json(const std::vector<Network>& networks, const Hole& view, const Hole& box) {
  Json steps = Json::array();
  for (size_t i = 0; i < networks[0].field.walk.size(); ++i) {
    const FieldStep& first = networks[0].field.walk[i];
    Json step{{"name", first.name}, {"kind", first.kind}, {"networks", Json::array()}};
    for (const Network& network : networks) {
      const FieldStep& s = network.field.walk[i];
      step["networks"].push_back({{"kind", s.kind},
                                  {"field", {s.field.x, s.field.y, s.field.width, s.field.height}},
                                  {"taps", places(s.tap_columns, s.tap_rows)},
                                  {"text", sentence_of(network.field, i, box)}});
    }
    steps.push_back(std::move(step));
  }
  const Json all{{"view", {view.x, view.y, view.width, view.height}}, {"steps", steps}};
  return all.dump();
}

std::string walk_figure(const Network& network, const Inspection& inspection, const Hole& view,
                        PictureFolder& pictures) {
  const std::vector<FieldStep>& walk = network.field.walk;
  std::string html =
      fmt::format("<figure class=\"walk {}\"><figcaption><b>{}</b></figcaption>{}", network.style,
                  html_text(network.title), open_svg(view, "the receptive field over the picture"));
  html += fmt::format("<use href=\"#seen\" width=\"{}\" height=\"{}\"/>", inspection.masked.size(1),
                      inspection.masked.size(0));
  for (size_t i = 0; i < walk.size(); ++i) {
    const std::string name = fmt::format("{}_field{}", walk[i].name, network.file_ending);
    html += image(i + 1 == walk.size() ? "class=\"heat\"" : "class=\"heat\" display=\"none\"",
                  pictures.add(name, heat(network.field.effective[i].influence, kStepHeat)),
                  inspection.masked);
  }
  html += "<path class=\"veil\" fill-rule=\"evenodd\" d=\"\"/>" +
          rectangle("hole", inspection.box) + rectangle("field", walk.back().field) +
          "<g class=\"taps\"></g></svg>";
  return html + fmt::format("<p class=\"said\">{}</p></figure>\n",
                            sentence_of(network.field, walk.size() - 1, inspection.box));
}

std::string spans_sentence(const Network& network) {
  if (!network.field.spans)
    return fmt::format("With {}, it never does: at the output a pixel sees {} × {} pixels.",
                       network.title, network.field.side, network.field.side);
  const FieldStep& step = network.field.walk[*network.field.spans];
  return fmt::format("With {}, that is at {} ({}).", network.title, step.name, step.kind);
}

Chart field_chart(const std::vector<Network>& networks, const Hole& box) {
  Chart chart{.title = "receptive field by layer", .x_label = "layer", .y_label = "pixels"};
  for (const Network& network : networks) {
    Curve curve{.name = network.short_title, .style = network.style, .x = {}, .y = {}};
    for (size_t i = 0; i < network.field.walk.size(); ++i) {
      curve.x.push_back(static_cast<double>(i + 1));
      curve.y.push_back(static_cast<double>(network.field.walk[i].side));
    }
    chart.curves.push_back(std::move(curve));
  }
  const auto side = static_cast<double>(std::max(box.width, box.height));
  const double last = static_cast<double>(networks[0].field.walk.size());
  chart.curves.push_back({"the hole", "soft", {1.0, last}, {side, side}});
  return chart;
}

std::string field_table(const std::vector<Network>& networks) {
  std::string html = "<div class=\"wide\"><table><tr><th>layer</th>";
  for (const Network& network : networks) html += "<th>" + network.short_title + "</th>";
  html += "<th>what it is</th></tr>\n";
  for (size_t i = 0; i < networks[0].field.walk.size(); ++i) {
    const FieldStep& step = networks[0].field.walk[i];
    html += fmt::format("<tr><td>{}</td>", step.name);
    for (const Network& network : networks)
      html += fmt::format("<td{}>{}</td>", network.field.spans == i ? " class=\"first\"" : "",
                          network.field.walk[i].side);
    html += fmt::format("<td>{}</td></tr>\n", html_text(step.kind));
  }
  return html + "</table></div>\n";
}

double share_from_known(const Tensor& influence, const Tensor& mask) {
  const Tensor flat = mask.reshape(influence.shape());
  const double all = ops::sum(influence).item();
  return all > 0 ? 1 - ops::sum(ops::multiply(influence, flat)).item() / all : 0.0;
}

std::string effective_figure(const Network& network, const Inspection& inspection, const Hole& view,
                             PictureFolder& pictures) {
  const EffectiveField& effective = network.field.effective.back();
  const std::string address =
      pictures.add("field_effective" + network.file_ending, heat(effective.influence, kOutputHeat));
  return fmt::format(
      "<figure class=\"walk {}\"><figcaption><b>{}</b></figcaption>{}{}{}{}</svg>"
      "<p class=\"said\">theoretical: {} × {} pixels; effective: the area of {:.0f} × {:.0f}; "
      "{:.0f} % of the influence is that of known pixels</p></figure>\n",
      network.style, html_text(network.title),
      open_svg(view, "effective receptive field of an output pixel"),
      image("class=\"map\"", address, inspection.masked), rectangle("hole", inspection.box),
      rectangle("field", network.field.walk.back().field), network.field.side, network.field.side,
      effective.side, effective.side,
      100 * share_from_known(effective.influence, inspection.picture.mask));
}

Chart profile_chart(const std::vector<Network>& networks) {
  Chart chart{.title = "influence by distance from the pixel",
              .x_label = "distance, pixels",
              .y_label = "mean influence",
              .log_y = true};
  for (const Network& network : networks) {
    const FieldStep& last = network.field.walk.back();
    Curve curve{.name = network.short_title, .style = network.style, .x = {}, .y = {}};
    const std::vector<double> profile =
        influence_by_distance(network.field.effective.back().influence, last.unit, kRing);
    for (size_t i = 0; i < profile.size() && profile[i] > kFaintest; ++i) {
      curve.x.push_back(static_cast<double>(i) * kRing);
      curve.y.push_back(profile[i]);
    }
    if (curve.x.size() > 1) chart.curves.push_back(std::move(curve));
  }
  return chart;
}

}  // namespace

std::string walk_section(const Inspection& inspection, PictureFolder& pictures) {
  const std::vector<Network> networks = networks_of(inspection);
  const Hole view = view_of(inspection);
  std::string html = fmt::format(
      "<h2>How far it sees</h2>\n<p>Step through the layers. In each, take the unit over the "
      "middle "
      "of the hole: the rectangle holds every pixel that it can depend on, its receptive field, "
      "counted from the layers alone. Outside of it, a pixel may change as it likes: the unit "
      "keeps "
      "its value, to the last bit. Light over the picture is influence that the weights really "
      "give "
      "to a pixel; the dots are the places that the layer itself reads.</p>\n<p>To fill the hole "
      "of "
      "{} × {} pixels (dashed) with what surrounds it, a unit must see across it. ",
      inspection.box.width, inspection.box.height);
  for (const Network& network : networks) html += spans_sentence(network) + " ";
  html += fmt::format(
      "</p>\n<svg class=\"defs\" aria-hidden=\"true\"><defs>{}</defs></svg>\n",
      image("id=\"seen\"", pictures.add("masked", inspection.masked), inspection.masked));
  html += "<div class=\"stepper\" id=\"stepper\"><div class=\"pair\">";
  for (const Network& network : networks) html += walk_figure(network, inspection, view, pictures);
  html += fmt::format(
      "</div><div class=\"controls\" hidden><button type=\"button\" id=\"back\" "
      "aria-label=\"the layer before\">◀</button><button type=\"button\" id=\"play\">play</button>"
      "<button type=\"button\" id=\"next\" aria-label=\"the next layer\">▶</button>"
      "<input type=\"range\" id=\"layer\" min=\"0\" max=\"{0}\" value=\"{0}\" aria-label=\"layer\">"
      "</div><p class=\"at\" id=\"at\" aria-live=\"polite\"></p></div>\n"
      "<script type=\"application/json\" id=\"walk\">{1}</script>\n",
      networks[0].field.walk.size() - 1, steps_json(networks, view, inspection.box));
  html += svg_chart(field_chart(networks, inspection.box)) + "\n" + field_table(networks);
  return html +
         "<p class=\"note\">Side of the field in pixels, the widest of the layer's units; "
         "in colour where the field first spans the hole. The dashed line is the hole's longer "
         "side.</p>\n";
}

std::string effective_section(const Inspection& inspection, PictureFolder& pictures) {
  const std::vector<Network> networks = networks_of(inspection);
  const Hole view = view_of(inspection);
  std::string html =
      "<h2>What it makes of that</h2>\n<p>The rectangle is what an output pixel in the middle of "
      "the hole <i>can</i> depend on, the light how much it <i>does</i>: |∂ output / ∂ input|, as "
      "Luo et al. (NeurIPS 2016) measure the effective receptive field.</p>\n<div class=\"pair\">";
  for (const Network& network : networks)
    html += effective_figure(network, inspection, view, pictures);
  html += "</div>\n" + svg_chart(profile_chart(networks));
  html += fmt::format(
      "\n<p class=\"note\">Mean of the absolute gradients of {} output pixels round the middle, "
      "each with a random cotangent over R, G and B, laid over each other pixel on pixel, summed "
      "over R, G and B of the input; divided by the largest; drawn as the square root. Effective "
      "size: the pixels above 4.55 % of the largest, as a square.{}</p>\n",
      InspectionOptions{}.output_samples,
      inspection.plain ? " The network with dilation 1 has the same weights, which were trained "
                         "with the dilations: it shows how far the layers reach, not how well such "
                         "a network could be trained."
                       : "");
  return html;
}

}  // namespace kintsugi
