#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>
#include <string>

#include "glcic/commands/commands.h"

namespace kintsugi {
namespace {

constexpr int kFailure = 2;

/// One line, whatever the message looked like.
int fail(std::FILE* errors, std::string sentence) {
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  fmt::print(errors, "glcic: {}\n", sentence);
  return kFailure;
}

void add_everything(CLI::App& program) {
  program.set_version_flag("--version", "glcic " KINTSUGI_VERSION);
  program.require_subcommand(1);
  program.footer(
      "A first round, with faces that the program draws itself:\n"
      "  glcic train --data synthetic --size 64 --width 16 --budget 5m --run runs/first\n"
      "  glcic evaluate --weights runs/first/checkpoint.safetensors --data synthetic --baselines\n"
      "`glcic COMMAND --help` lists the options of a command.");
  add_train_command(program);
  add_complete_command(program);
  add_evaluate_command(program);
  add_info_command(program);
  add_inspect_command(program);
  add_export_command(program);
  add_import_command(program);
}

bool is_command(const CLI::App& program, const std::string& name) {
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) { return command->get_name() == name; });
}

/// "glcic complete", or "glcic" where none of its commands was given.
std::string given_command(const CLI::App& program) {
  const auto given = program.get_subcommands();
  return given.empty() ? "glcic" : "glcic " + given.front()->get_name();
}

}  // namespace

int run_program(int argc, const char* const* argv, std::FILE* errors) {
  CLI::App program(
      "Fills missing regions of pictures: GLCIC (Iizuka et al., \"Globally and Locally Consistent "
      "Image Completion\", SIGGRAPH 2017).",
      "glcic");
  add_everything(program);
  if (argc > 1 && argv[1][0] != '-' && !is_command(program, argv[1]))
    return fail(errors, fmt::format("there is no command \"{}\" (see glcic --help)", argv[1]));
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& status) {
    return status.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    return fail(errors, fmt::format("{} (see {} --help)", error.what(), given_command(program)));
  } catch (const std::bad_alloc&) {
    return fail(errors, "out of memory");
  } catch (const std::exception& error) {
    return fail(errors, error.what());
  }
}

}  // namespace kintsugi
