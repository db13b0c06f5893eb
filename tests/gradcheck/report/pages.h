#pragma once
#include <string>

#include "tests/gradcheck/report/merged.h"
#include "tests/gradcheck/run.h"

/// The pages of the gradient check: each is one HTML file without anything from elsewhere, and the
/// same in Markdown.
namespace kintsugi {

/// A whole page around some content.
std::string page(const std::string& title, const std::string& content);

/// index.html. `root`: the folder of the sources; `to_root`: the way there from the page; `links`:
/// HTML with links to the other pages.
std::string report_page(const MergedRuns& runs, const std::string& root, const std::string& to_root,
                        const std::string& links);
std::string report_markdown(const MergedRuns& runs, const std::string& root,
                            const std::string& to_root);

/// mutations.html.
std::string mutation_page(const gradcheck_run::MutationRun& run, double tolerance);
std::string mutation_markdown(const gradcheck_run::MutationRun& run);

/// Two runs side by side: what is new, what changed its verdict, and whose errors differ most.
std::string compare_page(const gradcheck_run::Run& before, const gradcheck_run::Run& after);
std::string compare_markdown(const gradcheck_run::Run& before, const gradcheck_run::Run& after);

}  // namespace kintsugi
