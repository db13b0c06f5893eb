"""Grades a folder of submissions: each in its own build, several at a time."""
from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import results
from check import Grade, TestResult, grade
from course import Lab, LabError
from cut import CutFile, cut_lab, text_of
from toolchain import Toolchain, prepare


@dataclass
class Submission:
    name: str
    files: dict[str, Path] = field(default_factory=dict)  # of those that the lab cuts
    problem: str = ""


def collect(lab: Lab, folder: Path) -> list[Submission]:
    """A folder for each student, or files whose names end in the lab's: alice_relu.cpp is
    alice's relu.cpp."""
    if not folder.is_dir():
        raise LabError(f"{folder} is no folder of submissions")
    found: dict[str, Submission] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            found[entry.name] = from_folder(lab, entry)
            continue
        student, names = owner_of(lab, entry.name)
        submission = found.setdefault(student, Submission(student))
        if len(names) == 1:
            submission.files[names[0]] = entry
        elif names:
            submission.problem = f"{entry.name} may be {' or '.join(names)}; hand in a folder"
    for submission in found.values():
        if not submission.files and not submission.problem:
            wanted = " or ".join(Path(name).name for name in lab.files)
            submission.problem = f"has no file {wanted}"
    if not found:
        raise LabError(f"{folder} is empty")
    return list(found.values())


def owner_of(lab: Lab, name: str) -> tuple[str, list[str]]:
    """(alice, [autograd/ops/relu.cpp]) for alice_relu.cpp; several where two files of the lab have
    one name, none where no file has it."""
    matches = {file: re.fullmatch(r"(.+?)[_\-. ]+" + re.escape(Path(file).name), name)
               for file in lab.files}
    names = [file for file, match in matches.items() if match]
    return (matches[names[0]][1] if names else name), names


def from_folder(lab: Lab, folder: Path) -> Submission:
    submission = Submission(folder.name)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    for file in lab.files:
        same = [path for path in paths if path.name == Path(file).name]
        exact = [path for path in same if str(path).endswith("/" + file)]
        shared = [Path(name).name for name in lab.files].count(Path(file).name) > 1
        choice = exact if shared or len(exact) == 1 else same
        if len(choice) > 1:
            several = ", ".join(str(path.relative_to(folder)) for path in choice)
            submission.problem = f"has several files {Path(file).name}: {several}"
        elif choice:
            submission.files[file] = choice[0]
    return submission


def grade_submission(lab: Lab, submission: Submission, holes: list[CutFile], tools: Toolchain,
                     out: Path) -> Grade:
    """What was not handed in stays as it is in the untouched copy."""
    folder = out / submission.name
    if submission.problem:
        given = nothing(lab, submission.problem)
    else:
        files = {}
        for file in holes:
            target = folder / "files" / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.path in submission.files:
                shutil.copyfile(submission.files[file.path], target)
            else:
                target.write_text(text_of(lab, file))
            files[file.path] = target
        try:
            given = grade(lab, files, tools, folder / "build")
        finally:
            shutil.rmtree(folder / "build", ignore_errors=True)
    results.write_all(given, folder)
    print(f"{given.points:>3}/{lab.points:<3} {submission.name}", flush=True)
    return given


def nothing(lab: Lab, problem: str) -> Grade:
    missing = [TestResult(test, False, problem) for test in lab.tests]
    return Grade(lab, missing, False, problem, 0.0)


def bare_text(path: Path) -> str:
    """Without comments and white space: what stays the same under another layout."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(errors="replace"), flags=re.DOTALL)
    return "".join(text.split())


def alike(lab: Lab, submissions: list[Submission], holes: list[CutFile]) -> dict[str, list[str]]:
    """For each student, the others who handed in the same text; untouched files do not count."""
    untouched = {file.path: "".join(re.sub(r"//[^\n]*", "", text_of(lab, file)).split())
                 for file in holes}
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for submission in submissions:
        texts = {name: bare_text(path) for name, path in submission.files.items()}
        if any(text != untouched[name] for name, text in texts.items()):
            groups[tuple(texts.get(name, "") for name in lab.files)].append(submission.name)
    return {name: [other for other in group if other != name]
            for group in groups.values() if len(group) > 1 for name in group}


def grade_all(lab: Lab, folder: Path, out: Path, make: str, jobs: int) -> int:
    if out.exists() and any(out.iterdir()):
        raise LabError(f"{out} is not empty; name a new folder for the results")
    submissions = collect(lab, folder)
    holes = cut_lab(lab)
    print(results.test_list(lab), flush=True)
    tools = prepare([lab], make)
    out.mkdir(parents=True, exist_ok=True)
    out = out.resolve()
    with ThreadPoolExecutor(jobs) as pool:
        grades = list(pool.map(lambda s: grade_submission(lab, s, holes, tools, out), submissions))
    same = alike(lab, submissions, holes)
    rows = [row_of(submission, given, same) for submission, given in zip(submissions, grades)]
    write_tables(lab, rows, out)
    print(f"{len(rows)} submissions: {out / 'grades.md'}, {out / 'grades.csv'}")
    return 0


def row_of(submission: Submission, given: Grade, same: dict[str, list[str]]) -> list[str]:
    notes = []
    if not given.builds:
        notes.append(submission.problem or "does not build")
    absent = [name for name in given.lab.files if name not in submission.files]
    if absent and not submission.problem:
        notes.append("not handed in: " + ", ".join(absent))
    if submission.name in same:
        notes.append("same text as " + ", ".join(same[submission.name]))
    return [submission.name, str(given.points), *(str(result.points) for result in given.results),
            "; ".join(notes)]


def write_tables(lab: Lab, rows: list[list[str]], out: Path) -> None:
    head = ["submission", "points", *(test.name for test in lab.tests), "notes"]
    with open(out / "grades.csv", "w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    title = f"# Lab {lab.number}: {lab.title}"
    lines = [title, "", f"{len(rows)} submissions, {lab.points} points each.", "",
             "| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(lab.tests) + 1) + "---|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    (out / "grades.md").write_text("\n".join(lines) + "\n")
