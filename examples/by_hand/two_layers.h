#pragma once
#include <cstdint>

#include "tensor/random.h"
#include "tensor/tensor.h"

/// Reverse mode without an engine: a network of two layers, and every derivative of its loss
/// written down. Tensors are float64; N examples, I inputs, H hidden units. dv stands for ∂L/∂v, L
/// the loss: a tensor of v's shape.
namespace kintsugi::by_hand {

/// The parameters of
///   a = x·w1 + b1,  h = tanh(a)     [N, H], the hidden layer
///   z = h·w2 + x·direct + b2        [N, 1], whose σ(z) is the probability of a 1.
/// x also goes past the hidden layer: then one hidden unit is enough for exclusive or (Rumelhart,
/// Hinton & Williams, "Learning Internal Representations by Error Propagation", 1986).
struct Network {
  Tensor w1;      ///< [I, H]
  Tensor b1;      ///< [H]
  Tensor w2;      ///< [H, 1]
  Tensor direct;  ///< [I, 1]
  Tensor b2;      ///< [1]
};
/// Weights uniform in [−1, 1), biases 0.
Network make_network(int64_t inputs, int64_t hidden, Generator& generator);

/// What the way back needs of the way there.
struct Pass {
  Tensor h;  ///< [N, H]
  Tensor z;  ///< [N, 1]
};
/// x [N, I]; ShapeError for another one.
Pass forward(const Network& network, const Tensor& x);
/// Cross entropy, the mean over the examples of log(1 + exp(z)) − t·z. z and t [N, 1], t 0 or 1;
/// ShapeError where their shapes differ.
double loss(const Tensor& z, const Tensor& t);

struct Gradients {
  Network network;  ///< by each parameter
  Tensor x;         ///< [N, I]
};
/// All of them, for pass = forward(network, x).
Gradients backward(const Network& network, const Tensor& x, const Tensor& t, const Pass& pass);
/// Every parameter p becomes p − rate·dp.
void descend(Network& network, const Network& gradients, double rate);

// ---- the pieces, each with its way back ---------------------------------------------------------
/// y += x·w: x [N, I], w [I, J], y [N, J].
void multiply_add(const Tensor& x, const Tensor& w, Tensor& y);
/// Adds to dx and dw what dy says about x and w.
void multiply_add_backward(const Tensor& dy, const Tensor& x, const Tensor& w, Tensor& dx,
                           Tensor& dw);
/// da, where h = tanh(a).
Tensor tanh_backward(const Tensor& dh, const Tensor& h);
/// dz, where L = loss(z, t).
Tensor loss_backward(const Tensor& z, const Tensor& t);

}  // namespace kintsugi::by_hand
