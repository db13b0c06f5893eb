#include "glcic/interchange/t7.h"

#include <algorithm>
#include <map>

#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

const T7Value kNil;

/// The object that a value refers to, if it is a T.
template <class T>
const T* object(const T7File& file, const T7Value& value) {
  const auto* reference = std::get_if<T7Reference>(&value);
  return reference != nullptr ? std::get_if<T>(&file.objects[reference->index]) : nullptr;
}

bool is_key(const T7Value& value, std::string_view key) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr && *text == key;
}

/// Whether all elements lie in a storage of `count`, each in a place of its own as far as their
/// number tells.
bool fits(const T7Tensor& tensor, const Shape& shape, int64_t count) {
  if (shape.numel() > count || tensor.offset < 0 || tensor.offset >= count) return false;
  int64_t last = tensor.offset;
  for (size_t axis = 0; axis < tensor.sizes.size(); ++axis) {
    const int64_t steps = tensor.sizes[axis] - 1, stride = tensor.strides[axis];
    if (stride < 0 || (steps > 0 && stride > (count - 1 - last) / steps)) return false;
    last += steps * stride;
  }
  return true;
}

template <class T>
void gather(const T7Tensor& view, const Tensor& storage, const Tensor& result) {
  const T* from = storage.data<T>() + view.offset;
  T* to = result.data<T>();
  std::vector<int64_t> strides = view.strides, place(strides.size(), 0);
  for (size_t axis = 0; axis < strides.size(); ++axis)
    if (view.sizes[axis] == 1) strides[axis] = 0;  // never taken, and may be any number
  for (int64_t i = 0, at = 0; i < result.numel(); ++i) {
    to[i] = from[at];
    for (size_t axis = place.size(); axis-- > 0;) {  // to the next element, row-major
      at += strides[axis];
      if (++place[axis] < view.sizes[axis]) break;
      at -= place[axis] * strides[axis];
      place[axis] = 0;
    }
  }
}

Shape shape_of(const T7File& file, const T7Tensor& tensor, const std::string& name) {
  try {
    return Shape(std::span<const int64_t>(tensor.sizes));
  } catch (const ShapeError& error) {
    throw Error(fmt::format("{}: the shape of {} is refused: {}", file.path, name, error.what()));
  }
}

}  // namespace

std::string_view T7File::class_of(const T7Value& value) const {
  const auto* instance = object<T7Instance>(*this, value);
  return instance != nullptr ? std::string_view(instance->class_name) : std::string_view();
}

const T7Table* T7File::table(const T7Value& value) const {
  if (const auto* instance = object<T7Instance>(*this, value))
    return object<T7Table>(*this, instance->fields);
  return object<T7Table>(*this, value);
}

const T7Value& T7File::field(const T7Value& value, std::string_view key) const {
  const T7Table* found = table(value);
  if (found == nullptr) return kNil;
  // A key that came twice has its last value, as in Lua.
  const auto entry = std::find_if(found->entries.rbegin(), found->entries.rend(),
                                  [&](const auto& each) { return is_key(each.first, key); });
  return entry != found->entries.rend() ? entry->second : kNil;
}

std::vector<T7Value> T7File::list(const T7Value& value) const {
  std::map<double, const T7Value*> numbered;
  if (const T7Table* found = table(value))
    for (const auto& [key, item] : found->entries)
      if (const auto* number = std::get_if<double>(&key); number != nullptr && *number == *number)
        numbered[*number] = &item;
  std::vector<T7Value> items;
  for (double next = 1;; ++next) {
    const auto entry = numbered.find(next);
    if (entry == numbered.end() || std::holds_alternative<std::monostate>(*entry->second))
      return items;
    items.push_back(*entry->second);
  }
}

bool T7File::is_tensor(const T7Value& value) const {
  return object<T7Tensor>(*this, value) != nullptr;
}

Tensor T7File::tensor(const T7Value& value, const std::string& name) const {
  const auto* view = object<T7Tensor>(*this, value);
  check(view != nullptr, "{}: {} is not a tensor", path, name);
  const Shape shape = shape_of(*this, *view, name);
  if (shape.numel() == 0) return Tensor::empty(shape);  // wherever it says that it begins
  const auto* storage = object<T7Storage>(*this, view->storage);
  check(storage != nullptr, "{}: {} has no storage", path, name);
  const Tensor& numbers = storage->numbers;
  check(fits(*view, shape, numbers.numel()),
        "{}: {} of shape {} does not fit its storage of {} numbers", path, name, shape,
        numbers.numel());
  Tensor result = Tensor::empty(shape, {.dtype = numbers.dtype()});
  if (numbers.dtype() == DType::float32)
    gather<float>(*view, numbers, result);
  else
    gather<double>(*view, numbers, result);
  return result;
}

T7File read_t7(const std::string& path) { return parse_t7(read_file(path), path); }

}  // namespace kintsugi
