#include <doctest/doctest.h>

#include "glcic/interchange/t7.h"
#include "tensor/error.h"
#include "tests/glcic/interchange/t7_writer.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

T7File parse(const T7Writer& writer) { return parse_t7(writer.bytes(), "file.t7"); }

/// The sentence that refuses these bytes, which names the file.
std::string refusal(const T7Writer& writer) {
  const std::string sentence = sentence_of([&] { parse(writer); });
  CHECK(sentence.starts_with("file.t7: "));
  return sentence;
}

std::string tensor_refusal(const T7Writer& writer) {
  const T7File file = parse(writer);
  const std::string sentence = sentence_of([&] { file.tensor(file.root, "the weight"); });
  CHECK(sentence.starts_with("file.t7: "));
  return sentence;
}

}  // namespace

TEST_CASE("a t7 file gives back nil, numbers, texts, booleans and tables") {
  T7Writer writer;
  writer.table(6);
  writer.text("number").number(-2.5);
  writer.text("text").text("two\nlines");
  writer.text("yes").boolean(true);
  writer.text("nothing").nil();
  writer.number(2).text("second");
  writer.number(1).text("first");
  const T7File file = parse(writer);
  CHECK(std::get<double>(file.field(file.root, "number")) == -2.5);
  CHECK(std::get<std::string>(file.field(file.root, "text")) == "two\nlines");
  CHECK(std::get<bool>(file.field(file.root, "yes")));
  CHECK(std::holds_alternative<std::monostate>(file.field(file.root, "nothing")));
  CHECK(std::holds_alternative<std::monostate>(file.field(file.root, "absent")));
  const std::vector<T7Value> list = file.list(file.root);
  REQUIRE(list.size() == 2);
  CHECK(std::get<std::string>(list[0]) == "first");
  CHECK(std::get<std::string>(list[1]) == "second");
}

TEST_CASE("an instance has its class and its fields, with a version in front of them or without") {
  T7Writer writer;
  writer.table(2).number(1).instance("nn.ReLU").table(1).text("threshold").number(0.25);
  writer.number(2).raw<int32_t>(4).raw<int32_t>(100).letters("nn.Old").nil();
  const T7File file = parse(writer);
  const std::vector<T7Value> list = file.list(file.root);
  REQUIRE(list.size() == 2);
  CHECK(file.class_of(list[0]) == "nn.ReLU");
  CHECK(std::get<double>(file.field(list[0], "threshold")) == 0.25);
  CHECK(file.class_of(list[1]) == "nn.Old");
  CHECK(file.class_of(file.root).empty());
}

TEST_CASE("functions are passed over, and what they close over is read") {
  T7Writer writer;
  writer.table(3).text("new").function("code").table(1).number(1).text("kept");
  writer.text("old").raw<int32_t>(7).raw<int32_t>(50).letters("code").nil();
  writer.text("oldest").raw<int32_t>(6).letters("code").nil();
  const T7File file = parse(writer);
  const auto& function =
      std::get<T7Function>(file.objects[std::get<T7Reference>(file.field(file.root, "new")).index]);
  CHECK(std::get<std::string>(file.list(function.upvalues).at(0)) == "kept");
}

TEST_CASE("an object that was read before is the same object, itself among its own parts too") {
  T7Writer writer;
  writer.table(2).text("self").reference(1).text("twice").table(0);
  const T7File file = parse(writer);
  CHECK(std::get<T7Reference>(file.field(file.root, "self")).index ==
        std::get<T7Reference>(file.root).index);

  T7Writer circle;  // an instance that is its own table of fields
  circle.instance("nn.Circle").reference(1);
  const T7File strange = parse(circle);
  CHECK(strange.class_of(strange.root) == "nn.Circle");
  CHECK(std::holds_alternative<std::monostate>(strange.field(strange.root, "x")));
}

TEST_CASE("tensors are read by offset and strides out of their storage") {
  T7Writer writer;  // columns 2 and 3 of [[1, 2, 3], [4, 5, 6]], transposed
  writer.view("torch.DoubleTensor", {2, 2}, {1, 3}, 2)
      .storage<double>("torch.DoubleStorage", {1, 2, 3, 4, 5, 6});
  const T7File file = parse(writer);
  const Tensor tensor = file.tensor(file.root, "the weight");
  CHECK(tensor.dtype() == DType::float64);
  CHECK(tensor.shape() == Shape{2, 2});
  CHECK(tensor.to_vector() == std::vector<double>{2, 5, 3, 6});
}

TEST_CASE("storages of every kind of number are read, and shared between tensors") {
  T7Writer writer;
  writer.table(4);
  writer.number(1).view("torch.FloatTensor", {2}, {1}, 1);
  writer.storage<float>("torch.FloatStorage", {0.5f, -1});                // the third object
  writer.number(2).view("torch.FloatTensor", {1}, {99}, 2).reference(3);  // its stride: unused
  writer.number(3).view("torch.ByteTensor", {2}, {1}, 1);
  writer.storage<uint8_t>("torch.ByteStorage", {7, 255});
  writer.number(4).view("torch.LongTensor", {1}, {1}, 1);
  writer.storage<int64_t>("torch.LongStorage", {-3});
  const T7File file = parse(writer);
  const std::vector<T7Value> list = file.list(file.root);
  REQUIRE(list.size() == 4);
  CHECK(file.tensor(list[0], "a").dtype() == DType::float32);
  CHECK(file.tensor(list[0], "a").to_vector() == std::vector<double>{0.5, -1});
  CHECK(file.tensor(list[1], "b").to_vector() == std::vector<double>{-1});
  CHECK(file.tensor(list[2], "c").to_vector() == std::vector<double>{7, 255});
  CHECK(file.tensor(list[3], "d").to_vector() == std::vector<double>{-3});
}

TEST_CASE("a tensor without elements is empty, wherever it says that it begins") {
  T7Writer writer;
  writer.view("torch.FloatTensor", {0, 2}, {1, 1}, INT64_MAX)
      .storage<float>("torch.FloatStorage", {1, 2});
  const T7File file = parse(writer);
  CHECK(file.tensor(file.root, "nothing").shape() == Shape{0, 2});
}

TEST_CASE("a tensor without axes or storage is empty") {
  T7Writer writer;
  writer.view("torch.FloatTensor", {}, {}, 1).nil();
  const T7File file = parse(writer);
  CHECK(file.tensor(file.root, "nothing").numel() == 0);
}

TEST_CASE("a tensor that leaves its storage, or counts a number twice, is refused by its name") {
  const auto of = [](std::vector<int64_t> sizes, std::vector<int64_t> strides, int64_t offset) {
    T7Writer writer;
    writer.view("torch.FloatTensor", sizes, strides, offset)
        .storage<float>("torch.FloatStorage", {1, 2, 3, 4});
    return writer;
  };
  const int64_t huge = INT64_MAX;
  CHECK(tensor_refusal(of({5}, {1}, 1)).find("the weight of shape [5]") != std::string::npos);
  CHECK_FALSE(tensor_refusal(of({2, 2}, {3, 1}, 1)).empty());
  CHECK_FALSE(tensor_refusal(of({4}, {1}, 2)).empty());
  CHECK_FALSE(tensor_refusal(of({1}, {1}, 5)).empty());
  CHECK_FALSE(tensor_refusal(of({1}, {1}, 0)).empty());
  CHECK_FALSE(tensor_refusal(of({2}, {-1}, 2)).empty());
  CHECK_FALSE(tensor_refusal(of({2}, {huge}, 2)).empty());
  CHECK_FALSE(tensor_refusal(of({huge, huge}, {0, 0}, 1)).empty());
  CHECK_FALSE(tensor_refusal(of({1000000}, {0}, 1)).empty());
  CHECK_FALSE(tensor_refusal(of({-1}, {1}, 1)).empty());
  CHECK_FALSE(
      tensor_refusal(of(std::vector<int64_t>(9, 1), std::vector<int64_t>(9, 1), 1)).empty());
  CHECK_FALSE(tensor_refusal(T7Writer().number(1)).empty());
}

TEST_CASE("a t7 file that ends early is refused wherever it ends") {
  T7Writer writer;
  writer.table(2).text("a").tensor(Tensor::from({1, 2}, {2}));
  writer.text("b").function("code").nil();
  for (size_t length = 0; length < writer.bytes().size(); ++length)
    CHECK_THROWS_AS(parse_t7(writer.bytes().substr(0, length), "file.t7"), Error);
  CHECK_NOTHROW(parse(writer));
}

TEST_CASE("lengths beyond a t7 file, unknown types and spare bytes are refused in a sentence") {
  CHECK(refusal(T7Writer().table(1 << 30)).find("table of 1073741824") != std::string::npos);
  CHECK_FALSE(refusal(T7Writer().table(-1)).empty());
  CHECK_FALSE(refusal(T7Writer().raw<int32_t>(2).raw<int32_t>(-1)).empty());
  CHECK_FALSE(refusal(T7Writer().instance("torch.FloatStorage").raw<int64_t>(-1)).empty());
  CHECK_FALSE(refusal(T7Writer().instance("torch.FloatStorage").raw(INT64_MAX)).empty());
  CHECK_FALSE(refusal(T7Writer().instance("torch.FloatTensor").raw<int32_t>(1 << 20)).empty());
  CHECK(refusal(T7Writer().raw<int32_t>(9)).find("type 9") != std::string::npos);
  CHECK(refusal(T7Writer().nil().nil()).find("4 unused bytes") != std::string::npos);
}

TEST_CASE("a t7 file of a million tables in each other neither overflows nor is refused") {
  T7Writer writer;
  const int32_t depth = 1'000'000;
  for (int32_t i = 0; i < depth; ++i) writer.table(1).number(1);
  writer.nil();
  CHECK(parse(writer).objects.size() == static_cast<size_t>(depth));
}
