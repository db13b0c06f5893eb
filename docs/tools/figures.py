"""Figures: docs/figures/NAME.cpp draws docs/figures/NAME*.svg; each is made again and compared."""
import shutil
import tempfile
from pathlib import Path

from document import ROOT, Finding
from running import run

FOLDER = ROOT / "docs" / "figures"
SECONDS = 120


def names():
    return sorted(path.stem for path in FOLDER.glob("*.cpp"))


def _draw(build, name, folder):
    """What went wrong, or None."""
    result = run([str(Path(ROOT, build, "bin", f"figure_{name}")), str(folder)], ROOT, SECONDS)
    if result.status == 0:
        return None
    return f"draws nothing: status {result.status}: {result.output.strip()[-200:]}"


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
        elif committed[name].read_bytes() != made[name].read_bytes():
            yield Finding(path, 1, "is not what its program draws now (make docs-figures)")
    shutil.rmtree(drawn)
