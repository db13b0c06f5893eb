#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/safetensors.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

std::string safetensors(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

/// One tensor "x" whose fields are given as JSON, over `bytes` bytes of data.
std::string one(const std::string& fields, size_t bytes) {
  return safetensors("{\"x\":{" + fields + "}}", std::string(bytes, '\0'));
}

std::string field(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets;
}

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

}  // namespace

TEST_CASE("safetensors keep names, shapes, dtypes, metadata and every bit") {
  const TemporaryFolder folder;
  SafeTensors contents;
  contents.tensors["layer01.conv.weight"] = Tensor::from({1, -2.5, 1e-30, 3e30}, {2, 2});
  contents.tensors["a scalar"] = Tensor::full({}, 0.1, {.dtype = DType::float64});
  contents.tensors["nothing"] = Tensor::zeros({0, 3});
  contents.tensors["odd"] = Tensor::full({3}, 1.0 / 3.0);
  contents.metadata["step"] = "12 \"quoted\" \n é";
  write_safetensors(folder / "w.safetensors", contents);
  const SafeTensors back = read_safetensors(folder / "w.safetensors");
  CHECK(back.metadata == contents.metadata);
  REQUIRE(back.tensors.size() == contents.tensors.size());
  for (const auto& [name, tensor] : contents.tensors) {
    CAPTURE(name);
    CHECK(back.tensors.at(name).shape() == tensor.shape());
    CHECK(back.tensors.at(name).dtype() == tensor.dtype());
    CHECK(back.tensors.at(name).to_vector() == tensor.to_vector());
  }
}

TEST_CASE("of a safetensors file the wanted tensors are read, and all are checked") {
  const TemporaryFolder folder;
  SafeTensors contents;
  contents.tensors["a"] = Tensor::from({1, 2}, {2});
  contents.tensors["b"] = Tensor::from({3, 4, 5}, {3});
  contents.metadata["step"] = "12";
  write_safetensors(folder / "w", contents);
  const SafeTensors some =
      read_safetensors(folder / "w", [](const std::string& name) { return name == "b"; });
  CHECK(some.metadata == contents.metadata);
  REQUIRE(some.tensors.size() == 1);
  CHECK(some.tensors.at("b").to_vector() == std::vector<double>{3, 4, 5});

  write_file_atomically(folder / "w", one(field("F32", "[2]", "[0,8]"), 7));
  CHECK_THROWS_AS(read_safetensors(folder / "w", [](const std::string&) { return false; }), Error);
}

TEST_CASE("safetensors data start at a multiple of 8, float64 first") {
  const TemporaryFolder folder;
  SafeTensors contents;
  contents.tensors["a"] = Tensor::zeros({1});
  contents.tensors["b"] = Tensor::zeros({2}, {.dtype = DType::float64});
  write_safetensors(folder / "w", contents);
  const std::string file = read_file(folder / "w");
  uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  CHECK(length % 8 == 0);
  CHECK(file.size() == 8 + length + 4 + 16);
  CHECK(file.find("\"b\":{\"data_offsets\":[0,16]") != std::string::npos);
}

TEST_CASE("half precision widens to float32, integers to float64") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& dtype, const std::string& data, size_t count) {
    const std::string fields =
        field(dtype, "[" + std::to_string(count) + "]", "[0," + std::to_string(data.size()) + "]");
    write_file_atomically(folder / "w", safetensors("{\"x\":{" + fields + "}}", data));
    return read_safetensors(folder / "w").tensors.at("x");
  };
  // 1, −2, smallest subnormal, largest, infinity
  const Tensor half = read("F16", bytes_of<uint16_t>({0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00}), 5);
  CHECK(half.dtype() == DType::float32);
  CHECK(half.to_vector() == std::vector<double>{1, -2, std::ldexp(1.0, -24), 65504, INFINITY});
  CHECK(std::isnan(read("F16", bytes_of<uint16_t>({0x7C01}), 1).item()));
  CHECK(read("BF16", bytes_of<uint16_t>({0x3F80, 0xC040}), 2).to_vector() ==
        std::vector<double>{1, -3});
  const Tensor whole = read("I64", bytes_of<int64_t>({-5, int64_t{1} << 52}), 2);
  CHECK(whole.dtype() == DType::float64);
  CHECK(whole.to_vector() == std::vector<double>{-5, 4503599627370496.0});
  CHECK(read("I32", bytes_of<int32_t>({-7}), 1).item() == -7);
  CHECK(read("U8", bytes_of<uint8_t>({200}), 1).item() == 200);
  CHECK(read("BOOL", bytes_of<uint8_t>({1}), 1).item() == 1);
}

TEST_CASE("a hostile safetensors file is refused with a sentence that names it") {
  const TemporaryFolder folder;
  const std::string good = field("F32", "[2]", "[0,8]");
  const std::string second = "\"y\":{" + field("F32", "[1]", "[4,8]") + "}";
  const uint64_t endless = ~uint64_t{0}, large = 200'000'000;
  const std::vector<std::string> files = {
      "",
      "short",
      std::string(reinterpret_cast<const char*>(&endless), 8) + "{}",
      std::string(reinterpret_cast<const char*>(&large), 8) + "{}",
      one(good, 8).substr(0, 20),
      one(good, 7),   // runs past the end
      one(good, 12),  // bytes left over
      one(field("F32", "[3]", "[0,8]"), 8),
      one(field("F32", "[2]", "[8,0]"), 8),
      one(field("F32", "[2]", "[0]"), 8),
      one(field("F32", "[2]", "[4,12]"), 12),  // a gap
      one(field("F32", "[-2]", "[0,8]"), 8),
      one(field("F32", "[2.0]", "[0,8]"), 8),
      one(field("F32", "[\"2\"]", "[0,8]"), 8),
      one(field("F32", "2", "[0,8]"), 8),
      one(field("F32", "[[2]]", "[0,8]"), 8),
      one(field("F32", "[4611686018427387905]", "[0,4]"), 4),  // 4·numel overflows to 4
      one(field("F32", "[9223372036854775807,4]", "[0,8]"), 8),
      one(field("F32", "[18446744073709551615]", "[0,8]"), 8),
      one(field("F32", "[99999999999999999999999]", "[0,8]"), 8),
      one(field("F32", "[1,1,1,1,1,1,1,2]", "[0,8]"), 8),
      one(field("F8", "[2]", "[0,8]"), 8),
      one("\"shape\":[2],\"data_offsets\":[0,8]", 8),
      one("\"dtype\":\"F32\",\"data_offsets\":[0,8]", 8),
      one("\"dtype\":\"F32\",\"shape\":[2]", 8),
      one(good + ",\"dtype\":\"F32\"", 8),
      safetensors("{\"x\":{" + good + "},\"x\":{" + good + "}}", std::string(8, '\0')),
      safetensors("{\"x\":{" + good + "}," + second + "}", std::string(8, '\0')),  // overlap
      safetensors("{\"x\":3}", ""),
      safetensors("[]", ""),
      safetensors("{\"x\":", ""),
      safetensors("{} {}", ""),
      safetensors("", ""),
      safetensors("{\"\xff\":{" + good + "}}", std::string(8, '\0')),
      safetensors("{\"__metadata__\":{\"a\":1}}", ""),
      safetensors("{\"__metadata__\":[]}", ""),
      safetensors(std::string(1'000'000, '['), ""),
      safetensors("{\"x\":{\"dtype\":{\"a\":{}}}}", ""),
  };
  for (const std::string& file : files) {
    write_file_atomically(folder / "w", file);
    CAPTURE(file.substr(0, 200));
    const std::string sentence = sentence_of([&] { read_safetensors(folder / "w"); });
    CHECK(sentence.find(folder / "w") != std::string::npos);
    CHECK(sentence.size() < 400);
  }
}
