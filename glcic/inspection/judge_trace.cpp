#include "glcic/inspection/judge_trace.h"

#include <cmath>

#include "autograd/ops.h"
#include "glcic/image_ops.h"
#include "glcic/settings.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

/// A discriminator's run: its convolutions' maps, and what its linear layer makes of the last.
struct Run {
  std::string name;
  LayeredNetwork convolutions;
  Variable picture{};  ///< [1, S, S, 3]
  Variables maps{};
  Variable features{};  ///< [1, 16·width]
};

Run run_part(const std::string& name, const Module& discriminator, const Tensor& picture) {
  Run run{.name = name, .convolutions = {.layers = named_layers(discriminator)}};
  const std::shared_ptr<Module> fc = run.convolutions.layers.back().second;
  run.convolutions.layers.pop_back();
  run.picture =
      Variable(picture.reshape({1, picture.size(0), picture.size(1), picture.size(2)}), true);
  run.maps = run.convolutions.run(run.picture);
  run.features = relu((*fc)(reshape(run.maps.back(), {1, -1})));
  return run;
}

struct Judgement {
  Run global, local;
  Variable logit{};  ///< [1, 1]
};

Judgement judge_picture(Discriminators& judge, const Tensor& picture, const Corner& patch) {
  const int64_t side = judge.size() / 2;
  const Tensor local = crop_image(picture, patch.x, patch.y, side, side);
  const TensorOptions where = judge.parameters().front().options();
  const auto there = [&](const Tensor& x) { return x.to(where.dtype).to(where.device); };
  Judgement judgement{.global = run_part("global", judge.global(), there(picture)),
                      .local = run_part("local", judge.local(), there(local))};
  judgement.logit = judge(concat({judgement.global.features, judgement.local.features}, 1));
  return judgement;
}

double probability(const Variable& logit) { return 1 / (1 + std::exp(-logit.item())); }

JudgePartTrace part_trace(const Run& run, const Variable& logit) {
  return {.name = run.name,
          .sees = single(run.picture.value()),
          .trace = trace_of(run.convolutions, run.picture, run.maps, logit),
          .features = run.features.value().to_vector()};
}

}  // namespace

int64_t judged_size(const SafeTensors& file) {
  const std::string prefix = "discriminator.global.";
  const auto fc = file.tensors.find(prefix + "fc.weight");
  if (fc == file.tensors.end() || fc->second.rank() != 2) return 0;
  if (const auto settings = file.metadata.find("settings"); settings != file.metadata.end())
    return settings_from_json(settings->second, "settings").size;
  int64_t depth = 0, channels = 0;
  for (;; ++depth) {
    const auto conv = file.tensors.find(fmt::format("{}layer{}.conv.weight", prefix, depth + 1));
    if (conv == file.tensors.end()) break;
    channels = conv->second.size(0);
  }
  if (channels == 0) return 0;
  const double places = static_cast<double>(fc->second.size(1)) / static_cast<double>(channels);
  return std::lround(std::sqrt(places)) << depth;
}

JudgeTrace trace_judge(Discriminators& judge, const Tensor& rgb, const Tensor& completed,
                       const Tensor& mask) {
  const SquareView view = square_view(mask, judge.size());
  const Corner patch = local_patch_corner(bounding_box(view.of_mask(mask)), judge.size());
  JudgeTrace trace{.size = judge.size()};
  trace.real = probability(judge_picture(judge, view.of_picture(rgb), patch).logit);
  const Judgement judgement = judge_picture(judge, view.of_picture(completed), patch);
  trace.completed = probability(judgement.logit);
  for (const Run* run : {&judgement.global, &judgement.local})
    trace.parts.push_back(part_trace(*run, judgement.logit));
  return trace;
}

}  // namespace kintsugi
