#include <cmath>

#include "cuda/backend.h"
#include "cuda/launch.h"
#include "cuda/pack.h"

namespace kintsugi {
namespace {

using namespace cuda;

constexpr int64_t kPiece = 4096;  // elements that one block works on

/// One parameter of kSlots slots, count elements each.
template <class T, int kSlots>
struct Parameter {
  T* weight;
  const T* grad;
  T* slots[kSlots == 0 ? 1 : kSlots];
  int64_t count;
};

/// The parameters of one launch. The table is the kernel's argument, not an array in the device's
/// memory: nothing to copy before the launch, and a recorded launch keeps it. Arguments may take
/// 4 KiB.
template <class T, int kSlots>
struct Table {
  static constexpr int kMost = 88;

  int size = 0;
  int first_block[kMost + 1] = {0};  ///< parameter k is that of blocks first[k] … first[k + 1] − 1
  Parameter<T, kSlots> parameters[kMost];

  bool is_full() const { return size == kMost; }
  int blocks() const { return first_block[size]; }
  void add(const ParameterStep& step) {
    Parameter<T, kSlots>& added = parameters[size];
    added.weight = step.weight.data<T>();
    added.grad = step.grad.data<T>();
    for (int i = 0; i < kSlots; ++i) added.slots[i] = step.slots[static_cast<size_t>(i)].data<T>();
    added.count = step.weight.numel();
    const int64_t pieces = (added.count + kPiece - 1) / kPiece;
    first_block[size + 1] = first_block[size] + static_cast<int>(pieces);
    ++size;
  }
};

/// The parameter of a block: the last one that begins there or before, empty ones aside.
__device__ inline int parameter_of(const int* first_block, int size, int block) {
  int low = 0, high = size;  // first_block[low] ≤ block < first_block[high]
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (first_block[middle] <= block ? low : high) = middle;
  }
  return low;
}

/// update(w, g, slots) for the elements first … first + kSize − 1.
template <int kSize, class T, int kSlots, class Update>
__device__ void update_pack(const Parameter<T, kSlots>& parameter, int64_t first,
                            const Update& update) {
  Pack<T, kSize> weight = load_pack<kSize>(parameter.weight + first);
  const Pack<T, kSize> grad = load_pack<kSize>(parameter.grad + first);
  Pack<T, kSize> slots[kSlots == 0 ? 1 : kSlots];
  for (int k = 0; k < kSlots; ++k) slots[k] = load_pack<kSize>(parameter.slots[k] + first);
  for (int i = 0; i < kSize; ++i)
    if constexpr (kSlots == 0)
      update(weight[i], grad[i]);
    else if constexpr (kSlots == 1)
      update(weight[i], grad[i], slots[0][i]);
    else
      update(weight[i], grad[i], slots[0][i], slots[1][i]);
  store_pack(parameter.weight + first, weight);
  for (int k = 0; k < kSlots; ++k) store_pack(parameter.slots[k] + first, slots[k]);
}

/// One block updates one piece of one parameter, in 16-byte packs; what is left behind the last
/// whole pack of a parameter goes one by one.
template <class T, int kSlots, class Update>
__global__ void step_kernel(Table<T, kSlots> table, Update update) {
  constexpr int kSize = kPackSize<T>;
  const int block = static_cast<int>(blockIdx.x);
  const int k = parameter_of(table.first_block, table.size, block);
  const Parameter<T, kSlots>& parameter = table.parameters[k];
  const int64_t begin = (block - table.first_block[k]) * kPiece;
  const int64_t rest = parameter.count - begin, end = begin + (rest < kPiece ? rest : kPiece);
  const int64_t packed_end = end - end % kSize;
  for (int64_t i = begin + threadIdx.x * kSize; i < packed_end; i += blockDim.x * kSize)
    update_pack<kSize>(parameter, i, update);
  for (int64_t i = packed_end + threadIdx.x; i < end; i += blockDim.x)
    update_pack<1>(parameter, i, update);
}

template <class T, int kSlots, class Update>
void launch_steps(const Table<T, kSlots>& table, const Update& update) {
  static_assert(sizeof table + sizeof update <= 4096, "what all devices take as arguments");
  launch(step_kernel<T, kSlots, Update>, {.blocks = dim3(static_cast<unsigned>(table.blocks()))},
         table, update);
}

/// update(w, g, slots) for every element of every parameter: one launch for a tableful.
template <int kSlots, class T, class Update>
void step_all(std::span<const ParameterStep> parameters, const Update& update) {
  Table<T, kSlots> table;
  for (const ParameterStep& parameter : parameters) {
    if (table.is_full()) {
      launch_steps(table, update);
      table.size = 0;
    }
    table.add(parameter);
  }
  launch_steps(table, update);
}

/// Calls step(T{}), T the C++ type of the parameters.
template <class Step>
void dispatch_on(std::span<const ParameterStep> parameters, Step step) {
  if (!parameters.empty()) dispatch(parameters.front().weight.dtype(), step);
}

// The formulas are those of layers/optimizer.h.

template <class T>
struct SgdUpdate {
  T rate, momentum, weight_decay;

  __device__ void operator()(T& w, T g, T& v) const {
    v = momentum * v + (g + weight_decay * w);
    w -= rate * v;
  }
};

template <class T>
struct AdamUpdate {
  T rate, beta1, beta2, rest1, rest2, eps, weight_decay;  ///< rate / (1 − β₁ᵗ), rest = 1 − β
  T root_scale;                                           ///< 1 / √(1 − β₂ᵗ)

  __device__ void operator()(T& w, T g, T& mean, T& square) const {
    g += weight_decay * w;
    mean = beta1 * mean + rest1 * g;
    square = beta2 * square + rest2 * g * g;
    w -= rate * mean / (std::sqrt(square) * root_scale + eps);
  }
};

template <class T>
struct AdadeltaUpdate {
  T rate, rho, rest, eps, weight_decay;  ///< rest = 1 − ρ

  __device__ void operator()(T& w, T g, T& square, T& delta_square) const {
    g += weight_decay * w;
    square = rho * square + rest * g * g;
    const T delta = std::sqrt(delta_square + eps) / std::sqrt(square + eps) * g;
    delta_square = rho * delta_square + rest * delta * delta;
    w -= rate * delta;
  }
};

template <class T>
struct AverageUpdate {
  T rate;

  __device__ void operator()(T& average, T value) const { average += rate * (value - average); }
};

}  // namespace

void CudaBackend::sgd_step(std::span<const ParameterStep> parameters, double rate, double momentum,
                           double weight_decay) {
  dispatch_on(parameters, [&]<class T>(T) {
    step_all<1, T>(parameters, SgdUpdate<T>{.rate = static_cast<T>(rate),
                                            .momentum = static_cast<T>(momentum),
                                            .weight_decay = static_cast<T>(weight_decay)});
  });
}

void CudaBackend::adam_step(std::span<const ParameterStep> parameters, double rate, double beta1,
                            double beta2, double eps, double weight_decay, int64_t step) {
  const double exponent = static_cast<double>(step);
  const double rate_now = rate / (1 - std::pow(beta1, exponent));
  const double root_scale = 1 / std::sqrt(1 - std::pow(beta2, exponent));
  dispatch_on(parameters, [&]<class T>(T) {
    step_all<2, T>(parameters, AdamUpdate<T>{.rate = static_cast<T>(rate_now),
                                             .beta1 = static_cast<T>(beta1),
                                             .beta2 = static_cast<T>(beta2),
                                             .rest1 = static_cast<T>(1 - beta1),
                                             .rest2 = static_cast<T>(1 - beta2),
                                             .eps = static_cast<T>(eps),
                                             .weight_decay = static_cast<T>(weight_decay),
                                             .root_scale = static_cast<T>(root_scale)});
  });
}

void CudaBackend::adadelta_step(std::span<const ParameterStep> parameters, double rate, double rho,
                                double eps, double weight_decay) {
  dispatch_on(parameters, [&]<class T>(T) {
    step_all<2, T>(parameters, AdadeltaUpdate<T>{.rate = static_cast<T>(rate),
                                                 .rho = static_cast<T>(rho),
                                                 .rest = static_cast<T>(1 - rho),
                                                 .eps = static_cast<T>(eps),
                                                 .weight_decay = static_cast<T>(weight_decay)});
  });
}

void CudaBackend::average_step(std::span<const ParameterStep> averages, double rate) {
  dispatch_on(averages, [&]<class T>(T) {
    step_all<0, T>(averages, AverageUpdate<T>{static_cast<T>(rate)});
  });
}

}  // namespace kintsugi
