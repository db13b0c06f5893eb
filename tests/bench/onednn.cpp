// oneDNN's single convolutions on request, for `make bench-pytorch`:
// bench_onednn winograd|direct [THREADS]; the requests are in tests/bench/request.h. oneDNN chooses
// the layout of every operand, and weights are transformed inside each call, as in training.
#include <fmt/core.h>

#include <dnnl.hpp>
#include <string>
#include <unordered_map>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tests/bench/request.h"

namespace kintsugi::bench {
namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

/// One convolution in oneDNN's terms.
struct Problem {
  Problem(const Layer& layer, dnnl::algorithm way) : algorithm(way) {
    const ConvolutionOptions& options = layer.options;
    const Shape &x = layer.input, &y = layer.output;
    source = any({x[0], x[3], x[1], x[2]});
    weights = any({options.out, options.in, options.kernel, options.kernel});
    bias = any({options.out});
    destination = any({y[0], y[3], y[1], y[2]});
    strides = {options.stride, options.stride};
    padding = {options.padding, options.padding};
  }
  static memory::desc any(const memory::dims& extents) {
    return {extents, memory::data_type::f32, memory::format_tag::any};
  }
  dnnl::convolution_forward::primitive_desc forward(const dnnl::engine& engine) const {
    return {{dnnl::prop_kind::forward_training, algorithm, source, weights, bias, destination,
             strides, padding, padding},
            engine};
  }

  dnnl::algorithm algorithm;
  memory::desc source, weights, bias, destination;
  memory::dims strides, padding;
};

/// Memory for an operand, its numbers 0.5.
memory filled(const memory::desc& description, const dnnl::engine& engine) {
  memory operand(description, engine);
  auto* numbers = static_cast<float*>(operand.get_data_handle());
  std::fill_n(numbers, description.get_size() / sizeof(float), 0.5F);
  return operand;
}

Work repeated(const dnnl::primitive& primitive, const Arguments& arguments,
              const dnnl::engine& engine) {
  return [primitive, arguments, stream = dnnl::stream(engine)]() mutable {
    primitive.execute(stream, arguments);
    stream.wait();
  };
}

Work forward_work(const Problem& problem, const dnnl::engine& engine) {
  const auto plan = problem.forward(engine);
  return repeated(dnnl::convolution_forward(plan),
                  {{DNNL_ARG_SRC, filled(plan.src_desc(), engine)},
                   {DNNL_ARG_WEIGHTS, filled(plan.weights_desc(), engine)},
                   {DNNL_ARG_BIAS, filled(plan.bias_desc(), engine)},
                   {DNNL_ARG_DST, filled(plan.dst_desc(), engine)}},
                  engine);
}

Work input_grad_work(const Problem& p, const dnnl::engine& engine) {
  const dnnl::convolution_backward_data::primitive_desc plan(
      {p.algorithm, p.source, p.weights, p.destination, p.strides, p.padding, p.padding}, engine,
      p.forward(engine));
  return repeated(dnnl::convolution_backward_data(plan),
                  {{DNNL_ARG_DIFF_DST, filled(plan.diff_dst_desc(), engine)},
                   {DNNL_ARG_WEIGHTS, filled(plan.weights_desc(), engine)},
                   {DNNL_ARG_DIFF_SRC, filled(plan.diff_src_desc(), engine)}},
                  engine);
}

Work weight_grad_work(const Problem& p, const dnnl::engine& engine) {
  const dnnl::convolution_backward_weights::primitive_desc plan(
      {p.algorithm, p.source, p.weights, p.destination, p.strides, p.padding, p.padding}, engine,
      p.forward(engine));
  return repeated(dnnl::convolution_backward_weights(plan),
                  {{DNNL_ARG_SRC, filled(plan.src_desc(), engine)},
                   {DNNL_ARG_DIFF_DST, filled(plan.diff_dst_desc(), engine)},
                   {DNNL_ARG_DIFF_WEIGHTS, filled(plan.diff_weights_desc(), engine)}},
                  engine);
}

Work make_work(const Request& request, dnnl::algorithm algorithm, const dnnl::engine& engine) {
  check(request.kind == "conv", "oneDNN is asked for \"conv\" alone, not \"{}\"", request.kind);
  const Problem problem(request.layer, algorithm);
  try {
    switch (request.pass) {
      case Pass::forward:
        return forward_work(problem, engine);
      case Pass::input_grad:
        return input_grad_work(problem, engine);
      default:
        return weight_grad_work(problem, engine);
    }
  } catch (const dnnl::error& error) {
    throw Error(fmt::format("oneDNN has no such convolution on this CPU: {}", error.what()));
  }
}

void run(int count, char** arguments) {
  const std::string way = count > 1 ? arguments[1] : "";
  check(way == "winograd" || way == "direct", "usage: bench_onednn winograd|direct [THREADS]");
  if (count > 2) set_num_threads(std::stoi(arguments[2]));
  const auto algorithm = way == "winograd" ? dnnl::algorithm::convolution_winograd
                                           : dnnl::algorithm::convolution_direct;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const dnnl_version_t* version = dnnl_version();
  serve(fmt::format("oneDNN {}.{}.{}, {}, {} threads", version->major, version->minor,
                    version->patch, way, num_threads()),
        [&](const Request& request) { return make_work(request, algorithm, engine); });
}

}  // namespace
}  // namespace kintsugi::bench

int main(int count, char** arguments) {
  try {
    kintsugi::bench::run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
