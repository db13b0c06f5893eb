#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tensor/error.h"
#include "tests/gradcheck/report/merged.h"
#include "tests/gradcheck/report/pages.h"
#include "tests/gradcheck/run_json.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::gradcheck_run;

constexpr const char* kAbout =
    R"(Makes pages of what gradcheck has found.

FILES are those that `gradcheck --json` wrote, one for each device or run, shown side by side, and
that `gradcheck --mutations` wrote. Into --out go index.html and index.md, and, where there are
mutations, mutations.html and mutations.md. With --compare two runs A and B are compared instead,
in compare.html and compare.md.)";

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path);
  file << content;
  file.close();
  check(static_cast<bool>(file), "{}: cannot be written", path.string());
  fmt::print("{}\n", path.string());
}

/// From the page's folder to the sources: "../../".
std::string way_to(const std::filesystem::path& root, const std::filesystem::path& from) {
  return std::filesystem::relative(root, from).generic_string() + "/";
}

void write_comparison(const std::filesystem::path& out, const std::vector<std::string>& files) {
  const Run before = read_run(files[0]), after = read_run(files[1]);
  write_file(out / "compare.html", compare_page(before, after));
  write_file(out / "compare.md", compare_markdown(before, after));
}

void write_report(const std::filesystem::path& out, const std::string& root,
                  const std::vector<std::string>& files) {
  std::vector<Run> runs;
  std::vector<MutationRun> mutations;
  for (const std::string& file : files)
    if (holds_mutations(file))
      mutations.push_back(read_mutations(file));
    else
      runs.push_back(read_run(file));
  const MergedRuns merged = merge(runs);
  const std::string links =
      mutations.empty()
          ? ""
          : "<p><a href=\"mutations.html\">Broken on purpose</a>: what the check says "
            "of wrong gradients, as a catalogue of mistakes.</p>";
  write_file(out / "index.html", report_page(merged, root, way_to(root, out), links));
  write_file(out / "index.md", report_markdown(merged, root, way_to(root, out)));
  int checks = 0, failed = 0;
  for (const MergedEntry& entry : merged.entries) {
    const EntrySummary summary = summarise(entry);
    checks += summary.checks;
    failed += summary.failed;
  }
  fmt::print("{} checks, {} failed\n", checks, failed);
  if (mutations.empty()) return;
  write_file(out / "mutations.html", mutation_page(mutations[0], merged.tolerance));
  write_file(out / "mutations.md", mutation_markdown(mutations[0]));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "gradcheck_report");
  std::vector<std::string> files;
  std::string out = "build/gradcheck", root = ".";
  bool compare = false;
  app.add_option("FILES", files, "What gradcheck wrote")->required();
  app.add_option("--out", out, "Folder of the pages")->capture_default_str();
  app.add_option("--source", root, "Folder of the sources")->capture_default_str();
  app.add_flag("--compare", compare, "Compare two runs");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    fmt::print(stderr, "gradcheck_report: {}\n", error.what());
    return 2;
  }
  try {
    check(!compare || files.size() == 2, "--compare takes two runs, not {}", files.size());
    std::error_code error;
    std::filesystem::create_directories(out, error);
    check(!error, "{}: cannot be made: {}", out, error.message());
    if (compare)
      write_comparison(out, files);
    else
      write_report(out, root, files);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "gradcheck_report: {}\n", error.what());
    return 2;
  }
}
