#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "glcic/commands/commands.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/precision.h"
#include "tests/device.h"

namespace {

using namespace kintsugi;

/// Files whose tests reach no kernel of CUDA's: the CPU's own kernels, files and pictures, the
/// command. Where DEVICE is not the CPU they have nothing new to say.
constexpr const char* kOfTheCpuAlone =
    "*tests/tensor/test_allocator.cpp,*tests/tensor/test_compiler.cpp,"
    "*tests/tensor/test_conv_ladder.cpp,*tests/tensor/test_io_*,*tests/tensor/test_threads.cpp,"
    "*tests/tensor/test_winograd*,*tests/autograd/test_mutations.cpp,*tests/layers/test_init.cpp,"
    "*tests/glcic/commands/*,*tests/glcic/faces/*,*tests/glcic/inpainting/*,"
    "*tests/glcic/interchange/*,*tests/glcic/logs/*,*tests/glcic/pictures/*,"
    "*tests/glcic/test_dataset.cpp,*tests/glcic/test_estimate.cpp,*tests/glcic/test_faults.cpp,"
    "*tests/glcic/test_image_ops.cpp,*tests/glcic/test_kill.cpp,*tests/glcic/test_loader.cpp,"
    "*tests/glcic/test_mask.cpp,*tests/glcic/test_page.cpp,*tests/glcic/test_picture_metrics.cpp,"
    "*tests/glcic/test_recipe.cpp,*tests/glcic/test_run_folder.cpp,*tests/fuzz/*";
/// Kernels take their time on the emulator. So it is spared whole training runs (one step of each
/// phase has to do: tests/cuda/test_training.cpp), and operands that are large so as to fill the
/// CPU's threads and caches: those that fill a GPU's blocks stand in tests/cuda.
constexpr const char* kLongRuns =
    "*tests/glcic/test_trainer*,*tests/glcic/test_evaluation*,"
    "*tests/glcic/test_completion_windows.cpp,*tests/glcic/test_*_completion.cpp,"
    "*tests/glcic/test_properties.cpp";
constexpr const char* kLargeOperands =
    "a chain of a million nodes*,a chain of values that can be made again*,"
    "a graph of a hundred thousand ops*,large *,long float32 sums*,"
    "float32 statistics of many rows*,*where work is cut into blocks*,the gradients of conv2d are "
    "its adjoints,"
    "the epilogue of a convolution equals*,*for 1* 2 and 3 threads";
constexpr const char* kFewRandomCases = "max_success=10";  // of each property; else 100

/// The tests that there are on this device.
void choose_tests(doctest::Context& context) {
  if (!has_cuda()) context.addFilter("source-file-exclude", "*tests/cuda/*");
  if (test_device() == Device::cpu) return;
  context.addFilter("source-file-exclude", kOfTheCpuAlone);
  if (!cuda_is_emulated()) return;
  context.addFilter("source-file-exclude", kLongRuns);
  context.addFilter("test-case-exclude", kLargeOperands);
  setenv("RC_PARAMS", kFewRandomCases, 0);
}

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

/// `tests glcic WORD…` is the command itself, in a process of its own, which a test may kill
/// (tests/glcic/child.h).
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "glcic")
    return run_program(argc - 1, argv + 1, stderr);
  doctest::Context context(argc, argv);
  try {
    backend(test_device());
    choose_tests(context);
  } catch (const Error& error) {
    fmt::print(stderr, "tests: {}\n", error.what());
    return 2;
  }
  set_precision(Precision::float32);  // what the CPU does, too
  const int status = context.run();
  if (context.shouldExit()) return status;  // --help, --list-test-cases and the like
  const unsigned ran = counts.numTestCasesPassingFilters, failed = counts.numTestCasesFailed;
  fmt::print("{} passed, {} failed\n", ran - failed, failed);
  return status;
}
