#pragma once
#include <functional>
#include <string>
#include <vector>

#include "glcic/interchange/completion_layout.h"
#include "tests/glcic/interchange/t7_writer.h"

namespace kintsugi {

/// A network as the authors released theirs, to be written as a t7 file; tests change parts of it.
struct T7Release {
  struct Module {
    std::string class_name;
    std::vector<std::pair<std::string, double>> numbers{};
    std::vector<std::pair<std::string, Tensor>> tensors{};
  };
  std::vector<Module> modules;
  Tensor mean = {};  ///< undefined: the model alone is written

  /// With weights under the names of files. All kinds of convolution are among the layers.
  T7Release(const StateDict& weights, const Tensor& mean_pixel) : mean(mean_pixel) {
    for (const CompletionLayer& layer : completion_layers()) {
      const auto weight = [&](const std::string& key) { return weights.at(layer.name + key); };
      modules.push_back(convolution(layer, weight(".conv.weight"), weight(".conv.bias")));
      if (layer.normalised)
        modules.push_back({"nn.SpatialBatchNormalization",
                           {{"eps", 1e-5}, {"momentum", 0.1}},
                           {{"weight", weight(".norm.weight")},
                            {"bias", weight(".norm.bias")},
                            {"running_mean", weight(".norm.running_mean")},
                            {"running_var", weight(".norm.running_var")}}});
      modules.push_back({layer.normalised ? "nn.ReLU" : "nn.Sigmoid", {{"threshold", 0}}});
    }
  }

  /// The first four modules lie in a sequence of their own.
  std::string bytes() const {
    T7Writer writer;
    if (mean.defined()) {
      writer.table(2).text("mean").table(3);
      for (int i = 0; i < 3; ++i)
        writer.number(i + 1).number(mean.to_vector()[static_cast<size_t>(i)]);
      writer.text("model");
    }
    const auto count = static_cast<int32_t>(modules.size()) - 4;
    writer.instance("nn.Sequential").table(2).text("train").boolean(false);
    writer.text("modules").table(count + 1).number(1);
    writer.instance("nn.Sequential").table(1).text("modules").table(4);
    for (size_t i = 0; i < modules.size(); ++i) {
      if (i < 4)
        writer.number(static_cast<double>(i) + 1);
      else
        writer.number(static_cast<double>(i) - 2);
      write(writer, modules[i]);
    }
    return writer.bytes();
  }

 private:
  static Module convolution(const CompletionLayer& layer, Tensor weight, const Tensor& bias) {
    const Footprint& step = layer.step;
    Module module{"nn.SpatialConvolution", {}, {}};
    for (const char* axis : {"W", "H"}) {
      module.numbers.emplace_back(std::string("k") + axis, step.kernel);
      module.numbers.emplace_back(std::string("d") + axis, step.stride);
      module.numbers.emplace_back(std::string("pad") + axis, step.padding);
      if (step.dilation > 1)
        module.numbers.emplace_back(std::string("dilation") + axis, step.dilation);
      if (step.transposed) module.numbers.emplace_back(std::string("adj") + axis, 0);
    }
    if (step.transposed) module.class_name = "nn.SpatialFullConvolution";
    if (step.dilation > 1) module.class_name = "nn.SpatialDilatedConvolution";
    if (layer.name.ends_with("03")) module.class_name = "cudnn.SpatialConvolution";
    if (layer.name.ends_with("02")) {
      module.class_name = "nn.SpatialConvolutionMM";
      weight = weight.reshape({weight.size(0), -1});
    }
    module.tensors = {{"weight", weight}, {"bias", bias}};
    return module;
  }

  static void write(T7Writer& writer, const Module& module) {
    const size_t fields = module.numbers.size() + module.tensors.size();
    writer.instance(module.class_name).table(static_cast<int32_t>(fields));
    for (const auto& [key, value] : module.numbers) writer.text(key).number(value);
    for (const auto& [key, value] : module.tensors) writer.text(key).tensor(value);
  }
};

}  // namespace kintsugi
