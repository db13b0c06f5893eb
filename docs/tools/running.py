"""Running what a document shows: in a copy of the checkout, with a time limit."""
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

from document import ROOT


def environment():
    """That of a terminal in the checkout, whichever make this runs in."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "BUILD")}
    return kept | {"LC_ALL": "C.UTF-8"}


class Result(NamedTuple):
    status: int | None  # None where the time was up
    output: str


def run(arguments, folder, seconds):
    """Runs them there, standard output and errors together as in a terminal, paths as from there or
    from the checkout."""
    process = subprocess.Popen(arguments, cwd=folder, env=environment(), text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds)
        for root in sorted((str(folder), str(ROOT)), key=len, reverse=True):  # one may hold the other
            output = output.replace(f"{root}/", "")
        return Result(process.returncode, output)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Result(None, output)


def sources():
    """Paths of the checkout's files, those not yet added included, what git ignores left out."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, text=True, check=True).stdout
    return sorted(path for path in set(listed.split("\0")) if path and (ROOT / path).is_file())


class Scratch:
    """A copy of the checkout to run commands in. Its build/ is the build folder itself, so that
    nothing is compiled twice; a command that changes a source is a fault."""

    def __init__(self, folder, build):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._stamps = {}
        for path in sources():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target)
            self._stamps[path] = target.stat().st_mtime_ns
        (self.folder / "build").symlink_to(Path(ROOT, build).resolve())

    def changed(self):
        """A source that a command changed or removed, or None."""
        for path, stamp in self._stamps.items():
            target = self.folder / path
            if not target.is_file() or target.stat().st_mtime_ns != stamp:
                return path
        return None

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
