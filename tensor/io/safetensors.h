#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// Tensors by name, with free text beside them: the contents of a .safetensors file
/// (https://huggingface.co/docs/safetensors).
struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// F32 and F64 are read as they are, F16 and BF16 widened to float32, integers and booleans to
/// float64 (exact up to 2^53). The file is not trusted: a header that is no JSON, nests, repeats a
/// name, or whose offsets overlap, leave gaps, run past the end or disagree with a shape is an
/// Error that names the file and what is wrong.
SafeTensors read_safetensors(const std::string& path);
/// Of the tensors only those whose names are wanted; the others are checked, but not read.
SafeTensors read_safetensors(const std::string& path,
                             const std::function<bool(const std::string& name)>& wanted);
/// All from memory; `path` stands for the file in messages.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& path);

/// Tensors in float64 first, then float32, each by name, every one aligned to its element; CPU or
/// device. The file appears whole or not at all (write_file_atomically).
void write_safetensors(const std::string& path, const SafeTensors& contents);

/// The bytes that write_safetensors writes: some of its own, then the tensors', where they lie.
struct FormattedSafeTensors {
  std::string header;
  std::vector<Tensor> tensors;  ///< on the CPU

  /// One behind the other they are the file. They lie in this object.
  std::vector<std::string_view> parts() const;
};
/// `path` stands for the file in messages.
FormattedSafeTensors format_safetensors(const SafeTensors& contents, const std::string& path);

}  // namespace kintsugi
