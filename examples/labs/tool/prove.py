"""Proves labs: the untouched copy gets nothing, the reference everything, and each wrong answer of
answers/ exactly the points that it deserves, with a message that helps."""
from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from check import Grade, grade
from course import Lab, LabError, files_with_markers
from cut import cut_lab, reference, text_of
from toolchain import Toolchain, prepare

FEWEST_WRONG_ANSWERS = 3


@dataclass(frozen=True)
class Case:
    """A set of answers and what it must come to."""
    lab: Lab
    name: str
    answers: dict[int, str]
    fails: dict[str, str] = field(default_factory=dict)  # test: text that its message must contain
    builds: bool = True
    build_message: str = ""


def cases_of(lab: Lab) -> list[Case]:
    solution = reference(cut_lab(lab))
    untouched = {test.name: "not written yet" for test in lab.tests}
    cases = [Case(lab, "untouched", {}, fails=untouched), Case(lab, "reference", solution)]
    for folder in lab.answers():
        expect = json.loads((folder / "expect.json").read_text())
        answers = dict(solution)
        for path in folder.glob("part*.inc"):
            number = int(path.stem.removeprefix("part"))
            if number not in solution:
                raise LabError(f"{path}: lab {lab.number} has no part {number}")
            answers[number] = path.read_text()
        if answers == solution:
            raise LabError(f"{folder}: there is no partN.inc that differs from the solution")
        builds = expect.get("builds", True)
        case = Case(lab, folder.name, answers, expect.get("fails", {}), builds,
                    expect.get("build_message", ""))
        if builds and points_left(case) != expect["points"]:
            raise LabError(f"{folder}/expect.json: says {expect['points']} points, but what fails "
                           f"leaves {points_left(case)} of {lab.points}")
        cases.append(case)
    return cases


def points_left(case: Case) -> int:
    return sum(test.points for test in case.lab.tests if test.name not in case.fails)


def faults_of(case: Case, given: Grade) -> list[str]:
    """How a grade differs from what the case must come to."""
    faults = []
    if given.builds != case.builds:
        return [f"builds: {given.builds}: {given.build_message}"]
    if case.build_message not in given.build_message:
        faults.append(f"the compiler's message lacks '{case.build_message}': {given.build_message}")
    if given.builds and given.build_message and not case.build_message:
        faults.append(f"warnings: {given.build_message}")
    for name in case.fails.keys() - {test.name for test in case.lab.tests}:
        faults.append(f"expect.json names a test that there is not: {name}")
    if not case.builds:
        return faults + [f"{given.points} points" for _ in [0] if given.points]
    for result in given.results:
        wanted = case.fails.get(result.test.name)
        if result.passed and wanted is not None:
            faults.append(f"passes, but must not: {result.test.name}")
        elif not result.passed and wanted is None:
            faults.append(f"fails, but must not: {result.test.name}: {result.message[:300]}")
        elif not result.passed and wanted not in result.message:
            faults.append(f"{result.test.name}: the message lacks '{wanted}': "
                          f"{result.message[:300]}")
    return faults


def grade_case(case: Case, tools: Toolchain) -> list[str]:
    proof = tools.build / "labs" / "proof"
    folder = proof / f"{case.lab.number:02}-{case.name}"
    texts = {file.path: text_of(case.lab, file, case.answers) for file in cut_lab(case.lab)}
    files = {name: write_text(proof / "files", name, text) for name, text in texts.items()}
    given = grade(case.lab, files, tools, folder)
    faults = faults_of(case, given)
    listed = listed_tests(folder / "check") if case.name == "reference" else None
    if listed is not None and listed != sorted(test.name for test in case.lab.tests):
        faults.append(f"lab.json and tests.cpp name different tests; tests.cpp has {listed}")
    if not faults:
        shutil.rmtree(folder)
    verdict = "WRONG" if faults else "ok"
    print(f"lab {case.lab.number:>2}  {case.name:<28} {given.points:>2}/{case.lab.points:<2}  "
          f"{given.seconds:5.1f} s  {verdict}", flush=True)
    return [f"lab {case.lab.number}, {case.name}: {fault}" for fault in faults]


def write_text(folder: Path, name: str, text: str) -> Path:
    """A place that depends on the text: ccache then compiles what several cases share once."""
    path = folder / hashlib.sha256(text.encode()).hexdigest()[:16] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text() != text:
        temporary = path.with_name(f"{path.name}.{threading.get_ident()}")
        temporary.write_text(text)
        temporary.replace(path)
    return path


def listed_tests(program: Path) -> list[str]:
    if not program.is_file():
        return []
    return sorted(subprocess.run([program, "--list"], capture_output=True, text=True,
                                 check=True).stdout.splitlines())


def check_files(lab: Lab) -> list[str]:
    """What can be wrong with a lab without building it."""
    faults = []
    if sorted(lab.files) != files_with_markers(lab.number):
        faults.append(f"lab.json lists {sorted(lab.files)}, but these carry markers: "
                      f"{files_with_markers(lab.number)}")
    if len(lab.answers()) < FEWEST_WRONG_ANSWERS:
        faults.append(f"has {len(lab.answers())} wrong answers; {FEWEST_WRONG_ANSWERS} at least")
    for name in ("README.md", "tests.cpp", "answers/extension.md"):
        if not (lab.folder / name).is_file():
            faults.append(f"has no {name}")
    text = lab.folder / "README.md"
    if text.is_file() and "## Extension" not in text.read_text():
        faults.append("README.md has no section '## Extension'")
    return [f"lab {lab.number}: {fault}" for fault in faults]


def prove_all(labs: list[Lab], make: str, jobs: int) -> int:
    faults = [fault for lab in labs for fault in check_files(lab)]
    labs = sorted(labs, key=lambda lab: (lab.kind, lab.number))
    for _, group in groupby(labs, key=lambda lab: lab.kind):
        alike = list(group)
        cases = [case for lab in alike for case in cases_of(lab)]
        tools = prepare(alike, make)
        with ThreadPoolExecutor(jobs) as pool:
            for found in pool.map(lambda case: grade_case(case, tools), cases):
                faults += found
    for fault in faults:
        print(fault)
    print(f"{len(labs)} labs, {len(faults)} faults")
    return 1 if faults else 0
