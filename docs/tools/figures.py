"""Figures: docs/figures/NAME.cpp draws docs/figures/NAME*.svg; each is made again and compared.

Other processors round otherwise, so a drawing is the same where its text is and its numbers are near.
"""
import base64
import re
import shutil
import statistics
import struct
import tempfile
from pathlib import Path

from document import ROOT, Finding
from running import run

FOLDER = ROOT / "docs" / "figures"
SECONDS = 120
NUMBER = re.compile(r"(?P<colour>#[0-9a-fA-F]+)|(?P<number>-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)")
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
# Of the drawing's width: what half of its numbers may differ by, and what one may.
NEAR, FAR = 0.0005, 0.1


def names():
    return sorted(path.stem for path in FOLDER.glob("*.cpp"))


def _draw(build, name, folder):
    """What went wrong, or None."""
    result = run([str(Path(ROOT, build, "bin", f"figure_{name}")), str(folder)], ROOT, SECONDS)
    if result.status == 0:
        return None
    return f"draws nothing: status {result.status}: {result.output.strip()[-200:]}"


def _size_of_png(match):
    """Width and height in place of an embedded picture, whose pixels may differ by rounding."""
    return "png of {} x {}".format(*struct.unpack(">II", base64.b64decode(match[1])[16:24]))


def _numbers(text):
    return [float(match["number"]) for match in NUMBER.finditer(text) if match["number"]]


def _without_numbers(text):
    return NUMBER.sub(lambda match: match["colour"] or "0", text)


def same_drawing(one, other):
    """Whether two SVG texts show the same: the same text, numbers that are near."""
    one, other = (PICTURE.sub(_size_of_png, text) for text in (one, other))
    if _without_numbers(one) != _without_numbers(other):
        return False
    numbers, others = _numbers(one), _numbers(other)
    differences = [abs(a - b) for a, b in zip(numbers, others)]
    if not differences:
        return True
    width = max(numbers)
    return statistics.median(differences) <= NEAR * width and max(differences) <= FAR * width


def remake(build):
    """Draws every figure into docs/figures. Returns what went wrong, as findings."""
    faults = ((name, _draw(build, name, FOLDER)) for name in names())
    return [Finding(f"docs/figures/{name}.cpp", 1, fault) for name, fault in faults if fault]


def check(build):
    drawn = Path(tempfile.mkdtemp())
    for name in names():
        fault = _draw(build, name, drawn)
        if fault:
            yield Finding(f"docs/figures/{name}.cpp", 1, fault)
    committed = {path.name: path for path in FOLDER.glob("*.*") if path.suffix not in (".cpp", ".h")}
    made = {path.name: path for path in drawn.iterdir()}
    for name in sorted(committed.keys() | made.keys()):
        path = f"docs/figures/{name}"
        if name not in made:
            yield Finding(path, 1, "no program in docs/figures draws this")
        elif name not in committed:
            yield Finding(path, 1, "is not there (make docs-figures)")
        elif not same_drawing(committed[name].read_text(), made[name].read_text()):
            yield Finding(path, 1, "is not what its program draws now (make docs-figures)")
    shutil.rmtree(drawn)
