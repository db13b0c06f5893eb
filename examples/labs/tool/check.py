"""Grades one set of files: builds them, runs every test in a process of its own."""
from __future__ import annotations

import os
import re
import secrets
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from build import build
from course import Lab, Test
from process import Outcome, run_limited
from toolchain import Toolchain


@dataclass(frozen=True)
class TestResult:
    test: Test
    passed: bool
    message: str  # why not; empty where passed
    seconds: float = 0.0

    @property
    def points(self) -> int:
        return self.test.points if self.passed else 0


@dataclass(frozen=True)
class Grade:
    lab: Lab
    results: list[TestResult]
    builds: bool
    build_message: str  # what the compiler says
    seconds: float

    @property
    def points(self) -> int:
        return sum(result.points for result in self.results)


def grade(lab: Lab, files: dict[str, Path], tools: Toolchain, folder: Path) -> Grade:
    start = time.monotonic()
    built = build(lab, files, tools, folder)
    if built.program:
        results = [run_test(lab, test, built.program) for test in lab.tests]
    else:
        results = [TestResult(test, False, "not run: your files do not build")
                   for test in lab.tests]
    return Grade(lab, results, built.program is not None, built.message, time.monotonic() - start)


def run_test(lab: Lab, test: Test, program: Path) -> TestResult:
    """The verdict is the report that the program leaves when the test is over: it begins with a
    number that it is told for this run alone. What it prints counts for nothing."""
    nonce = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        report = Path(folder) / "report"
        outcome = run_limited([str(program), test.name, str(report)], seconds=lab.seconds,
                              memory_mb=lab.memory_mb, cwd=Path(folder), stdin=nonce + "\n",
                              env=environment(folder))
        text = report.read_text(errors="replace") if report.is_file() else ""
    passed, message = verdict(lab, outcome, nonce, text)
    return TestResult(test, passed, message, outcome.seconds)


def environment(folder: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": folder, "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1"}


def verdict(lab: Lab, outcome: Outcome, nonce: str, report: str) -> tuple[bool, str]:
    first, _, message = report.partition("\n")
    said, output = uncaught(outcome)
    printed = f"\nIt printed:\n{output[-1000:].strip()}" if output.strip() else ""
    if outcome.timed_out:
        return False, (f"not done after {lab.seconds} s: a loop that does not end, or one that "
                       "does far too much" + printed)
    if outcome.status < 0:
        return False, (said or crash(-outcome.status)) + printed
    if first == f"{nonce} passed" and outcome.status == 0:
        return True, ""
    if first == f"{nonce} failed" and outcome.status == 1:
        return False, message.strip() + printed
    return False, ("the program ended before the test was over, "
                   f"with status {outcome.status}{printed}")


def uncaught(outcome: Outcome) -> tuple[str, str]:
    """What an exception said that nothing could catch, empty where there was none; and what was
    printed beside it."""
    said = re.search(r"^terminate called.*\n *what\(\): *(.+)\n?", outcome.output, re.MULTILINE)
    if outcome.status != -signal.SIGABRT or not said:
        return "", outcome.output
    return (f"an exception ended the program, in a loop that threads share: {said[1]}",
            outcome.output[:said.start()] + outcome.output[said.end():])


REASONS = {
    signal.SIGSEGV: "a pointer or an index leads outside of its array, or a function calls itself "
                    "without end",
    signal.SIGBUS: "a pointer leads nowhere",
    signal.SIGFPE: "an integer was divided by 0",
    signal.SIGABRT: "the program gave up: an exception that nobody caught, an assertion, or memory "
                    "that was damaged",
    signal.SIGKILL: "it was ended from outside: too much memory, as a rule",
    signal.SIGXFSZ: "it wrote a file that is too large",
}


def crash(number: int) -> str:
    reason = REASONS.get(number, "")
    return f"crashed: {signal.Signals(number).name}" + (f" ({reason})" if reason else "")
