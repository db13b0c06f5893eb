#pragma once
#include <cstdio>

namespace CLI {
class App;
}

/// `glcic` and its subcommands. Each subcommand has a file of its own and adds itself to the
/// program, with its options and the callback that runs it; what goes wrong leaves the callback as
/// an Error.
namespace kintsugi {

void add_train_command(CLI::App& program);
void add_complete_command(CLI::App& program);
void add_evaluate_command(CLI::App& program);
void add_info_command(CLI::App& program);
void add_inspect_command(CLI::App& program);
void add_export_command(CLI::App& program);
void add_import_command(CLI::App& program);

/// The whole program. Returns its exit status: 0, or 2 after a sentence in `errors` that says what
/// went wrong, or what a subcommand asked for with CLI::RuntimeError.
int run_program(int argc, const char* const* argv, std::FILE* errors);

}  // namespace kintsugi
