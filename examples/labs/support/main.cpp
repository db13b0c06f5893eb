// The program that a lab's tests are linked into.
//
//   check --list              the names of the tests, one a line
//   check NAME REPORT         runs one test and writes its verdict into the file REPORT: a line
//   with
//                             the word that came on standard input and "passed" or "failed", then
//                             what failed. Status 0 passed, 1 failed, 2 there is no such test.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS  // a crash ends the process: its signal tells which
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>

#include "tensor/tensor.h"

namespace {

/// What the running test has to say for itself: the first few failures are enough to work on.
constexpr int kMostFailures = 4;
int noted = 0;
std::string failures;

void note(const std::string& text) {
  if (++noted <= kMostFailures) failures += text + "\n";
}

void note_at(const char* file, int line, const std::string& text) {
  const std::string path = file;
  note(text + " (" + path.substr(path.rfind('/') + 1) + ":" + std::to_string(line) + ")");
}

struct Failures : doctest::IReporter {
  explicit Failures(const doctest::ContextOptions&) {}
  void log_assert(const doctest::AssertData& data) override {
    if (!data.m_failed) return;
    note_at(data.m_file, data.m_line, std::string(data.m_expr) + ": " + reason(data));
  }
  static std::string reason(const doctest::AssertData& data) {
    constexpr int kThrows = doctest::assertType::is_throws | doctest::assertType::is_throws_as |
                            doctest::assertType::is_throws_with;
    if (data.m_threw) return data.m_exception.c_str();
    if (data.m_at & kThrows) return "nothing was thrown";
    return std::string("it is ") + data.m_decomp.c_str();
  }
  void log_message(const doctest::MessageData& data) override {
    if (data.m_severity != doctest::assertType::is_warn)
      note_at(data.m_file, data.m_line, data.m_string.c_str());
  }
  void test_case_exception(const doctest::TestCaseException& exception) override {
    note(exception.error_string.c_str());
  }
  void test_run_end(const doctest::TestRunStats& stats) override { run = stats; }
  void report_query(const doctest::QueryData& data) override {
    for (unsigned i = 0; i < data.num_data; ++i) std::printf("%s\n", data.data[i]->m_name);
  }
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  static doctest::TestRunStats run;
};
doctest::TestRunStats Failures::run{};

/// Memory that the allocator will hand out again holds no numbers: what nobody wrote shows, and is
/// the same in each run.
void spoil_memory() { kintsugi::Tensor::full({4 << 20}, std::numeric_limits<double>::quiet_NaN()); }

/// A filter that this name alone passes: a comma separates patterns.
std::string pattern_of(const std::string& name) {
  std::string pattern;
  for (const char letter : name) pattern += letter == ',' ? "\\," : std::string(1, letter);
  return pattern;
}

}  // namespace

REGISTER_REPORTER("failures", 1, Failures);

int main(int argc, char** argv) {
  doctest::Context context;
  context.addFilter("reporters", "failures");
  if (argc == 2 && std::string(argv[1]) == "--list") {
    const char* const flags[] = {"check", "--list-test-cases"};
    context.applyCommandLine(2, flags);
    return context.run();
  }
  if (argc != 3) return 2;
  std::string word;
  std::cin >> word;
  context.addFilter("test-case", pattern_of(argv[1]).c_str());
  spoil_memory();
  const bool passed = context.run() == 0;
  if (Failures::run.numTestCasesPassingFilters != 1) return 2;
  if (noted > kMostFailures) failures += "and " + std::to_string(noted - kMostFailures) + " more\n";
  std::ofstream(argv[2]) << word << (passed ? " passed\n" : " failed\n") << failures;
  return passed ? 0 : 1;
}
