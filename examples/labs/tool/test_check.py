import os
import sys
import tempfile
import unittest
from pathlib import Path

from build import link_failure, shortened
from check import verdict
from course import all_labs
from process import Outcome, run_limited

LAB = all_labs()[0]


def outcome(status: int, output: str = "", timed_out: bool = False) -> Outcome:
    return Outcome(status, output, 0.1, timed_out)


class Verdict(unittest.TestCase):
    def test_only_the_number_of_this_run_passes(self):
        self.assertEqual(verdict(LAB, outcome(0), "abc", "abc passed\n"), (True, ""))
        for report in ("", "passed\n", "xyz passed\n", "abc failed\n"):
            self.assertFalse(verdict(LAB, outcome(0), "abc", report)[0], report)

    def test_printing_and_leaving_early_earn_nothing(self):
        passed, message = verdict(LAB, outcome(0, "abc passed"), "abc", "")
        self.assertFalse(passed)
        self.assertIn("ended before the test was over, with status 0", message)

    def test_what_failed_comes_first_and_then_what_was_printed(self):
        passed, message = verdict(LAB, outcome(1, "hello"), "abc", "abc failed\n3 is not 4\n")
        self.assertFalse(passed)
        self.assertEqual(message, "3 is not 4\nIt printed:\nhello")

    def test_a_crash_is_named(self):
        self.assertIn("SIGSEGV (a pointer", verdict(LAB, outcome(-11), "abc", "")[1])

    def test_an_exception_that_nothing_caught_is_told_once(self):
        said = "hello\nterminate called after throwing\n  what():  part 3: not written yet\n"
        self.assertEqual(verdict(LAB, outcome(-6, said), "abc", "")[1],
                         "an exception ended the program, in a loop that threads share: "
                         "part 3: not written yet\nIt printed:\nhello")

    def test_a_report_does_not_save_a_crash(self):
        self.assertFalse(verdict(LAB, outcome(-11), "abc", "abc passed\n")[0])


class Limits(unittest.TestCase):
    def run_python(self, code: str, seconds: int = 20, memory_mb: int = 1024) -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            return run_limited([sys.executable, "-S", "-c", code], seconds=seconds,
                               memory_mb=memory_mb, cwd=Path(folder), env=dict(os.environ))

    def test_a_loop_without_end_is_ended(self):
        self.assertTrue(self.run_python("while True: pass", seconds=1).timed_out)

    def test_one_that_sleeps_is_ended_and_so_are_its_children(self):
        code = "import os, time; os.fork(); time.sleep(60)"
        slept = self.run_python(code, seconds=1)
        self.assertTrue(slept.timed_out)
        self.assertLess(slept.seconds, 20)

    def test_memory_beyond_the_limit_is_refused(self):
        given = self.run_python("x = bytearray(4 << 30)")
        self.assertEqual(given.status, 1)
        self.assertIn("MemoryError", given.output)

    def test_long_output_is_cut(self):
        self.assertLessEqual(len(self.run_python("print('x' * 10**6)").output), 20_000)


class Compiler(unittest.TestCase):
    def test_errors_are_kept_with_their_lines_and_notes_are_not(self):
        text = ("In file included from a.h:1:\n"
                "labs/07/x.cpp:3:5: error: 'y' was not declared in this scope\n"
                "    3 |     y = 1;\n"
                "a.h:9:1: note: candidate: int f()\n"
                "    9 | int f();\n")
        self.assertEqual(shortened(text), "\n".join(text.splitlines()[1:3]))

    def test_a_function_that_is_gone_is_named(self):
        self.assertIn("no longer define kintsugi::relu(int).",
                      link_failure("x.o: undefined reference to `kintsugi::relu(int)'"))
        self.assertIn("relu(int) is defined twice",
                      link_failure("multiple definition of `relu(int)'; a.o: first"))
