#include "glcic/interchange/t7_network.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "glcic/interchange/completion_layout.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr double kEps = 1e-5;  // of BatchNorm2d here
constexpr size_t kMaxModules = 1000;

/// "SpatialConvolution" of nn.SpatialConvolution and cudnn.SpatialConvolution; "" for classes of
/// other packages.
std::string_view kind_of(std::string_view class_name) {
  for (const std::string_view package : {"nn.", "cudnn."})
    if (class_name.starts_with(package)) return class_name.substr(package.size());
  return "";
}

bool is_convolution(std::string_view kind, bool transposed) {
  constexpr std::array<std::string_view, 3> kPlain{"SpatialConvolution", "SpatialConvolutionMM",
                                                   "SpatialDilatedConvolution"};
  return transposed ? kind == "SpatialFullConvolution"
                    : std::find(kPlain.begin(), kPlain.end(), kind) != kPlain.end();
}

bool is_nil(const T7Value& value) { return std::holds_alternative<std::monostate>(value); }

/// The modules in the order in which they run: nested sequences are laid out flat.
std::vector<T7Value> flatten(const T7File& file, const T7Value& model) {
  std::vector<T7Value> waiting{model}, flat;
  for (size_t seen = 0; !waiting.empty(); ++seen) {
    check(seen < kMaxModules, "{}: its model has more than {} modules, or is a circle", file.path,
          kMaxModules);
    const T7Value module = waiting.back();
    waiting.pop_back();
    if (kind_of(file.class_of(module)) != "Sequential") {
      flat.push_back(module);
      continue;
    }
    std::vector<T7Value> inner = file.list(file.field(module, "modules"));
    check(inner.size() <= kMaxModules && waiting.size() <= kMaxModules,
          "{}: its model has more than {} modules", file.path, kMaxModules);
    waiting.insert(waiting.end(), inner.rbegin(), inner.rend());
  }
  return flat;
}

class NetworkReader {
 public:
  NetworkReader(const T7File& file, const T7Value& model)
      : file_(file), modules_(flatten(file, model)) {}

  StateDict read() {
    for (const CompletionLayer& layer : completion_layers()) {
      read_convolution(layer);
      if (layer.normalised) {
        read_norm(layer.name);
        next("ReLU", [](std::string_view kind) { return kind == "ReLU"; });
      } else {
        next("Sigmoid", [](std::string_view kind) { return kind == "Sigmoid"; });
      }
    }
    check(at_ == modules_.size(), "{}: its model has {} modules, but GLCIC has {}", file_.path,
          modules_.size(), at_);
    check_completion(weights_, file_.path, {});
    return std::move(weights_);
  }

 private:
  /// The next module, of a kind that `fits`.
  template <class Fits>
  const T7Value& next(const char* expected, const Fits& fits) {
    check(at_ < modules_.size(), "{}: its model ends after {} modules, where GLCIC goes on with {}",
          file_.path, at_, expected);
    const T7Value& module = modules_[at_++];
    const std::string_view class_name = file_.class_of(module);
    check(fits(kind_of(class_name)), "{}: module {} of its model is {}, where GLCIC has {}",
          file_.path, at_, class_name.empty() ? "no module" : class_name, expected);
    return module;
  }

  void read_convolution(const CompletionLayer& layer) {
    const Footprint& step = layer.step;
    const T7Value& module =
        next(step.transposed ? "SpatialFullConvolution" : "SpatialConvolution",
             [&](std::string_view kind) { return is_convolution(kind, step.transposed); });
    for (const char* axis : {"W", "H"}) {
      check_number(module, std::string("k") + axis, step.kernel);
      check_number(module, std::string("d") + axis, step.stride);
      check_number(module, std::string("pad") + axis, step.padding);
      if (step.dilation > 1) check_number(module, std::string("dilation") + axis, step.dilation);
      const std::string adjustment = std::string("adj") + axis;  // of the output's size
      if (!is_nil(file_.field(module, adjustment))) check_number(module, adjustment, 0);
    }
    const std::string name = layer.name + ".conv.";
    Tensor weight = tensor(module, "weight");
    const int64_t window = step.kernel * step.kernel;
    if (weight.rank() == 2 && weight.numel() > 0 && weight.size(1) % window == 0)  // …MM's
      weight = weight.reshape({weight.size(0), -1, step.kernel, step.kernel});
    weights_[name + "weight"] = weight;
    weights_[name + "bias"] = tensor(module, "bias");
  }

  void read_norm(const std::string& layer) {
    const T7Value& module = next("SpatialBatchNormalization", [](std::string_view kind) {
      return kind == "SpatialBatchNormalization";
    });
    const T7Value& eps = file_.field(module, "eps");
    const auto* number = std::get_if<double>(&eps);
    check(number != nullptr && std::abs(*number - kEps) < kEps * 1e-3,
          "{}: module {} of its model has eps {}, where GLCIC has {}", file_.path, at_,
          number != nullptr ? fmt::format("{}", *number) : "none", kEps);
    for (const char* key : {"weight", "bias", "running_mean", "running_var"})
      weights_[layer + ".norm." + key] = tensor(module, key);
  }

  void check_number(const T7Value& module, const std::string& key, int64_t expected) const {
    const T7Value& value = file_.field(module, key);
    const auto* number = std::get_if<double>(&value);
    check(number != nullptr && *number == static_cast<double>(expected),
          "{}: module {} of its model has {} {}, where GLCIC has {}", file_.path, at_, key,
          number != nullptr ? fmt::format("{}", *number) : "none", expected);
  }

  Tensor tensor(const T7Value& module, const char* key) const {
    return file_
        .tensor(file_.field(module, key), fmt::format("\"{}\" of module {} of its model", key, at_))
        .to(DType::float32);
  }

  const T7File& file_;
  std::vector<T7Value> modules_;
  size_t at_ = 0;  ///< modules that have been read
  StateDict weights_;
};

/// Three numbers in a table or a tensor.
Tensor mean_of(const T7File& file) {
  const T7Value& mean = file.field(file.root, "mean");
  if (file.is_tensor(mean)) return file.tensor(mean, "its mean");
  std::vector<double> numbers;
  for (const T7Value& each : file.list(mean))
    if (const auto* number = std::get_if<double>(&each)) numbers.push_back(*number);
  check(!numbers.empty(), "{}: it holds no mean pixel; give one with --mean-pixel R,G,B",
        file.path);
  return Tensor::from(numbers, {static_cast<int64_t>(numbers.size())});
}

}  // namespace

StateDict weights_of_t7(const T7File& file, const std::optional<Tensor>& mean_pixel) {
  const T7Value& named = file.field(file.root, "model");
  StateDict weights = NetworkReader(file, is_nil(named) ? file.root : named).read();
  weights["mean_pixel"] = checked_mean_pixel(mean_pixel ? *mean_pixel : mean_of(file), file.path);
  weights["mean_subtracted"] = Tensor::full({1}, 1);
  return weights;
}

}  // namespace kintsugi
