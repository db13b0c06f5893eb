"""Markdown documents as the check sees them: fences, and the directive above each.

A directive is an HTML comment of one line, which readers do not see:

    <!-- listing: autograd/ops/relu.cpp | Variable relu( | } -->
    <!-- program -->                 <!-- program: status 1 -->    <!-- program: emulated -->
    <!-- run -->                     <!-- run: status 2 -->
    <!-- output -->                  <!-- output: numbers differ -->
    <!-- not run: why -->            <!-- sketch: why -->
"""
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DIRECTIVES = ("listing", "program", "run", "output", "not run", "sketch")

_DIRECTIVE = re.compile(r"\s*<!--\s*(" + "|".join(DIRECTIVES) + r")\s*(?::\s*(.*?))?\s*-->\s*$")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`\s]*)[^`]*$")


class Finding(NamedTuple):
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


class Directive(NamedTuple):
    name: str
    argument: str
    line: int


@dataclass
class Fence:
    """A fenced block. `line` is the number of its opening line, counted from 1."""

    language: str
    lines: list[str]
    line: int
    indent: str
    directive: Directive | None = None

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    @property
    def kind(self):
        return self.directive.name if self.directive else ""


class Document:
    """The document at `path`, which is written as it shall stand in findings."""

    def __init__(self, path, text):
        self.path = path
        self.lines = text.splitlines()
        self.fences = []
        self.prose = list(self.lines)  # the same lines, those of fences empty
        self.findings = []
        self._parse()

    @classmethod
    def read(cls, path):
        return cls(str(path), (ROOT / path).read_text(encoding="utf-8"))

    def find(self, line, message):
        return Finding(self.path, line, message)

    def output_of(self, fence):
        """The fence of the output that belongs to a program or a command, or None."""
        at = self.fences.index(fence) + 1
        if at < len(self.fences) and self.fences[at].kind == "output":
            return self.fences[at]
        return None

    def replace(self, fence, lines):
        """The document's text with other lines in that fence."""
        body = [(fence.indent + line).rstrip() if not line else fence.indent + line
                for line in lines]
        end = fence.line + len(fence.lines)
        return "\n".join(self.lines[:fence.line] + body + self.lines[end:]) + "\n"

    def _parse(self):
        fence, mark, directive = None, "", None
        for number, line in enumerate(self.lines, start=1):
            if fence is not None:
                self.prose[number - 1] = ""
                if re.fullmatch(re.escape(mark[0]) + "{%d,}" % len(mark), line.strip()):
                    fence = None
                else:
                    fence.lines.append(_without(fence.indent, line))
                continue
            opening = _FENCE.match(line)
            if opening:
                indent, mark, language = opening.groups()
                fence = Fence(language, [], number, indent, directive)
                self.prose[number - 1] = ""
                self.fences.append(fence)
                directive = None
            elif directive and line.strip():
                self.findings.append(self.find(directive.line, "a comment "
                                               f"'{directive.name}' with no fence below it"))
                directive = None
            found = _DIRECTIVE.match(line)
            if found:
                directive = Directive(found[1], found[2] or "", number)
        if fence is not None:
            self.findings.append(self.find(fence.line, "the fence does not end"))


def _without(indent, line):
    return line[len(indent):] if line.startswith(indent) else line.lstrip()
