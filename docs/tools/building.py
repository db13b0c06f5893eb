"""What the Makefile builds for the check, and how a program is compiled and linked."""
import shlex
import subprocess
from typing import NamedTuple

from document import ROOT


class BuildError(Exception):
    pass


class Flags(NamedTuple):
    compile: list[str]  # begins with the compiler
    link: list[str]  # so does this
    libraries: list[str]
    compile_emulated: list[str]  # of CUDA kernels that run on the CPU
    # The emulator comes first: of functions that both have, it needs those without its checks.
    link_emulated: list[str]
    libraries_emulated: list[str]

    @property
    def emulated(self):
        """The same for a program with kernels."""
        return self._replace(compile=self.compile_emulated, link=self.link_emulated,
                             libraries=self.libraries_emulated)


def _make(folder, *arguments, **options):
    # Within `make docs-check` this is a make of that one: its variables and its jobs hold here.
    return subprocess.run(["make", "-s", "--no-print-directory", "-C", str(ROOT),
                           f"BUILD={folder}", *arguments], close_fds=False, **options)


def build(folder, targets):
    """Makes the targets in the build folder."""
    if targets and _make(folder, *targets).returncode:
        raise BuildError(f"make {' '.join(targets)} failed")


def flags(folder):
    """The Makefile's own flags for a program on the library and GLCIC."""
    asked = _make(folder, "docs-flags", text=True, capture_output=True)
    if asked.returncode:
        raise BuildError(f"make docs-flags failed: {asked.stderr.strip()}")
    fields = dict(line.split("=", 1) for line in asked.stdout.splitlines() if "=" in line)
    return Flags(*(shlex.split(fields[name]) for name in Flags._fields))
