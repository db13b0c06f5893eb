#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tests/device.h"

namespace kintsugi {

Device test_device() {
  const char* name = std::getenv("DEVICE");
  return name == nullptr || *name == '\0' ? Device::cpu : device_from_string(name);
}

}  // namespace kintsugi

namespace {

doctest::TestRunStats counts;

/// Notes the counts of the run; says nothing itself.
struct Counter : doctest::IReporter {
  explicit Counter(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& stats) override { counts = stats; }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

}  // namespace

REGISTER_LISTENER("counter", 1, Counter);

int main(int argc, char** argv) {
  try {
    kintsugi::backend(kintsugi::test_device());
  } catch (const kintsugi::Error& error) {
    fmt::print(stderr, "tests: DEVICE: {}\n", error.what());
    return 2;
  }
  doctest::Context context(argc, argv);
  int status = context.run();
  if (context.shouldExit()) return status;  // --help, --list-test-cases and the like
  unsigned ran = counts.numTestCasesPassingFilters, failed = counts.numTestCasesFailed;
  fmt::print("{} passed, {} failed\n", ran - failed, failed);
  return status;
}
