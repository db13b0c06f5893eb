#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "glcic/mask.h"
#include "glcic/model.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

namespace kintsugi {

/// A folder with a picture of 22 x 18, a mask for it, and the weights of a small network.
class Workshop : public TemporaryFolder {
 public:
  Workshop() {
    Generator generator{.seed = 3};
    write_png(*this / "picture.png", uniform({18, 22, 3}, 0, 1, generator));
    write_png(*this / "mask.png", mask_from_holes(std::vector<Hole>{hole()}, 18, 22));
    write_safetensors(*this / "weights.safetensors", {save_model(model_), {{"made", "here"}}});
  }

  static Hole hole() { return {5, 4, 9, 8}; }
  const Model& model() const { return model_; }
  /// Every file and what is in it.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path()))
      if (entry.is_regular_file()) found[entry.path().string()] = read_file(entry.path().string());
    return found;
  }
  /// `glcic complete` with these options.
  GlcicOutcome run(const std::map<std::string, std::string>& options,
                   const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words{"complete"};
    for (const auto& [name, value] : options) words.insert(words.end(), {name, value});
    words.insert(words.end(), flags.begin(), flags.end());
    return run_glcic(words);
  }
  /// With the usual files, some of them replaced, and "" taking an option away.
  GlcicOutcome complete(const std::map<std::string, std::string>& replaced = {},
                        const std::vector<std::string>& flags = {}) const {
    std::map<std::string, std::string> options{{"--weights", *this / "weights.safetensors"},
                                               {"--image", *this / "picture.png"},
                                               {"--mask", *this / "mask.png"},
                                               {"--output", *this / "output.png"}};
    for (const auto& [name, value] : replaced) options[name] = value;
    std::erase_if(options, [](const auto& option) { return option.second.empty(); });
    return run(options, flags);
  }

 private:
  Model model_ = make_model(16, 4, 7, Tensor::from({0.5, 0.4, 0.3}, {3}));
};

/// Status 2, nothing on stdout, and one sentence that has `part` in it.
inline void check_refused(const GlcicOutcome& outcome, const std::string& part) {
  INFO(outcome.errors);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.starts_with("glcic: "));
  CHECK(std::count(outcome.errors.begin(), outcome.errors.end(), '\n') == 1);
  CHECK(outcome.errors.back() == '\n');
  CHECK(outcome.errors.find(part) != std::string::npos);
}

/// What `call` writes to stderr.
template <class Call>
std::string stderr_of(const Call& call) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File file(std::tmpfile(), std::fclose);
  std::fflush(stderr);
  const int terminal = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file.get()), STDERR_FILENO);
  call();
  std::fflush(stderr);
  ::dup2(terminal, STDERR_FILENO);
  ::close(terminal);
  std::rewind(file.get());
  std::string text;
  for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get()))
    text += static_cast<char>(c);
  return text;
}

/// The number of pixels in which two pictures of one size differ.
inline int64_t changed_pixels(const std::string& before, const std::string& after) {
  const Tensor a = read_image(before), b = read_image(after);
  REQUIRE(a.shape() == b.shape());
  int64_t changed = 0;
  for (int64_t i = 0; i < a.numel(); i += 3)
    changed += !std::equal(a.data<float>() + i, a.data<float>() + i + 3, b.data<float>() + i);
  return changed;
}

}  // namespace kintsugi
