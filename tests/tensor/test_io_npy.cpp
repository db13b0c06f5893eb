#include <doctest/doctest.h>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/npy.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A .npy file with the given header text and `bytes` bytes of zeros.
std::string npy(const std::string& header, size_t bytes, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>(header.size() >> 8 * i & 255);
  return file + header + std::string(bytes, '\0');
}

}  // namespace

TEST_CASE("npy keeps shape, dtype and every bit") {
  const TemporaryFolder folder;
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0, 4}, Shape{1, 2, 3, 2}}) {
      const Tensor x = Tensor::full(shape, 0.1, {.dtype = dtype});
      write_npy(folder / "x.npy", x);
      const Tensor back = read_npy(folder / "x.npy");
      CAPTURE(shape.str());
      CHECK(back.shape() == shape);
      CHECK(back.dtype() == dtype);
      CHECK(back.to_vector() == x.to_vector());
    }
}

TEST_CASE("npy is written as NumPy writes it") {
  const TemporaryFolder folder;
  write_npy(folder / "x.npy", Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3}));
  const std::string bytes = read_file(folder / "x.npy");
  CHECK(bytes.substr(10, 59) == "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  CHECK(bytes.size() == 128 + 6 * 4);
  write_npy(folder / "y.npy", Tensor::zeros({4}));
  CHECK(read_file(folder / "y.npy").find("'shape': (4,), }") != std::string::npos);
}

TEST_CASE("npy headers of every version and spelling are read") {
  const TemporaryFolder folder;
  for (const int version : {1, 2, 3}) {
    write_file_atomically(
        folder / "x.npy",
        npy("{\"shape\":(2,1,),'fortran_order':False,'descr':'<f8'}\n", 16, version));
    CHECK(read_npy(folder / "x.npy").shape() == Shape{2, 1});
  }
}

TEST_CASE("a hostile npy file is refused with a sentence that names it") {
  const TemporaryFolder folder;
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
  const std::string huge = "9223372036854775807";
  const auto with_shape = [](const std::string& shape) {
    return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  };
  const std::vector<std::string> files = {
      "",
      "\x93NUMPY",
      npy(good, 7),
      npy(good, 9),
      npy(good, 8, 4),
      npy(good, 8).substr(0, 30),
      npy(with_shape("(-2,)"), 8),
      npy(with_shape("(2"), 8),
      npy(with_shape("2"), 8),
      npy(with_shape("(99999999999999999999,)"), 8),
      npy(with_shape("(" + huge + ",)"), 8),
      npy(with_shape("(" + huge + ", " + huge + ")"), 8),
      npy(with_shape("(1,1,1,1,1,1,1,1,2)"), 8),
      npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", 8),
      npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 8),
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,1), }", 8),
      npy("{'descr': '<f4', 'shape': (2,), }", 8),
      npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8),
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': '1'}", 8),
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} more", 8),
      npy("{", 8),
  };
  for (const std::string& file : files) {
    write_file_atomically(folder / "x.npy", file);
    CAPTURE(file);
    CHECK(sentence_of([&] { read_npy(folder / "x.npy"); }).find(folder / "x.npy") !=
          std::string::npos);
  }
}
