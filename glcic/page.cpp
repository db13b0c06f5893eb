#include "glcic/page.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "glcic/chart.h"
#include "glcic/completer.h"
#include "glcic/evaluation_report.h"
#include "glcic/html.h"
#include "glcic/image_ops.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/metrics.h"
#include "glcic/page_style.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

const MethodResult& method(const Evaluation& evaluation, const std::string& name) {
  const auto found = std::find_if(evaluation.methods.begin(), evaluation.methods.end(),
                                  [&](const MethodResult& m) { return m.name == name; });
  check(found != evaluation.methods.end(), "demo page: {} was not measured", name);
  return *found;
}

/// Writes a picture to `file` and returns it as a <figure>.
std::string figure(const std::string& file, const Tensor& picture, const std::string& what,
                   const std::string& caption, bool won) {
  write_png(file, picture);
  return fmt::format("<figure><img alt=\"{}\" src=\"{}\"><figcaption{}>{}</figcaption></figure>\n",
                     what, picture_address("png", read_file(file)), won ? " class=\"won\"" : "",
                     caption);
}

std::string face_rows(const std::string& folder, const FaceGroup& group, int& number) {
  std::string html =
      "<div class=\"faces\">\n<div class=\"head\"><span>original</span></div>"
      "<div class=\"head\"><span>masked</span></div><div "
      "class=\"head\"><span>completed</span></div>"
      "<div class=\"head\"><span>diffusion</span></div>\n";
  for (const PageFace& face : group.faces) {
    const std::string stem = fmt::format("{}/face{:02}_", folder, ++number);
    const bool won = face.completed_psnr > face.diffusion_psnr;
    html += figure(stem + "original.png", face.original, "an unseen face", "", false);
    html += figure(stem + "masked.png", face.masked, "the same with a hole", "", false);
    html += figure(stem + "completed.png", face.completed, "the hole filled by the network",
                   fmt::format("{:.1f} dB", face.completed_psnr), won);
    html += figure(stem + "diffusion.png", face.diffusion, "the hole filled by diffusion",
                   fmt::format("{:.1f} dB", face.diffusion_psnr), !won);
  }
  return html + "</div>\n";
}

std::string headline(const DemoPage& page) {
  const double glcic = method(page.evaluation, "GLCIC")[Figure::hole_psnr].mean;
  const double diffusion = method(page.evaluation, "diffusion")[Figure::hole_psnr].mean;
  return fmt::format(
      "<h1>Faces, mended</h1>\n"
      "<p>A completion network, trained here for {} on faces that the program draws itself, fills "
      "the holes of faces that it has never seen. The method is GLCIC: <i>Globally and Locally "
      "Consistent Image Completion</i>, Iizuka, Simo-Serra and Ishikawa, SIGGRAPH 2017.</p>\n"
      "<dl class=\"figures\">"
      "<div><dt>hole PSNR, completed</dt><dd>{:.1f} dB</dd></div>"
      "<div><dt>hole PSNR, diffusion</dt><dd>{:.1f} dB</dd></div>"
      "<div class=\"gain\"><dt>gained over diffusion</dt><dd>{:+.1f} dB</dd></div></dl>\n",
      duration_string(page.end.seconds), glcic, diffusion, glcic - diffusion);
}

std::string figures_table(const Evaluation& evaluation) {
  std::string html = "<table><tr><th>filling</th><th>hole PSNR, dB</th><th>hole L1</th></tr>\n";
  for (const MethodResult& m : evaluation.methods)
    html += fmt::format(
        "<tr{}><td>{}</td><td>{:.2f} &plusmn; {:.2f}</td><td>{:.4f} &plusmn; {:.4f}</td></tr>\n",
        &m == &evaluation.methods.front() ? " class=\"best\"" : "", m.name,
        m[Figure::hole_psnr].mean, m[Figure::hole_psnr].margin(), m[Figure::hole_l1].mean,
        m[Figure::hole_l1].margin());
  return html + fmt::format(
                    "</table>\n<p class=\"note\">Means over {0} unseen faces of {1} &times; {1} "
                    "pixels with the centre square of {2} cut out, with 95&nbsp;% confidence "
                    "intervals; measured inside the hole alone, values from 0 to 1. <i>Mean "
                    "colour</i> paints the hole with one colour, <i>diffusion</i> solves Laplace's "
                    "equation in it.</p>\n",
                    evaluation.pictures, evaluation.options.size, evaluation.options.size / 2);
}

std::string curves(const std::string& metrics) {
  std::string html;
  for (const Chart& chart : loss_charts(read_metrics(metrics))) html += svg_chart(chart) + "\n";
  return html;
}

std::string how_it_was_made(const DemoPage& page) {
  const TrainSettings& settings = page.settings;
  const std::string length = settings.budget > 0
                                 ? fmt::format("--budget {:.0f}s", settings.budget)
                                 : fmt::format("--steps {},{},{}", settings.steps[0],
                                               settings.steps[1], settings.steps[2]);
  return fmt::format(
      "<p>{} steps of {} faces, in three phases: the completion network alone, then the two "
      "discriminators alone, then both against each other. By hand:</p>\n"
      "<pre>glcic train --data {} --size {} --width {} --batch {} --alpha {} {} --run runs/faces\n"
      "glcic evaluate --weights runs/faces/checkpoint.safetensors --data {} --size {} "
      "--limit {} --baselines</pre>\n",
      page.end.step, settings.batch, settings.data, settings.size, settings.width, settings.batch,
      settings.alpha, length, settings.data, settings.size, page.evaluation.pictures);
}

void write_face_sheet(const std::string& path, const DemoPage& page) {
  std::vector<Tensor> pictures;
  for (const FaceGroup& group : page.groups)
    for (const PageFace& face : group.faces)
      pictures.insert(pictures.end(), {face.original, face.masked, face.completed, face.diffusion});
  if (!pictures.empty()) write_png(path, contact_sheet(pictures, 4));
}

}  // namespace

PageFace fill_face(const Model& model, const Tensor& picture, const Tensor& mask) {
  const Tensor mean = model.mean_pixel.to(Device::cpu).to(picture.dtype());
  PageFace face{.original = picture,
                .masked = ops::where(mask, mean, picture),
                .completed = complete(model, picture, mask).composite,
                .diffusion = diffusion_fill(picture, mask)};
  face.completed_psnr = hole_psnr(face.completed, picture, mask);
  face.diffusion_psnr = hole_psnr(face.diffusion, picture, mask);
  return face;
}

void write_demo_page(const std::string& folder, const DemoPage& page) {
  const std::string faces = folder + "/faces";
  std::error_code fault;
  std::filesystem::create_directories(faces, fault);
  check(!fault, "cannot make the folder {}: {}", faces, fault.message());

  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Kintsugi: faces, mended</title>\n<style>" +
      std::string(kPageStyle) + "</style></head>\n<body><main>\n" + headline(page);
  int number = 0;
  for (const FaceGroup& group : page.groups)
    html += "<h2>" + group.caption + "</h2>\n" + face_rows(faces, group, number);
  html += "<h2>In figures</h2>\n" + figures_table(page.evaluation);
  html += "<h2>Training</h2>\n" + how_it_was_made(page) + curves(page.metrics);
  html += "</main></body></html>\n";

  write_face_sheet(folder + "/faces.png", page);
  write_file_atomically(folder + "/evaluation.json",
                        evaluation_json(page.evaluation, {page.settings.data, "test"}));
  write_file_atomically(folder + "/index.html", html);
}

}  // namespace kintsugi
