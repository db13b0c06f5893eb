// Matrix product: y = A·B, A = a or aᵀ, B = b or bᵀ, for each matrix of a batch.
//
// lab 4: hide
// y_ij = Σ_k A_ik·B_kj is linear in either operand. Element A_ik meets dy_ij once for each j, with
// factor B_kj, so dA_ik = Σ_j dy_ij·B_kj:
//
//   dA = dy·Bᵀ        dB = Aᵀ·dy
//
// Where an operand was given transposed, a = Aᵀ, so is its gradient: da = (dA)ᵀ = B·dyᵀ, and
// db = (dB)ᵀ = dyᵀ·A. Each of the four is again one product of operands transposed or not.
// lab 4: end
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable matmul(const Variable& a, const Variable& b, MatmulTranspose transposed) {
  const auto [ta, tb] = transposed;
  return record("matmul", ops::matmul(a.value(), b.value(), {.transpose_a = ta, .transpose_b = tb}),
                {a, b}, [a, b, ta = ta, tb = tb](const Variable& dy, const Variable&) {
                  Grads grads(2);
                  // lab 4: begin the gradient of a
                  // lab 4: instead if (a.requires_grad())
                  // lab 4: instead   throw std::logic_error("lab 4, part 2: not written yet");
                  if (a.requires_grad())
                    grads[0] = ta ? matmul(b, dy, {.a = tb, .b = true})     // B·dyᵀ
                                  : matmul(dy, b, {.a = false, .b = !tb});  // dy·Bᵀ
                  // lab 4: end
                  // lab 4: begin the gradient of b
                  // lab 4: instead if (b.requires_grad())
                  // lab 4: instead   throw std::logic_error("lab 4, part 3: not written yet");
                  if (b.requires_grad())
                    grads[1] = tb ? matmul(dy, a, {.a = true, .b = ta})     // dyᵀ·A
                                  : matmul(a, dy, {.a = !ta, .b = false});  // Aᵀ·dy
                  // lab 4: end
                  return grads;
                });
}

namespace {

Sample sample(const Shape& a, const Shape& b, MatmulTranspose transposed, const char* label) {
  return {.inputs = {{.shape = a}, {.shape = b}},
          .apply = [=](const Variables& in) { return matmul(in[0], in[1], transposed); },
          .label = label};
}

const RegisterOp registered{
    {.name = "matmul",
     .formula = "a·b",
     // lab 4: hide
     // lab 4: instead .derivative = "yours to find",
     .derivative = "da = dy·bᵀ, db = aᵀ·dy",
     // lab 4: end
     .samples = {sample({2, 3}, {3, 4}, {}, ""),
                 sample({3, 2}, {3, 4}, {.a = true}, "a transposed"),
                 sample({2, 3}, {4, 3}, {.b = true}, "b transposed"),
                 sample({3, 2}, {4, 3}, {.a = true, .b = true}, "both transposed"),
                 sample({2, 3, 2}, {2, 2, 4}, {}, "batched"),
                 sample({2, 3, 2}, {2, 4, 3}, {.a = true, .b = true}, "batched, transposed"),
                 sample({1, 1}, {1, 1}, {}, "one element")}}};

}  // namespace

}  // namespace kintsugi
