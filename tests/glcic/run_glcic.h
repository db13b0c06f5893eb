#pragma once
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "glcic/commands/commands.h"
#include "tensor/precision.h"

namespace kintsugi {

struct GlcicOutcome {
  int status = 0;
  std::string output, errors;
};

/// What `glcic` does with these words after its name; what it writes to stderr past its errors, a
/// progress line say, is not caught.
inline GlcicOutcome run_glcic(const std::vector<std::string>& words) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const auto contents = [](std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    return text;
  };
  std::vector<const char*> argv{"glcic"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  const File output(std::tmpfile(), std::fclose), errors(std::tmpfile(), std::fclose);
  std::fflush(stdout);
  const int terminal = ::dup(STDOUT_FILENO);
  ::dup2(::fileno(output.get()), STDOUT_FILENO);
  GlcicOutcome outcome;
  const Precision before = precision();  // a command sets its own
  outcome.status = run_program(static_cast<int>(argv.size()), argv.data(), errors.get());
  set_precision(before);
  std::fflush(stdout);
  ::dup2(terminal, STDOUT_FILENO);
  ::close(terminal);
  outcome.output = contents(output.get());
  outcome.errors = contents(errors.get());
  return outcome;
}

}  // namespace kintsugi
