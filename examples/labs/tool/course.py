"""The labs as they lie in examples/labs/NN_name: what lab.json says, and which files a lab cuts."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]  # of the checkout
LABS = ROOT / "examples" / "labs"
FLOORS = ("tensor", "autograd", "layers", "glcic", "cuda", "examples/by_hand")  # the real sources
KINDS = ("library", "glcic", "emulated")  # what a lab's tests are linked with


class LabError(Exception):
    """What a person got wrong, in one sentence; the command ends with status 2."""


@dataclass(frozen=True)
class Test:
    name: str  # that of the TEST_CASE in tests.cpp
    points: int
    checks: str  # one sentence for the student


@dataclass(frozen=True)
class Lab:
    number: int
    folder: Path
    title: str
    needs: str  # labs and chapters that come before
    minutes: int  # that it takes, about
    kind: str
    files: tuple[str, ...]  # cut, in the order in which their parts are numbered
    tests: tuple[Test, ...]
    seconds: int = 10  # for each test
    memory_mb: int = 2048  # for each test

    @property
    def points(self) -> int:
        return sum(test.points for test in self.tests)

    @property
    def name(self) -> str:
        return f"lab {self.number}"

    @property
    def working_copy(self) -> Path:
        return ROOT / "labs" / f"{self.number:02}"

    def answers(self) -> list[Path]:
        """The folders of the wrong answers."""
        return sorted(path.parent for path in self.folder.glob("answers/*/expect.json"))


def all_labs() -> list[Lab]:
    return [read_lab(path.parent) for path in sorted(LABS.glob("[0-9][0-9]_*/lab.json"))]


def find_lab(number: str) -> Lab:
    labs = {lab.number: lab for lab in all_labs()}
    if not number.isdigit() or int(number) not in labs:
        known = ", ".join(str(n) for n in sorted(labs))
        raise LabError(f"there is no lab '{number}'; say LAB=N with one of these: {known}")
    return labs[int(number)]


def read_lab(folder: Path) -> Lab:
    path = folder / "lab.json"
    try:
        entry = json.loads(path.read_text())
        tests = tuple(Test(**test) for test in entry.pop("tests"))
        entry["files"] = tuple(entry["files"])
        lab = Lab(number=int(folder.name[:2]), folder=folder, tests=tests, **entry)
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(f"{path}: {error}") from error
    check_lab(lab)
    return lab


def check_lab(lab: Lab) -> None:
    """Throws LabError where lab.json breaks a rule that the rest of the tool relies on."""
    where = lab.folder / "lab.json"
    names = [test.name for test in lab.tests]
    if lab.kind not in KINDS:
        raise LabError(f"{where}: kind '{lab.kind}' is none of {', '.join(KINDS)}")
    if not names or len(set(names)) < len(names):
        raise LabError(f"{where}: there must be tests, each with a name of its own")
    for test in lab.tests:
        if test.points < 1 or any(c in test.name for c in "*?\\|"):
            raise LabError(f"{where}: '{test.name}' needs a point at least, and no * ? | in its "
                           "name")
    for file in lab.files:
        if not file.endswith((".cpp", ".cu")) or not (ROOT / file).is_file():
            raise LabError(f"{where}: {file} is no .cpp or .cu file of the sources")


def sources() -> list[Path]:
    """The real sources: what may carry markers."""
    return sorted(
        path
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.suffix in (".cpp", ".cu", ".h", ".cuh")
    )


def files_with_markers(number: int) -> list[str]:
    mark = f"// lab {number}: begin"
    return [
        str(path.relative_to(ROOT))
        for path in sources()
        if any(line.strip().startswith(mark) for line in path.read_text().splitlines())
    ]
