"""Cuts a lab's holes out of a source file.

A part to write stands between two comment lines of the real source:

    // lab 7: begin the gradients of input, weight and bias
    ...the solution...
    // lab 7: end

In the copy a comment and a throw take its place. `instead` lines, right after the first marker,
replace the throw, where one cannot stand (a kernel, a declaration, a list):

    // lab 7: instead return {};

`// lab 7: hide` ... `// lab 7: end` takes out what would give the solution away (a derivation in a
comment, a formula in a table); nothing or its `instead` lines stay. It is not a part to write.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field

from course import ROOT, Lab, LabError

MARKER = re.compile(r"^(?P<indent>\s*)// lab (?P<lab>\d+): "
                    r"(?P<word>begin|hide|instead|end)\b ?(?P<text>.*)$")


@dataclass
class Hole:
    indent: str
    hidden: bool
    note: str
    instead: list[str] = field(default_factory=list)
    solution: list[str] = field(default_factory=list)
    number: int = 0  # of the part; 0: hidden


def split(text: str, lab: int, where: str) -> list[str | Hole]:
    """Lines and holes of a file in turn; the markers of other labs are left out."""
    pieces: list[str | Hole] = []
    hole: Hole | None = None
    for number, line in enumerate(text.splitlines(), 1):
        marker = MARKER.match(line)
        place = f"{where}:{number}: // lab {lab}"
        if not marker:
            (hole.solution if hole else pieces).append(line)
        elif int(marker["lab"]) != lab:
            continue
        elif marker["word"] in ("begin", "hide"):
            if hole:
                raise LabError(f"{place}: a hole begins within another")
            hole = Hole(marker["indent"], marker["word"] == "hide", marker["text"].strip())
            pieces.append(hole)
        elif not hole:
            raise LabError(f"{place}: '{marker['word']}' without a 'begin' before it")
        elif marker["word"] == "instead":
            hole.instead.append(marker["indent"] + marker["text"])
        else:
            hole = None
    if hole:
        raise LabError(f"{where}: // lab {lab}: the last hole has no end")
    return pieces


@dataclass
class CutFile:
    path: str
    pieces: list[str | Hole]

    def parts(self) -> list[Hole]:
        return [piece for piece in self.pieces if isinstance(piece, Hole) and not piece.hidden]


def cut_lab(lab: Lab) -> list[CutFile]:
    """The lab's files, their parts numbered from 1 on through all of them."""
    files = [CutFile(path, split((ROOT / path).read_text(), lab.number, path))
             for path in lab.files]
    for number, hole in enumerate((hole for file in files for hole in file.parts()), 1):
        hole.number = number
    for file in files:
        if not file.parts():
            raise LabError(f"{file.path} has no part of {lab.name} to write")
    return files


def text_of(lab: Lab, file: CutFile, answers: dict[int, str] | None = None) -> str:
    """The file with its holes; or with answers to its parts, and then with what was hidden, too,
    since the reference's solution may use it."""
    lines = [f"// Lab {lab.number}: {lab.title}.",
             f"// README.md says what to do. The parts to write are marked \"Lab {lab.number}, part\"."]
    for piece in file.pieces:
        if isinstance(piece, str):
            lines.append(piece)
        elif piece.hidden:
            lines += piece.solution if answers else piece.instead
        elif answers:
            lines += answers[piece.number].rstrip("\n").splitlines()
        else:
            lines += hole_of(lab, piece)
    return "\n".join(lines) + "\n"


def hole_of(lab: Lab, hole: Hole) -> list[str]:
    note = f": {hole.note}" if hole.note else ""
    comment = f"{hole.indent}// Lab {lab.number}, part {hole.number}{note}."
    if hole.instead:
        return [comment, *hole.instead]
    words = f"lab {lab.number}, part {hole.number}: not written yet"
    return [comment, f'{hole.indent}throw std::logic_error("{words}");']


def reference(files: list[CutFile]) -> dict[int, str]:
    """The solutions, as answers."""
    return {hole.number: "\n".join(hole.solution) for file in files for hole in file.parts()}
