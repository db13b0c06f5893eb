#include "tensor/io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/widen.h"

namespace kintsugi {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;
constexpr size_t kLengthBytes = 8;  // the header's length, little-endian, is first
constexpr const char* kMetadata = "__metadata__";

/// One tensor of the header.
struct Entry {
  std::string name;
  const ElementType* type;
  Shape shape;
  uint64_t begin, end;  ///< bytes of the data section
};

/// Parses the header, refusing what nlohmann would let pass: repeated names, deep nesting.
Json parse_header(const std::string& path, std::string_view text) {
  std::vector<std::set<std::string>> names;  // one set for each object that is open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      check(depth < 3, "{}: its header nests deeper than tensor names, fields and lists", path);
      names.emplace_back();
    } else if (event == Json::parse_event_t::object_end ||
               event == Json::parse_event_t::array_end) {
      names.pop_back();
    } else if (event == Json::parse_event_t::key) {
      const auto name = value.get<std::string>();
      check(names.back().insert(name).second, "{}: its header has \"{}\" twice", path, name);
    }
    return true;
  };
  try {
    Json header = Json::parse(text.begin(), text.end(), watch);
    check(header.is_object(), "{}: its header is not a JSON object", path);
    return header;
  } catch (const Json::exception&) {
    throw Error(fmt::format("{}: its header is not valid JSON", path));
  }
}

std::vector<uint64_t> whole_numbers(const std::string& path, const std::string& name,
                                    const Json& fields, const char* key) {
  const auto list = fields.find(key);
  check(list != fields.end() && list->is_array(), "{}: tensor \"{}\" has no list \"{}\"", path,
        name, key);
  std::vector<uint64_t> numbers;
  for (const Json& number : *list) {
    check(number.is_number_unsigned(),
          "{}: \"{}\" of tensor \"{}\" holds {}, which is no whole number from 0 to 2^64 - 1", path,
          key, name, number.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40));
    numbers.push_back(number.get<uint64_t>());
  }
  return numbers;
}

Shape read_shape(const std::string& path, const std::string& name, const Json& fields) {
  const std::vector<uint64_t> numbers = whole_numbers(path, name, fields, "shape");
  std::vector<int64_t> extents;
  for (const uint64_t number : numbers) {
    check(number <= INT64_MAX, "{}: the shape of tensor \"{}\" overflows", path, name);
    extents.push_back(static_cast<int64_t>(number));
  }
  try {
    return Shape(std::span<const int64_t>(extents));
  } catch (const ShapeError& error) {
    throw Error(
        fmt::format("{}: the shape of tensor \"{}\" is refused: {}", path, name, error.what()));
  }
}

Entry read_entry(const std::string& path, const std::string& name, const Json& fields,
                 uint64_t data_bytes) {
  check(fields.is_object(), "{}: tensor \"{}\" is not described by a JSON object", path, name);
  const auto dtype = fields.find("dtype");
  check(dtype != fields.end() && dtype->is_string(), "{}: tensor \"{}\" has no dtype", path, name);
  const ElementType* type = element_type(dtype->get_ref<const std::string&>());
  check(type != nullptr, "{}: tensor \"{}\" has dtype \"{}\", which is not known here", path, name,
        dtype->get_ref<const std::string&>());
  const std::vector<uint64_t> range = whole_numbers(path, name, fields, "data_offsets");
  check(range.size() == 2 && range[0] <= range[1],
        "{}: \"data_offsets\" of tensor \"{}\" is not a begin and an end", path, name);
  check(range[1] <= data_bytes,
        "{}: tensor \"{}\" ends at byte {} of the data, of which there are only {}", path, name,
        range[1], data_bytes);
  const Shape shape = read_shape(path, name, fields);
  const auto elements = static_cast<uint64_t>(shape.numel());
  check(elements <= data_bytes && elements * type->bytes == range[1] - range[0],
        "{}: tensor \"{}\" of shape {} and dtype {} does not take {} bytes", path, name, shape,
        type->name, range[1] - range[0]);
  return {name, type, shape, range[0], range[1]};
}

void check_no_gaps(const std::string& path, std::vector<Entry>& entries, uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t end = 0;
  for (const Entry& entry : entries) {
    check(entry.begin >= end, "{}: tensor \"{}\" overlaps the one before it", path, entry.name);
    check(entry.begin == end, "{}: there are {} unused bytes before tensor \"{}\"", path,
          entry.begin - end, entry.name);
    end = entry.end;
  }
  check(end == data_bytes, "{}: there are {} unused bytes at its end", path, data_bytes - end);
}

/// What is parsed: a file, or memory.
struct Source {
  const std::string& path;
  uint64_t size;
  std::function<void(uint64_t offset, std::span<char> to)> read;

  std::string bytes(uint64_t offset, uint64_t count) const {
    std::string bytes(count, '\0');
    read(offset, bytes);
    return bytes;
  }
};

uint64_t header_length(const Source& source) {
  const std::string& path = source.path;
  check(source.size >= kLengthBytes, "{} is not a safetensors file: it has only {} bytes", path,
        source.size);
  uint64_t length = 0;
  source.read(0, {reinterpret_cast<char*>(&length), kLengthBytes});
  check(length <= kMaxHeader, "{} is not a safetensors file: a header of {} bytes, the limit is {}",
        path, length, kMaxHeader);
  check(length <= source.size - kLengthBytes,
        "{} is truncated, or not a safetensors file: its header should have {} bytes, but only {} "
        "follow",
        path, length, source.size - kLengthBytes);
  return length;
}

std::map<std::string, std::string> read_metadata(const std::string& path, const Json& fields) {
  check(fields.is_object(), "{}: its metadata is not a JSON object", path);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : fields.items()) {
    check(value.is_string(), "{}: metadata \"{}\" is not a text", path, key);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

/// The tensor of an entry; `data` is where the data section begins.
Tensor read_tensor(const Source& source, uint64_t data, const Entry& entry) {
  if (!is_read_as_it_is(*entry.type))
    return widen(*entry.type, source.bytes(data + entry.begin, entry.end - entry.begin),
                 entry.shape);
  const Tensor tensor = Tensor::empty(entry.shape, {.dtype = entry.type->dtype});
  source.read(data + entry.begin, {static_cast<char*>(tensor.raw()), entry.end - entry.begin});
  return tensor;
}

SafeTensors parse(const Source& source, const std::function<bool(const std::string&)>& wanted) {
  const uint64_t length = header_length(source), data = kLengthBytes + length;
  const Json header = parse_header(source.path, source.bytes(kLengthBytes, length));

  SafeTensors contents;
  std::vector<Entry> entries;
  for (const auto& [name, fields] : header.items())
    if (name == kMetadata)
      contents.metadata = read_metadata(source.path, fields);
    else
      entries.push_back(read_entry(source.path, name, fields, source.size - data));
  check_no_gaps(source.path, entries, source.size - data);

  for (const Entry& entry : entries)
    if (wanted(entry.name)) contents.tensors[entry.name] = read_tensor(source, data, entry);
  return contents;
}

bool any_name(const std::string&) { return true; }

}  // namespace

SafeTensors read_safetensors(const std::string& path) { return read_safetensors(path, any_name); }

SafeTensors read_safetensors(const std::string& path,
                             const std::function<bool(const std::string& name)>& wanted) {
  const FileReader file(path);
  const auto read = [&](uint64_t offset, std::span<char> to) { file.read(offset, to); };
  return parse({path, file.size(), read}, wanted);
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& path) {
  const auto read = [&](uint64_t offset, std::span<char> to) {
    std::copy_n(bytes.data() + offset, to.size(), to.data());
  };
  return parse({path, bytes.size(), read}, any_name);
}

void write_safetensors(const std::string& path, const SafeTensors& contents) {
  write_file_atomically(path, format_safetensors(contents, path).parts());
}

std::vector<std::string_view> FormattedSafeTensors::parts() const {
  std::vector<std::string_view> parts{header};
  for (const Tensor& tensor : tensors)
    parts.emplace_back(static_cast<const char*>(tensor.raw()), tensor.bytes());
  return parts;
}

FormattedSafeTensors format_safetensors(const SafeTensors& contents, const std::string& path) {
  std::vector<std::pair<std::string, Tensor>> ordered(contents.tensors.begin(),
                                                      contents.tensors.end());
  for (const auto& [name, tensor] : ordered) {
    check(name != kMetadata, "{}: a tensor cannot be named {}", path, kMetadata);
    check(tensor.defined(), "{}: tensor \"{}\" is not defined", path, name);
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return size_of(a.second.dtype()) > size_of(b.second.dtype());
  });

  Json header = Json::object();
  if (!contents.metadata.empty()) header[kMetadata] = contents.metadata;
  FormattedSafeTensors file;
  uint64_t end = 0;
  for (const auto& [name, tensor] : ordered) {
    const uint64_t begin = end;
    end += tensor.bytes();
    file.tensors.push_back(tensor.to(Device::cpu));
    header[name] = {{"dtype", tensor.dtype() == DType::float32 ? "F32" : "F64"},
                    {"shape", std::vector<int64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  file.header = std::string(reinterpret_cast<const char*>(&length), kLengthBytes) + text;
  return file;
}

}  // namespace kintsugi
