"""The course labs: start, check, run, grade, prove. docs/instructors.md describes them; the
Makefile's targets lab, lab-check, lab-run, lab-grade and labs-test call this."""
from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import prove
import results
from build import build_extension
from check import grade
from course import ROOT, Lab, LabError, all_labs, find_lab
from cut import cut_lab, text_of
from submissions import grade_all
from toolchain import prepare


def start(lab: Lab, folder: Path) -> None:
    """A working copy: the files with holes at their own paths, the text, the tests to read."""
    if folder.exists():
        raise LabError(f"{shown(folder)} is there already and stays as it is; "
                       "move it away to begin anew")
    for file in cut_lab(lab):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(lab, file))
    for name in ("README.md", "tests.cpp", "extension.cpp"):
        if (lab.folder / name).is_file():
            shutil.copy(lab.folder / name, folder / name)
    print(f"Lab {lab.number}: {lab.title}")
    print(f"  read   {shown(folder / 'README.md')}")
    for file in cut_lab(lab):
        parts = ", ".join(str(hole.number) for hole in file.parts())
        print(f"  write  {shown(folder / file.path)} (part {parts})")
    print(f"  check  make lab-check LAB={lab.number}")


def check(lab: Lab, folder: Path, make: str) -> None:
    """Grades the working copy. Status 0 whatever the points are: they are in the report."""
    files = working_files(lab, folder)
    print(results.test_list(lab), flush=True)
    tools = prepare([lab], make)
    given = grade(lab, files, tools, tools.build / "labs" / f"{lab.number:02}")
    results.write_all(given, folder)
    print()
    print(results.terminal(given))
    print(f"report: {shown(folder / 'report.md')}")


def run_extension(lab: Lab, folder: Path, make: str) -> int:
    """Builds and runs extension.cpp of the working copy with the student's files."""
    files = working_files(lab, folder)
    source = folder / "extension.cpp"
    if not source.is_file():
        raise LabError(f"{shown(folder)} has no extension.cpp")
    tools = prepare([lab], make)
    target = tools.build / "labs" / f"{lab.number:02}-run"
    built = build_extension(lab, files, tools, target, source)
    if not built.program:
        raise LabError(built.message)
    return subprocess.run([built.program], cwd=ROOT).returncode


def working_files(lab: Lab, folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise LabError(f"there is no {shown(folder)} yet; make lab LAB={lab.number} makes it")
    files = {name: folder / name for name in lab.files}
    for path in files.values():
        if not path.is_file():
            raise LabError(f"{shown(path)} is missing, which is a file of this lab")
    return files


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the labs, with points and times")
    for name, about in (("start", "make a working copy in labs/NN"),
                        ("check", "build and grade the working copy"),
                        ("run", "build and run its extension.cpp"),
                        ("grade", "grade a folder of submissions")):
        command = commands.add_parser(name, help=about)
        command.add_argument("lab", help="its number")
        if name != "grade":
            command.add_argument("--folder", type=Path, help="the working copy, if not labs/NN")
        else:
            command.add_argument("submissions", type=Path, help="a folder or file for each student")
            command.add_argument("out", type=Path, help="a new folder for tables and reports")
    commands.add_parser("prove", help="prove the labs; see docs/instructors.md") \
        .add_argument("labs", nargs="*", help="numbers; all labs unless given")
    for command in commands.choices.values():
        command.add_argument("--make", default="make", help="how to call make")
        command.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    try:
        if arguments.command == "list":
            for lab in all_labs():
                print(f"{lab.number:>2}  {lab.title} ({lab.points} points, {lab.minutes} minutes)")
            return 0
        if arguments.command == "prove":
            labs = [find_lab(number) for number in arguments.labs] or all_labs()
            return prove.prove_all(labs, arguments.make, arguments.jobs)
        lab = find_lab(arguments.lab)
        if arguments.command == "grade":
            return grade_all(lab, arguments.submissions, arguments.out, arguments.make,
                             arguments.jobs)
        folder = (arguments.folder or lab.working_copy).resolve()
        if arguments.command == "start":
            start(lab, folder)
        elif arguments.command == "check":
            check(lab, folder, arguments.make)
        else:
            return run_extension(lab, folder, arguments.make)
        return 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
