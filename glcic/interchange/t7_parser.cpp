#include <cstring>
#include <map>

#include "glcic/interchange/t7.h"
#include "tensor/error.h"
#include "tensor/io/widen.h"

namespace kintsugi {
namespace {

/// What stands before each value.
enum Type : int32_t {
  nil = 0,
  number = 1,
  string = 2,
  table = 3,
  torch_object = 4,
  boolean = 5,
  function = 6,
  legacy_recursive_function = 7,
  recursive_function = 8,
};

/// The numbers in a storage, by what precedes "Storage" and "Tensor" in the names of classes.
struct NumberClass {
  std::string_view prefix, element;  ///< "torch.Float", "F32"
};
constexpr NumberClass kNumberClasses[] = {
    {"torch.Float", "F32"},      {"torch.Cuda", "F32"},     {"torch.Double", "F64"},
    {"torch.Half", "F16"},       {"torch.Byte", "U8"},      {"torch.Char", "I8"},
    {"torch.Short", "I16"},      {"torch.Int", "I32"},      {"torch.Long", "I64"},
    {"torch.CudaDouble", "F64"}, {"torch.CudaHalf", "F16"}, {"torch.CudaLong", "I64"},
};

/// The elements of class "torch.FloatStorage", kind "Storage"; null for other classes.
const ElementType* elements(std::string_view class_name, std::string_view kind) {
  for (const NumberClass& each : kNumberClasses)
    if (class_name.size() == each.prefix.size() + kind.size() &&
        class_name.starts_with(each.prefix) && class_name.ends_with(kind))
      return element_type(each.element);
  return nullptr;
}

/// An object whose values are still to come: those of the innermost one come first.
struct OpenObject {
  size_t index;
  int64_t values;  ///< how many
};

class Parser {
 public:
  Parser(std::string_view bytes, const std::string& path) : bytes_(bytes) { file_.path = path; }

  T7File parse() {
    file_.root = read_value();
    while (!open_.empty()) {
      if (open_.back().values == 0) {
        open_.pop_back();
        continue;
      }
      const int64_t left = --open_.back().values;
      const size_t owner = open_.back().index;
      T7Value value = read_value();
      put(file_.objects[owner], left, std::move(value));
    }
    check(at_ == bytes_.size(), "{}: there are {} unused bytes at its end", file_.path,
          bytes_.size() - at_);
    return std::move(file_);
  }

 private:
  /// Gives an object the next of its values, after which `left` follow.
  static void put(T7Object& object, int64_t left, T7Value value) {
    if (auto* table = std::get_if<T7Table>(&object)) {
      if (left % 2 == 1)
        table->entries.emplace_back(std::move(value), T7Value{});
      else
        table->entries.back().second = std::move(value);
    } else if (auto* tensor = std::get_if<T7Tensor>(&object)) {
      tensor->storage = std::move(value);
    } else if (auto* instance = std::get_if<T7Instance>(&object)) {
      instance->fields = std::move(value);
    } else {
      std::get<T7Function>(object).upvalues = std::move(value);
    }
  }

  /// A value, or a reference to an object, which is opened where it comes for the first time.
  T7Value read_value() {
    const auto type = read<int32_t>();
    switch (type) {
      case nil:
        return {};
      case number:
        return read<double>();
      case boolean:
        return read<int32_t>() == 1;
      case string:
        return std::string(read_text());
      case function:
        return open_function();
      case table:
      case torch_object:
      case legacy_recursive_function:
      case recursive_function:
        return read_object(type);
      default:
        throw Error(fmt::format("{}: no binary file of torch.save: a value of type {} at byte {}",
                                file_.path, type, at_ - sizeof(type)));
    }
  }

  T7Reference read_object(int32_t type) {
    const auto number_in_file = read<int32_t>();
    const auto known = numbered_.find(number_in_file);
    if (known != numbered_.end()) return {known->second};
    numbered_[number_in_file] = file_.objects.size();
    if (type == table) return open_object(T7Table{}, 2 * int64_t{read_count("table", 8)});
    if (type == torch_object) return open_torch_object();
    return open_function();
  }

  T7Reference open_object(T7Object object, int64_t values) {
    file_.objects.push_back(std::move(object));
    open_.push_back({file_.objects.size() - 1, values});
    return {file_.objects.size() - 1};
  }

  T7Reference open_function() {
    read_text();  // its code
    return open_object(T7Function{}, 1);
  }

  T7Reference open_torch_object() {
    std::string_view class_name = read_text();
    if (class_name.starts_with("V ")) class_name = read_text();  // its version came first
    if (const ElementType* type = elements(class_name, "Storage"))
      return open_object(T7Storage{read_numbers(*type)}, 0);
    if (elements(class_name, "Tensor") != nullptr) return open_object(read_view(), 1);
    return open_object(T7Instance{std::string(class_name), {}}, 1);
  }

  Tensor read_numbers(const ElementType& type) {
    const auto count = read<int64_t>();
    check(count >= 0 && static_cast<uint64_t>(count) <= left() / type.bytes,
          "{}: a storage of {} numbers at byte {} runs past its end", file_.path, count, at_);
    return widen(type, take(static_cast<size_t>(count) * type.bytes), {count});
  }

  T7Tensor read_view() {
    T7Tensor view;
    const auto rank = static_cast<size_t>(read_count("tensor", 2 * sizeof(int64_t)));
    for (size_t axis = 0; axis < rank; ++axis) view.sizes.push_back(read<int64_t>());
    for (size_t axis = 0; axis < rank; ++axis) view.strides.push_back(read<int64_t>());
    const auto offset = read<int64_t>();
    check(offset >= 0, "{}: a tensor at byte {} begins {} numbers into its storage", file_.path,
          at_, offset);
    view.offset = offset - 1;                        // Lua counts from 1
    if (rank == 0) view.sizes = view.strides = {0};  // without any number, not with one
    return view;
  }

  /// How many parts something has, each of `bytes` or more.
  int32_t read_count(const char* what, size_t bytes) {
    const auto count = read<int32_t>();
    check(count >= 0 && static_cast<size_t>(count) <= left() / bytes,
          "{}: a {} of {} at byte {} runs past its end", file_.path, what, count, at_);
    return count;
  }

  std::string_view read_text() { return take(static_cast<size_t>(read_count("text", 1))); }

  template <class T>
  T read() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view take(size_t count) {
    check(count <= left(), "{}: truncated, or no binary file of torch.save: {} bytes at byte {}",
          file_.path, count, at_);
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  size_t left() const { return bytes_.size() - at_; }

  std::string_view bytes_;
  size_t at_ = 0;
  T7File file_;
  std::map<int32_t, size_t> numbered_;  ///< places in file_.objects
  std::vector<OpenObject> open_;
};

}  // namespace

T7File parse_t7(std::string_view bytes, const std::string& path) {
  return Parser(bytes, path).parse();
}

}  // namespace kintsugi
