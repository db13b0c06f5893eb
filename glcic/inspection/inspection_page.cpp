#include "glcic/inspection/inspection_page.h"

#include <fmt/core.h>

#include <cmath>

#include "glcic/chart.h"
#include "glcic/html.h"
#include "glcic/inspection/field_section.h"
#include "glcic/inspection/inspection_style.h"
#include "glcic/inspection/layer_section.h"
#include "glcic/inspection/sheets.h"
#include "glcic/page_style.h"
#include "tensor/io/file.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

constexpr int64_t kPicture = 256;  // longer side of small pictures

std::string fact(const std::string& name, const std::string& value, bool gain = false) {
  return fmt::format("<div{}><dt>{}</dt><dd>{}</dd></div>", gain ? " class=\"gain\"" : "", name,
                     value);
}

std::string headline(const Inspection& inspection, const InspectionSource& source) {
  std::string html = fmt::format(
      "<h1>Inside the network</h1>\n<p>{} ({}) at work on {}.</p>\n<dl class=\"figures\">",
      html_text(source.network), html_text(source.weights), html_text(source.image));
  html += fact("hole", fmt::format("{} × {} px", inspection.box.width, inspection.box.height));
  if (inspection.field)
    html += fact("receptive field", fmt::format("{} px", inspection.field->side), true);
  if (inspection.plain)
    html += fact("with dilation 1", fmt::format("{} px", inspection.plain->side));
  html += fact("loss in the hole", fmt::format("{:.3g}", inspection.trace.loss)) + "</dl>\n";
  if (!inspection.picture.note.empty())
    html += "<p class=\"note\">" + html_text(inspection.picture.note) + "</p>\n";
  for (const std::string& note : source.notes)
    html += "<p class=\"note\">" + html_text(note) + "</p>\n";
  return html;
}

std::string picture_row(const Inspection& inspection, PictureFolder& pictures) {
  const auto figure = [&](const char* name, const Tensor& picture, const char* caption) {
    return pictures.figure(name, fitted(picture, kPicture), caption, caption);
  };
  return "<div class=\"four\">" + figure("original", inspection.picture.rgb, "original") +
         figure("input", inspection.masked, "what it sees") +
         figure("output", inspection.output, "its output") +
         figure("completed", inspection.completed, "completed") + "</div>\n";
}

Chart gradient_chart(const NetworkTrace& trace) {
  Chart chart{.title = "root mean square of the gradient at each layer's activations",
              .x_label = "layer",
              .y_label = "∂loss/∂y",
              .log_y = true};
  Curve curve{.name = "", .style = "gold", .x = {}, .y = {}};
  for (size_t i = 0; i < trace.layers.size(); ++i) {
    const double square = ops::mean(ops::square(trace.layers[i].gradient)).item();
    if (!(square > 0)) continue;
    curve.x.push_back(static_cast<double>(i + 1));
    curve.y.push_back(std::sqrt(square));
  }
  if (curve.x.size() > 1) chart.curves.push_back(std::move(curve));
  return chart;
}

std::string gradient_section(const Inspection& inspection, PictureFolder& pictures) {
  const Tensor& gradient = inspection.trace.input_gradient;
  const Tensor rgb = ops::sum(ops::abs(ops::slice(gradient, 2, 0, 3)), {2});
  const Tensor mask = channel_of(gradient, 3);
  return "<h2>Where the error comes from</h2>\n<p>The loss is the hole's squared error against the "
         "original, the mean over all pixels and channels, as in the first phase of training. Its "
         "gradient says which pixels of the input, if they were a little different, would change "
         "the error most.</p>\n<div class=\"pair\">" +
         pictures.figure(
             "input_gradient_rgb", fitted(signed_colours(rgb, largest_magnitude(rgb)), kPicture),
             "gradient of the loss at the input's colours",
             fmt::format("at R, G, B: sum of magnitudes; pale is {:.2g}", largest_magnitude(rgb))) +
         pictures.figure("input_gradient_mask",
                         fitted(signed_colours(mask, largest_magnitude(mask)), kPicture),
                         "gradient of the loss at the input's mask",
                         fmt::format("at the mask: orange positive, blue negative; pale is {:.2g}",
                                     largest_magnitude(mask))) +
         "</div>\n" + svg_chart(gradient_chart(inspection.trace)) + "\n";
}

std::string page(const Inspection& inspection, const InspectionSource& source,
                 PictureFolder& pictures) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Kintsugi: inside the network</title>\n<style>{}{}</style></head>\n<body><main>\n",
      kPageStyle, kInspectionStyle);
  html += headline(inspection, source) + picture_row(inspection, pictures);
  if (inspection.field)
    html += walk_section(inspection, pictures) + effective_section(inspection, pictures);
  html += gradient_section(inspection, pictures) + layers_section(inspection, pictures);
  if (inspection.judge) html += judge_section(inspection, pictures);
  html += "<h2>How this was made</h2>\n<pre>" + html_text(source.command) + "</pre>\n</main>";
  if (inspection.field) html += fmt::format("<script>{}</script>", kInspectionScript);
  return html + "</body></html>\n";
}

}  // namespace

void write_inspection_page(const std::string& folder, const Inspection& inspection,
                           const InspectionSource& source) {
  PictureFolder pictures(folder);
  write_file_atomically(folder + "/index.html", page(inspection, source, pictures));
}

}  // namespace kintsugi
