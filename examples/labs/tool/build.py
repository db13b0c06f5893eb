"""Builds a lab's tests with a student's files in the place of the library's own objects."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course import ROOT, Lab
from process import Outcome, run_limited
from toolchain import Toolchain

COMPILE_SECONDS = 180
COMPILE_MB = 4096
MOST_ERRORS = 4
# Of a file with holes: what the solution would use, and the hole does not.
QUIET = ["-Wno-unused-parameter", "-Wno-unused-variable", "-Wno-unused-function",
         "-Wno-unused-but-set-variable", "-Wno-unused-local-typedefs"]


@dataclass(frozen=True)
class Built:
    program: Path | None  # None: it does not build
    message: str  # why not, else warnings, if any


def build(lab: Lab, files: dict[str, Path], tools: Toolchain, folder: Path) -> Built:
    """`files`: for each file that the lab cuts, where the student's is."""
    folder.mkdir(parents=True, exist_ok=True)
    tests = [tools.object_of(str((lab.folder / "tests.cpp").relative_to(ROOT)))]
    return link_with(lab, files, tools, folder, tests + tools.support)


def build_extension(lab: Lab, files: dict[str, Path], tools: Toolchain, folder: Path,
                    source: Path) -> Built:
    """The program of the extension question in the place of the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "extension.o"
    failure = compile_file(source, program, tools, [])
    if not failure.program:
        return failure
    return link_with(lab, files, tools, folder, [program])


def link_with(lab: Lab, files: dict[str, Path], tools: Toolchain, folder: Path,
              others: list[Path]) -> Built:
    objects, warnings = [], []
    for name, source in files.items():
        target = folder / Path(name.replace("/", "-")).with_suffix(".o")
        compiled = compile_file(source, target, tools, list(lab.files))
        if not compiled.program:
            return compiled
        objects.append(target)
        warnings += [compiled.message] if compiled.message else []
    replaced = {tools.object_of(name) for name in lab.files}
    missing = replaced - set(tools.objects)
    if missing:
        raise RuntimeError(f"not among the objects of kind {lab.kind}: {missing}")
    objects += [path for path in tools.objects if path not in replaced]
    program = folder / "check"
    command = [*tools.link, *map(str, others + objects), *tools.libraries, "-o", str(program)]
    outcome = run_limited(command, seconds=COMPILE_SECONDS, memory_mb=COMPILE_MB, cwd=ROOT)
    if outcome.status != 0:
        return Built(None, link_failure(outcome.output))
    return Built(program, "\n".join(warnings))


def compile_file(source: Path, target: Path, tools: Toolchain, cut: list[str]) -> Built:
    """`program` of the result is the object."""
    shown = source.relative_to(ROOT) if source.is_relative_to(ROOT) else source
    command = [*tools.compile_command(source), *QUIET, "-fdiagnostics-color=never",
               f"-fmax-errors={MOST_ERRORS}", "-c", str(shown), "-o", str(target)]
    outcome = run_limited(command, seconds=COMPILE_SECONDS, memory_mb=COMPILE_MB, cwd=ROOT)
    if outcome.status != 0:
        return Built(None, compile_failure(shown, outcome))
    included = included_source(target.with_suffix(".d"), source)
    if included in cut or included.endswith((".cpp", ".cu", ".inc")):
        return Built(None, f"{shown} includes {included}: write the part yourself, and include "
                           "headers only.")
    return Built(target, shortened(outcome.output))


def included_source(dependencies: Path, source: Path) -> str:
    """The first file of the tree that is no header among what the compiler read beside `source`."""
    if not dependencies.is_file():
        return ""
    names = dependencies.read_text().replace("\\\n", " ").split()
    for name in names[1:]:
        path = (ROOT / name.rstrip(":")).resolve()
        if (path.is_relative_to(ROOT) and path != source.resolve()
                and path.suffix in (".cpp", ".cu", ".inc", ".o", ".a")):
            return str(path.relative_to(ROOT))
    return ""


def compile_failure(shown: Path, outcome: Outcome) -> str:
    if outcome.timed_out:
        return f"{shown}: the compiler is not done after {COMPILE_SECONDS} s."
    return f"{shown} does not compile:\n{shortened(outcome.output) or outcome.output.strip()}"


def shortened(output: str) -> str:
    """Errors and warnings with the source line they point to; of the notes, which argument is wrong."""
    kept, keep = [], False
    for line in output.splitlines():
        head = re.match(r"^\S.*?:\d+:\d+: (?P<what>fatal error|error|warning|note):", line)
        if head:
            keep = head["what"] != "note" or "no known conversion" in line
        elif not line.startswith(" "):
            keep = False
        if keep:
            kept.append(line.replace(str(ROOT) + "/", ""))
    return "\n".join(kept)


def link_failure(output: str) -> str:
    """A function that is gone, or defined twice, in a sentence."""
    gone = sorted(set(re.findall(r"undefined reference to `([^']+)'", output)))
    twice = sorted(set(re.findall(r"multiple definition of `([^']+)'", output)))
    if gone:
        return (f"your files no longer define {gone[0]}. In a lab they stand in the place of the "
                "library's own, so every function that they had must stay, with its parameters "
                "as they were.")
    if twice:
        return (f"{twice[0]} is defined twice: give your own function another name, or put it into "
                "an unnamed namespace.")
    return "the program does not link:\n" + "\n".join(output.strip().splitlines()[-4:])
