#include "cuda/emulator/report.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace emulator {
namespace {

/// One function on the way to an address: the innermost inlined one first.
struct Frame {
  std::string function, line;
};

/// A path as a person would type it here.
std::string shorten(std::string_view path) {
  const std::filesystem::path here = std::filesystem::current_path();
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  const std::filesystem::path relative = normal.lexically_relative(here);
  const bool below = !relative.empty() && *relative.begin() != "..";
  return (normal.is_absolute() && below ? relative : normal).string();
}

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) return lines;
  std::string line;
  for (int c; (c = std::fgetc(pipe.get())) != EOF;) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  return lines;
}

/// Asks addr2line (of binutils, which g++ brings along); empty where it does not know.
std::vector<Frame> look_up(uintptr_t address) {
  Dl_info object;
  if (dladdr(reinterpret_cast<const void*>(address), &object) == 0) return {};
  const uintptr_t base = reinterpret_cast<uintptr_t>(object.dli_fbase);
  const std::string file = std::filesystem::canonical(object.dli_fname).string();
  const std::vector<std::string> lines =
      lines_of(fmt::format("addr2line -e '{}' -f -C -i {:#x} 2> /dev/null", file, address - base));
  std::vector<Frame> frames;
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    if (lines[i].starts_with("??") || lines[i + 1].starts_with("??")) break;
    const std::string line = lines[i + 1].substr(0, lines[i + 1].find(" (discriminator"));
    frames.push_back({lines[i], shorten(line)});
  }
  return frames;
}

const std::vector<Frame>& frames_at(uintptr_t address) {
  static std::map<uintptr_t, std::vector<Frame>>& known =
      *new std::map<uintptr_t, std::vector<Frame>>;
  const auto found = known.find(address);
  return found != known.end() ? found->second
                              : known.emplace(address, look_up(address)).first->second;
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
}

/// "void kintsugi::(anonymous namespace)::f<float>(float*)" → "kintsugi::f<float>".
std::string without_parameters(std::string name) {
  erase_all(name, "(anonymous namespace)::");
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (depth != 0) continue;
    if (name[i] == ' ') begin = i + 1;
    if (name[i] == '(') return name.substr(begin, i - begin);
  }
  return name.substr(begin);
}

}  // namespace

std::string describe(const uint3& index) {
  return fmt::format("({}, {}, {})", index.x, index.y, index.z);
}

std::string describe(const std::source_location& site) {
  return fmt::format("{}:{}", shorten(site.file_name()), site.line());
}

std::string describe(const void* return_address) {
  const std::vector<Frame>& frames = frames_at(reinterpret_cast<uintptr_t>(return_address) - 1);
  if (frames.empty()) return "an unknown line";
  if (frames.size() == 1) return frames.front().line;
  return fmt::format("{}, called from {}", frames.front().line, frames.back().line);
}

std::string function_name(const void* code) {
  const std::vector<Frame>& frames = frames_at(reinterpret_cast<uintptr_t>(code));
  return frames.empty() ? fmt::format("at {}", code) : without_parameters(frames.back().function);
}

std::string where(const Block& block, const Thread& thread) {
  return fmt::format("kernel {}, block {}, thread {}", function_name(block.launch.kernel),
                     describe(block.index), describe(thread.index));
}

std::string where() { return in_kernel() ? where(*running_block, *running_thread) : "host code"; }

}  // namespace emulator
