#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>

#include "glcic/commands.h"
#include "tensor/error.h"

namespace {

constexpr int kFailure = 2;

/// One sentence on stderr, whatever the message looked like.
int fail(std::string sentence) {
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  while (!sentence.empty() && sentence.back() == ' ') sentence.pop_back();
  fmt::print(stderr, "glcic: {}\n", sentence);
  return kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(
      "Fills missing regions of pictures: GLCIC (Iizuka et al., \"Globally and Locally Consistent "
      "Image Completion\", SIGGRAPH 2017).",
      "glcic");
  program.set_version_flag("--version", "glcic " KINTSUGI_VERSION);
  program.require_subcommand(1);
  program.fallthrough(false);
  program.footer(
      "A first round, with faces that the program draws itself:\n"
      "  glcic train --data synthetic --size 64 --width 16 --budget 5m --run runs/first\n"
      "  glcic evaluate --weights runs/first/checkpoint.safetensors --data synthetic --baselines\n"
      "`glcic COMMAND --help` lists a command's options.");
  kintsugi::add_train_command(program);
  kintsugi::add_complete_command(program);
  kintsugi::add_evaluate_command(program);
  kintsugi::add_info_command(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    return fail(fmt::format("{} (`glcic --help` lists the options)", error.what()));
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
  return 0;
}
