#include "tests/gradcheck/mutations.h"

#include <algorithm>
#include <cmath>

#include "autograd/variable.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

using Values = std::vector<double>;

Tensor like(const Tensor& tensor, const Values& values) {
  return Tensor::from(values, tensor.shape(), tensor.options());
}

Tensor reversed(const Tensor& tensor) {
  Values values = tensor.to_vector();
  std::reverse(values.begin(), values.end());
  return like(tensor, values);
}

Values scaled(const BackwardPass& pass, double factor) {
  Values values = pass.right();
  for (double& value : values) value *= factor;
  return values;
}

/// The axes longer than 1.
std::vector<size_t> long_axes(const Shape& shape) {
  std::vector<size_t> extents;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] > 1) extents.push_back(static_cast<size_t>(shape[axis]));
  return extents;
}

/// The gradient by the part of dy at `slice` of an axis alone.
Values by_slice(const BackwardPass& pass, int axis, int64_t slice, bool without) {
  const Shape& shape = pass.dy.shape();
  int64_t inner = 1;
  for (int a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
  Values dy = pass.dy.to_vector();
  for (size_t i = 0; i < dy.size(); ++i)
    if ((static_cast<int64_t>(i) / inner % shape[axis] == slice) == without) dy[i] = 0;
  return pass.gradient(pass.which, pass.x, like(pass.dy, dy));
}

std::optional<Values> one_short(const BackwardPass& pass) {
  const Shape& shape = pass.dy.shape();
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] > 1) return by_slice(pass, axis, shape[axis] - 1, true);
  return {};
}

/// The last two long axes exchanged, put back under the old shape.
std::optional<Values> transposed(const BackwardPass& pass) {
  const std::vector<size_t> extents = long_axes(pass.shape());
  if (extents.size() < 2) return {};
  const size_t rows = extents[extents.size() - 2], columns = extents.back();
  const Values before = pass.right();
  Values after = before;
  for (size_t i = 0; i < before.size(); ++i) {
    const size_t start = i / (rows * columns) * (rows * columns), row = i / columns % rows;
    after[start + i % columns * rows + row] = before[i];
  }
  return after;
}

/// Rows read with a stride of one less than their length.
std::optional<Values> wrong_stride(const BackwardPass& pass) {
  const std::vector<size_t> extents = long_axes(pass.shape());
  if (extents.size() < 2) return {};
  const size_t columns = extents.back();
  const Values before = pass.right();
  Values after(before.size());
  for (size_t i = 0; i < before.size(); ++i)
    after[i] = before[i / columns * (columns - 1) + i % columns];
  return after;
}

/// True where an input with fewer axes is repeated to the output's shape: aligned at the last axis,
/// every extent is the output's or 1.
bool is_broadcast(const Shape& input, const Shape& output) {
  if (input.rank() >= output.rank() || input.numel() >= output.numel()) return false;
  for (int axis = 1; axis <= input.rank(); ++axis)
    if (input[-axis] != 1 && input[-axis] != output[-axis]) return false;
  return true;
}

std::optional<Values> missing_sum(const BackwardPass& pass) {
  const Shape &input = pass.shape(), &output = pass.dy.shape();
  if (!is_broadcast(input, output)) return {};
  for (int axis = output.rank(); axis >= 1; --axis)
    if (output[-axis] > 1 && (axis > input.rank() || input[-axis] == 1))
      return by_slice(pass, output.rank() - axis, output[-axis] - 1, false);
  return {};
}

std::optional<Values> stale_buffer(const BackwardPass& pass) {
  Values values = pass.right();
  const Values before = pass.gradient(pass.which, pass.x, reversed(pass.dy));
  for (size_t i = 0; i < values.size(); ++i) values[i] += before[i];
  return values;
}

std::optional<Values> stale_values(const BackwardPass& pass) {
  std::vector<Tensor> next = pass.x;
  for (size_t i = 0; i < next.size(); ++i)
    if (pass.sample->inputs[i].differentiable) next[i] = reversed(next[i]);
  return pass.gradient(pass.which, next, pass.dy);
}

std::optional<Values> one_element_wrong(const BackwardPass& pass) {
  Values values = pass.right();
  if (values.empty()) return {};
  double& middle = values[values.size() / 2];
  middle += std::max(0.1, std::abs(middle));
  return values;
}

std::optional<Values> in_reversed_order(const BackwardPass& pass) {
  Values values = pass.right();
  if (values.size() < 2) return {};
  std::reverse(values.begin(), values.end());
  return values;
}

std::optional<Values> of_another_input(const BackwardPass& pass) {
  for (size_t other = 0; other < pass.x.size(); ++other)
    if (other != pass.which && pass.sample->inputs[other].differentiable &&
        pass.x[other].shape() == pass.shape())
      return pass.gradient(other, pass.x, pass.dy);
  return {};
}

/// True where the difference is larger than any rounding.
bool differ(const Values& a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (std::abs(a[i] - b[i]) > 1e-4 * std::max({std::abs(a[i]), std::abs(b[i]), 1e-3}))
      return true;
  return false;
}

Variable spoilt_gradient(const BackwardPass& pass, const Mutation& mutation,
                         MutationEffect& effect) {
  const Values right = pass.right();
  const std::optional<Values> wrong = mutation.apply(pass);
  effect.applied = effect.applied || wrong.has_value();
  effect.changed = effect.changed || (wrong && differ(*wrong, right));
  return Variable(like(pass.x[pass.which], wrong.value_or(right)));
}

}  // namespace

std::vector<double> BackwardPass::gradient(size_t input, const std::vector<Tensor>& values,
                                           const Tensor& seed) const {
  const RecordingGuard recording(true);
  Variables inputs;
  for (size_t i = 0; i < values.size(); ++i) inputs.emplace_back(values[i], i == input);
  return grad({sample->apply(inputs)}, {inputs[input]}, {Variable(seed)})[0].value().to_vector();
}

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> all{
      {"sign flipped", "The gradient has the wrong sign.", "dx = -dy * w;  // should be dy * w",
       "Every element is wrong, the large ones by exactly 2: expected and got differ in sign "
       "alone.",
       "", [](const BackwardPass& pass) { return std::optional(scaled(pass, -1)); }},
      {"dropped", "A whole term is missing: this input never gets its gradient.",
       "// dx += dy * w;  was forgotten",
       "Every element is wrong, the large ones by exactly 1, and got is 0 everywhere.", "",
       [](const BackwardPass& pass) { return std::optional(scaled(pass, 0)); }},
      {"missing term",
       "A loop over the outputs ends one too early, so one term of the sum is lost.",
       "for (i = 0; i < n - 1; ++i) dx += dy[i] * w;",
       "Only what the last slice of the output reaches is wrong: a stripe at the end where each "
       "output has inputs of its own, everything by a little where all share them.",
       "an output axis longer than 1", one_short},
      {"factor slightly off", "A factor is nearly right: eps left out, n - 1 in place of n.",
       "dx = dy * 1.001;", "Every element has the same small error, here 0.001.", "",
       [](const BackwardPass& pass) { return std::optional(scaled(pass, 1.001)); }},
      {"transposed", "Rows and columns are exchanged.", "dx[j * rows + i] = g[i * columns + j];",
       "All is wrong but the first and the last element of each tile (the whole diagonal where it "
       "is "
       "square): there row and column are the same. Got shows expected's values, elsewhere.",
       "two axes longer than 1", transposed},
      {"wrong stride", "Rows are read with the wrong distance between them.",
       "dx[i * columns + j] = g[i * (columns - 1) + j];",
       "The first row is right, all others are wrong: each is shifted by one more than the one "
       "before, so got looks slanted.",
       "two axes longer than 1", wrong_stride},
      {"missing sum", "An input was repeated along an axis, but its gradient is not summed there.",
       "dbias[c] = dy[n, c];  // should be +=",
       "Every element is wrong, each by another amount, and only inputs with fewer axes than the "
       "output (a bias, a scale) are hit: got holds what the last slice alone gives.",
       "an input with fewer axes than the output", missing_sum},
      {"stale buffer", "A buffer is added to without having been cleared.",
       "// fill(dx, 0);  was forgotten\ndx += dy * w;",
       "Everything is wrong without a pattern: what the call before left is still in there. With "
       "the same call twice it is exactly twice as large.",
       "", stale_buffer},
      {"stale values", "A value that backward needs was overwritten by the next forward pass.",
       "dx = dy * saved;  // but saved is of the next batch",
       "Everything is wrong without a pattern, and right again where the next batch is the same.",
       "a gradient that depends on the inputs' values", stale_values},
      {"one element wrong", "A border case is missed.", "if (i == last) ...",
       "A single cell stands out; its index says which case it is.", "", one_element_wrong},
      {"in reversed order",
       "The order is turned round, as by a kernel that is flipped once too often.",
       "dw[k - 1 - i] = g[i];",
       "All is wrong but a middle element. Got is expected, turned by 180 degrees.",
       "more than one element", in_reversed_order},
      {"of another input", "Two gradients are exchanged.", "return {db, da};",
       "Both inputs are wrong, and got of the one is expected of the other.",
       "two inputs of one shape with gradients", of_another_input},
  };
  return all;
}

const Mutation& mutation_called(const std::string& name) {
  std::string names;
  for (const Mutation& mutation : mutations()) {
    if (mutation.name == name) return mutation;
    names += (names.empty() ? "" : ", ") + std::string(mutation.name);
  }
  throw Error(
      fmt::format("there is no way to break a backward called '{}'; there are: {}", name, names));
}

OpInfo broken(const OpInfo& info, const Mutation& mutation, std::optional<size_t> which,
              MutationEffect& effect) {
  OpInfo result = info;
  for (size_t s = 0; s < info.samples.size(); ++s) {
    const Sample* sample = &info.samples[s];
    result.samples[s].apply = [sample, &mutation, which, &effect,
                               name = info.name](const Variables& in) {
      std::vector<Tensor> x;
      for (const Variable& input : in) x.push_back(input.value());
      return record(name.c_str(), sample->apply(Variables(x.begin(), x.end())).value(), in,
                    [=, &mutation, &effect](const Variable& dy, const Variable&) {
                      Grads grads(in.size());
                      for (size_t i = 0; i < in.size(); ++i) {
                        if (!in[i].requires_grad()) continue;
                        const BackwardPass pass{sample, x, dy.value(), i};
                        grads[i] = which.value_or(i) == i ? spoilt_gradient(pass, mutation, effect)
                                                          : Variable(like(x[i], pass.right()));
                      }
                      return grads;
                    });
    };
  }
  return result;
}

}  // namespace kintsugi
