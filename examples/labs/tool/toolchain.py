"""How to compile and link: the Makefile's own commands, handed over by its target lab-objects."""
from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course import ROOT, Lab, LabError


@dataclass(frozen=True)
class Toolchain:
    compile: list[str]  # a .cpp file
    compile_emulated: list[str]  # a .cu file for the emulator of CUDA
    link: list[str]
    libraries: list[str]
    objects: list[Path]  # what a lab is linked with, the reference's own objects of it among them
    support: list[Path]  # the test program's main, and what tests share
    object_folder: Path
    build: Path

    def object_of(self, source: str) -> Path:
        """The library's own object of a source file."""
        path = Path(source)
        if path.suffix == ".cu":
            path = Path("emulated") / path.relative_to("cuda")
        return self.object_folder / path.with_suffix(".o")

    def compile_command(self, source: Path) -> list[str]:
        return self.compile_emulated if source.suffix == ".cu" else self.compile


def prepare(labs: list[Lab], make: str) -> Toolchain:
    """Brings the objects of these labs, all of one kind, up to date and says how to go on."""
    numbers = " ".join(f"{lab.number:02}" for lab in labs)
    with tempfile.TemporaryDirectory() as folder:
        flags = Path(folder) / "flags"
        command = [*shlex.split(make), "--no-print-directory", "lab-objects", f"LAB={numbers}",
                   f"LAB_KIND={labs[0].kind}", f"LAB_FLAGS_FILE={flags}"]
        if subprocess.run(command, cwd=ROOT, close_fds=False).returncode != 0:
            raise LabError("the library itself does not build: what make says is above")
        return parse(flags.read_text())


def parse(text: str) -> Toolchain:
    """Lines KEY=WORDS, quoted as a shell would have them."""
    words = {key: shlex.split(value)
             for key, value in (line.split("=", 1) for line in text.splitlines() if "=" in line)}
    paths = {key: [ROOT / word for word in words[key]] for key in ("objects", "support")}
    return Toolchain(
        compile=with_ccache(words["compile"]),
        compile_emulated=with_ccache(words["compile_emulated"]),
        link=words["link"], libraries=words["libraries"],
        object_folder=ROOT / words["object_folder"][0], build=ROOT / words["build"][0], **paths)


def with_ccache(command: list[str]) -> list[str]:
    if Path(command[0]).name == "ccache" or os.environ.get("CCACHE_DISABLE"):
        return command
    return ["ccache", *command] if shutil.which("ccache") else command
