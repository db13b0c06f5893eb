#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/variable.h"

namespace kintsugi {

/// How a parameter lies in a file, where it has PyTorch's layout, so that weights go both ways.
struct DiskLayout {
  enum class Order {
    same,      ///< as in memory
    reversed,  ///< axes in this order: 3, 2, 0, 1 for rank 4, 1, 0 for rank 2:
               ///< conv [kh, kw, in, out] ↔ [out, in, kh, kw], transposed conv
               ///< [kh, kw, out, in] ↔ [in, out, kh, kw], linear [in, out] ↔ [out, in]
  };
  Order order = Order::same;
  /// For a linear layer behind flattened maps: memory is seen as this shape, [H, W, C, out], before
  /// it is reordered, since a file counts the flattened inputs in C, H, W order. Rank 0: as it is.
  Shape view{};
};
Tensor to_disk(const Tensor& memory, const DiskLayout& layout);
/// `shape` is the one in memory. Throws ShapeError where the numbers do not fit it.
Tensor from_disk(const Tensor& disk, const DiskLayout& layout, const Shape& shape);
/// The shape in a file of what has this shape in memory.
Shape disk_shape(const DiskLayout& layout, const Shape& memory);

/// A named part of a module's state: a parameter that is trained, or a buffer (running statistics).
struct StateEntry {
  std::string name;  ///< "layer01.conv.weight"
  Variable variable;
  DiskLayout layout{};
  bool is_buffer = false;
};

using StateDict = std::map<std::string, Tensor>;
/// The entry called `name` as it lies in memory: a copy with the shape, dtype and device of `like`.
/// Throws Error, with the name, where it is missing or has another shape.
Tensor load_entry(const StateDict& saved, const std::string& name, const DiskLayout& layout,
                  const Tensor& like);

/// The shape of the pixels that one output pixel looks at, along one axis.
struct Footprint {
  int64_t kernel = 1, stride = 1, padding = 0, dilation = 1;
  bool transposed = false;
};

/// A part of a network: a function with parameters. Constructors register parameters, buffers and
/// children by name; everything else follows from these lists. Not copyable: Variables are handles,
/// a copy would share its weights.
class Module {
 public:
  Module() = default;
  /// `name`: of a network in profiles, such as "completion"; children get the names that their
  /// parents give them.
  explicit Module(std::string name) : name_(std::move(name)) {}
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  virtual Variable forward(const Variable& x) = 0;
  /// forward(x), in the scope of this module's name.
  Variable operator()(const Variable& x);
  /// forward(x) with these Variables in the places of parameters(), which are back afterwards: for
  /// parameters that are themselves computed, and for gradient checks. Throws ShapeError where
  /// number or shapes differ.
  Variable forward_with(const Variables& parameters, const Variable& x);

  /// Parameters and buffers of this module and its children, in order of registration; the names of
  /// the children's are preceded by the child's own and a dot.
  std::vector<StateEntry> state() const;
  /// The parameters among them.
  std::vector<Variable> parameters() const;
  int64_t parameter_count() const;

  /// Training mode (on at first) or inference: batch norm takes the batch's statistics, or the
  /// running ones.
  void train(bool training = true);
  void eval() { train(false); }
  bool is_training() const { return training_; }

  /// A frozen module keeps every byte: its parameters require no gradient, and its running
  /// statistics do not move. In training mode it still normalises by the batch's statistics.
  void set_frozen(bool frozen);
  bool is_frozen() const { return frozen_; }

  /// How many batches of one size forward() gets in a row, along the first axis. In training mode,
  /// batch norm normalises each by its own statistics, and its running statistics move once for
  /// each, in their order ("ghost batches", Hoffer et al. 2017): as one pass for each batch would,
  /// but weights are read once. Throws Error where there is not 1 at least.
  void set_ghost_batches(int64_t batches);
  int64_t ghost_batches() const { return ghost_batches_; }

  void to(Device device);
  void to(DType dtype);
  void zero_grad();

  /// State by name, in the layout of files, with `prefix` before each name. What is trained
  /// afterwards leaves it as it is.
  StateDict save(const std::string& prefix = "") const;
  /// The reverse. Entries of `saved` whose names do not begin with the prefix are left alone.
  /// Throws Error where an entry is missing, is unknown, or has another shape (naming it and both
  /// shapes); nothing is changed then.
  void load(const StateDict& saved, const std::string& prefix = "");

  /// For tables (layers/summary.h): what this layer is, what it makes of a shape, what it costs.
  virtual std::string describe() const = 0;
  virtual Shape output_shape(const Shape& input) const { return input; }
  /// Multiply-adds of one forward pass.
  virtual int64_t multiply_adds(const Shape& input) const;
  /// What it does to the pixel grid: one entry for each step, in order; empty where every output
  /// pixel looks at the same input pixel alone. Containers return their children's.
  virtual std::vector<Footprint> footprints() const;

  /// What its parent calls it; "" for a network that nobody named.
  const std::string& name() const { return name_; }
  const std::vector<std::pair<std::string, std::shared_ptr<Module>>>& children() const {
    return children_;
  }

 protected:
  /// Makes `member`, a member of this module, a leaf with this value, and registers it.
  void add_parameter(std::string name, Variable& member, Tensor value, DiskLayout layout = {});
  void add_buffer(std::string name, Variable& member, Tensor value);
  template <class M>
  std::shared_ptr<M> add_child(std::string name, std::shared_ptr<M> child) {
    static_cast<Module&>(*child).name_ = name;
    children_.emplace_back(std::move(name), child);
    return child;
  }

 private:
  struct Member {
    std::string name;
    Variable* variable;
    DiskLayout layout;
    bool is_buffer;
  };
  void collect_parameters(std::vector<Variable*>& places);

  std::string name_;
  std::vector<Member> own_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool training_ = true;
  bool frozen_ = false;
  int64_t ghost_batches_ = 1;
};

}  // namespace kintsugi
