#include "tests/gradcheck/report/source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace kintsugi {

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::filesystem::path> sources_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (entry.path().extension() == ".cpp") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

bool stands_at_margin(const std::string& line) {
  return !line.empty() && line[0] != ' ' && line[0] != '/' && line[0] != '#';
}

/// The first line, not indented, that holds the text; −1 where there is none.
int definition_of(const Lines& lines, const std::string& text) {
  for (size_t i = 0; i < lines.size(); ++i)
    if (stands_at_margin(lines[i]) && lines[i].find(text) != std::string::npos)
      return static_cast<int>(i);
  return -1;
}

/// As many lines as it takes for every bracket that was opened to be closed.
std::string definition_from(const Lines& lines, int first) {
  std::string text;
  int open = 0;
  for (size_t i = static_cast<size_t>(first); i < lines.size(); ++i) {
    text += lines[i] + "\n";
    for (const char c : lines[i]) open += c == '(' || c == '{' ? 1 : c == ')' || c == '}' ? -1 : 0;
    if (open == 0 && (lines[i].ends_with(";") || lines[i].ends_with("}"))) break;
  }
  return text;
}

/// Texts that the definition's line may hold, the best first.
std::vector<std::string> definitions(const gradcheck_run::Entry& entry) {
  const std::string& name = entry.name;
  if (entry.kind == "network") {
    if (name.starts_with("completion")) return {"Variable CompletionNetwork::forward("};
    return {name == "discriminator.fc" ? "Variable Discriminators::forward("
                                       : "Variable Discriminator::forward("};
  }
  if (entry.kind == "layer")
    return {"Variable " + name + "::forward(", "Variable " + name + "::convolve(",
            "Variable " + name + "(", "\"" + name + "\""};
  std::vector<std::string> texts{" " + name + "(", "\"" + name + "\""};
  if (name.ends_with("_loss_grad") || name == "bce_with_logits_grad")
    texts.insert(texts.begin(), "Variable loss_grad(");
  return texts;
}

}  // namespace

SourcePlace find_source(const std::string& root, const gradcheck_run::Entry& entry) {
  const std::string folder = entry.kind == "op"      ? "autograd/ops"
                             : entry.kind == "layer" ? "layers"
                                                     : "glcic";
  const std::vector<std::filesystem::path> files = sources_in(std::filesystem::path(root) / folder);
  for (const std::string& text : definitions(entry))
    for (const std::filesystem::path& file : files) {
      const Lines lines = lines_of(file);
      const int first = definition_of(lines, text);
      if (first >= 0)
        return {folder + "/" + file.filename().string(), first + 1, definition_from(lines, first)};
    }
  return {};
}

}  // namespace kintsugi
