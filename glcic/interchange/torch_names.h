#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/module.h"

/// Weights of GLCIC under the names that another program gave them: a PyTorch state_dict, saved as
/// safetensors, and a mapping file that says what is called how.
namespace kintsugi {

/// A mapping file is a JSON object:
///
///   "names"       an object: our name → theirs. In our names {NN} stands for the layer's number,
///   01
///                 to 17; in theirs {NN}, {N}, or a sum such as {3N-3}. A name without braces goes
///                 before the pattern that it would fall under.
///   "order"       "conv, norm, relu": what follows what in a layer. Names and shapes do not tell,
///                 so the file must; other orders are other networks, and are refused.
///   "input"       "mean-filled": the network sees RGB with the hole at the mean pixel, as ours do;
///                 "mean-subtracted": RGB − mean with the hole at 0, as the authors' do.
///   "mean_pixel"  [R, G, B] from 0 to 1, or the name of a tensor in their file. May be left out.
///   "ignored"     names in their file that are passed over, * for any letters. May be left out.
///   "about"       a text for its readers. May be left out.
struct NameMapping {
  std::string path;                             ///< for messages
  std::map<std::string, std::string> theirs{};  ///< of every weight of the completion network
  std::vector<std::string> ignored{};
  std::optional<Tensor> mean_pixel{};
  std::string mean_pixel_name{};  ///< "": none
  bool mean_subtracted = false;
};

/// Throws Error that names `path` and the entry, where the text is no such file, a weight has no
/// name, two have the same, or an entry names no weight of GLCIC.
NameMapping parse_name_mapping(std::string_view text, const std::string& path);

/// Their weights under our names, float32, with mean_pixel ([3]; `mean_pixel` goes before the
/// mapping's) and, where the mapping says so, mean_subtracted. Throws Error that names `origin`
/// (their file) and the tensor where one is missing, has another shape, or is left over.
StateDict rename_weights(const StateDict& weights, const std::string& origin,
                         const NameMapping& mapping, const std::optional<Tensor>& mean_pixel);

}  // namespace kintsugi
