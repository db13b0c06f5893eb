#pragma once

namespace CLI {
class App;
}

/// The subcommands of `glcic`, one a file. Each adds itself to the program with its options and the
/// callback that runs it; what goes wrong leaves the callback as an Error, of which main() prints
/// one sentence.
namespace kintsugi {

void add_train_command(CLI::App& program);
void add_complete_command(CLI::App& program);
void add_evaluate_command(CLI::App& program);
void add_info_command(CLI::App& program);

}  // namespace kintsugi
