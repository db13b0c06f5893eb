"""Listings: excerpts of the sources, named by a file and by texts of their first and last lines."""
import re

from document import ROOT

_LAB_MARKER = re.compile(r"\s*(//|#) lab \d+:")


class ListingError(Exception):
    pass


def excerpt(argument, root=ROOT):
    """The lines that `FILE | FIRST | LAST` (or FILE alone) names, without common indentation."""
    name, first, last = _fields(argument)
    path = root / name
    if not path.is_file():
        raise ListingError(f"there is no file {name}")
    lines = path.read_text(encoding="utf-8").splitlines()
    if first is not None:
        lines = _between(lines, name, first, last)
    return _dedent([line for line in lines if not _LAB_MARKER.match(line)])


def _fields(argument):
    fields = [field.strip() for field in argument.split(" | ")]
    if len(fields) == 1 and fields[0]:
        return fields[0], None, None
    if len(fields) < 3:
        raise ListingError("a listing is 'FILE | text of the first line | text of the last line'")
    return fields[0], " | ".join(fields[1:-1]), fields[-1]


def _between(lines, name, first, last):
    begin = next((i for i, line in enumerate(lines) if first in line), None)
    if begin is None:
        raise ListingError(f"{name} has no line with '{first}'")
    if last == "}":
        indent = re.match(r"\s*", lines[begin])[0]
        ends = re.compile(re.escape(indent) + r"\}[;)]*$").match
    else:
        def ends(line):
            return last in line
    end = next((i for i in range(begin, len(lines)) if ends(lines[i])), None)
    if end is None:
        raise ListingError(f"{name} has no line with '{last}' after '{first}'")
    return lines[begin:end + 1]


def _dedent(lines):
    # Lines of the preprocessor begin at the margin wherever they stand.
    indents = [len(line) - len(line.lstrip()) for line in lines
               if line.strip() and not line.startswith("#")]
    width = min(indents, default=0)
    return [line[width:] if line[:width].isspace() else line for line in lines]


def check(document):
    """One finding for each listing that is not what its source says now."""
    for fence in document.fences:
        if fence.kind != "listing":
            continue
        try:
            lines = excerpt(fence.directive.argument)
        except ListingError as error:
            yield document.find(fence.directive.line, str(error))
            continue
        if fence.lines != lines:
            yield document.find(fence.line, f"not what {_fields(fence.directive.argument)[0]} "
                                "says now (make docs-listings)")
