#!/usr/bin/env python3
"""Checks the documents: listings, programs, commands, figures and links. `make docs-check` checks
all of them, `docs/tools/check.py docs/tensors.md` one. A line for each finding; status 1 if any.
"""
import argparse
import itertools
import os
import sys
import time
from pathlib import Path

import building
import commands
import figures
import links
import listings
from document import ROOT, Document, Finding
from programs import Programs, is_emulated

# The languages of which a fence must say where it comes from, and how the others are spelled.
NEEDS = {"cpp": ("listing", "program", "sketch"), "sh": ("run", "not run")}
SPELLING = {"c++": "cpp", "cc": "cpp", "cxx": "cpp", "cuda": "cpp", "bash": "sh", "shell": "sh",
            "console": "sh", "zsh": "sh"}
ALLOWED = {"program": ("cpp",), "sketch": ("cpp",), "run": ("sh",), "not run": ("sh",),
           "output": ("text",)}


def all_documents():
    docs = sorted(path for path in (ROOT / "docs").rglob("*.md"))
    return [Document.read(path.relative_to(ROOT)) for path in [ROOT / "README.md", *docs]]


def check_fences(document):
    """Every fence of C++ or of commands says where it comes from or why it is not run."""
    yield from document.findings
    previous = None
    for fence in document.fences:
        kind = fence.kind
        if fence.language in SPELLING:
            yield document.find(fence.line, f"write ```{SPELLING[fence.language]}, not "
                                f"```{fence.language}")
        elif kind and fence.language not in ALLOWED.get(kind, (fence.language,)):
            yield document.find(fence.line, f"'{kind}' stands above ```{ALLOWED[kind][0]}")
        elif not kind and fence.language in NEEDS:
            yield document.find(fence.line, f"a bare ```{fence.language}: " + " or ".join(
                f"<!-- {name} -->" for name in NEEDS[fence.language]) + " must stand above it")
        elif kind in ("not run", "sketch") and not fence.directive.argument:
            yield document.find(fence.directive.line, f"'{kind}' needs a reason: <!-- {kind}: … -->")
        elif kind == "output" and (previous is None or previous.kind not in ("run", "program")):
            yield document.find(fence.directive.line, "an output of nothing: the fence before it "
                                "is neither a program nor a command")
        previous = fence


def needed(documents, with_figures):
    """What make must have built before these documents can be checked."""
    programs = [fence for document in documents for fence in document.fences
                if fence.kind == "program"]
    targets = {"docs-emulated" if is_emulated(fence) else "docs-library" for fence in programs}
    for document in documents:
        targets |= {f"docs-program-{name}" for name in commands.programs_of(document)}
    if with_figures:
        targets |= {f"docs-program-figure_{name}" for name in figures.names()}
    return sorted(targets)


def check_text(documents):
    """What can be seen without building anything."""
    for document in documents:
        yield from check_fences(document)
        yield from listings.check(document)
        yield from links.check(document)


def check_runs(documents, build, jobs, with_figures):
    """What the programs print, the commands do and the figures show."""
    try:
        building.build(build, needed(documents, with_figures))
        flags = building.flags(build)
    except building.BuildError as error:
        yield Finding("Makefile", 1, str(error))
        return
    work = Path(ROOT, build, "docs")
    yield from Programs(work / "programs", flags, jobs).check(documents)
    for document in documents:
        yield from commands.check(document, work / f"checkout-{os.getpid()}", build)
    if with_figures:
        yield from figures.check(build)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="*", type=Path, help="all of them unless given")
    parser.add_argument("--build", default="build", help="the Makefile's build folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--text", action="store_true",
                        help="fences, listings and links alone: nothing is built or run")
    arguments = parser.parse_args()
    start = time.monotonic()
    documents = [Document.read(path.resolve().relative_to(ROOT)) for path in arguments.documents]
    documents = documents or all_documents()
    count = 0
    findings = [check_text(documents)]
    if not arguments.text:
        findings.append(check_runs(documents, arguments.build, arguments.jobs,
                                   with_figures=not arguments.documents))
    for finding in itertools.chain(*findings):
        print(finding, flush=True)
        count += 1
    fences = sum(fence.kind in ("listing", "program", "run") for d in documents for fence in d.fences)
    print(f"{len(documents)} documents, {fences} listings, programs and commands, "
          f"{count} findings, {time.monotonic() - start:.0f} s")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
