"""What a program or a command printed, against the fence that says what it prints."""
import re

NUMBERS_DIFFER = "numbers differ"
ANY_LINES = "…"

_NUMBER = re.compile(r"0x[0-9a-f]+|[-+−]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")


def _same(expected, got, numbers_differ):
    if numbers_differ:
        expected, got = _plain(expected), _plain(got)
    return expected.rstrip() == got.rstrip()


def _plain(line):
    return " ".join(_NUMBER.sub("0", line).split())


def first_difference(expected, got, numbers_differ=False):
    """None where `got` is what `expected` says, else (index of the first line of `expected` that
    is not there, the line that is in its place or None). A line … stands for any lines."""
    expected, got = _trimmed(expected), _trimmed(got)
    places = {0}  # where in `got` the next line of `expected` may stand
    for index, line in enumerate(expected):
        if line.strip() == ANY_LINES:
            places = set(range(min(places), len(got) + 1))
            continue
        after = {place + 1 for place in places
                 if place < len(got) and _same(line, got[place], numbers_differ)}
        if not after:
            return index, _only(places, got)
        places = after
    if len(got) not in places:
        return len(expected), got[max(places)]
    return None


def _only(places, got):
    place = min(places)
    return got[place] if len(places) == 1 and place < len(got) else None


def _trimmed(lines):
    lines = list(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def check(document, fence, got):
    """Findings on the output `got`, a text, of the program or the command in that fence."""
    output = document.output_of(fence)
    if output is None:
        return
    difference = first_difference(output.lines, got.splitlines(),
                                  output.directive.argument == NUMBERS_DIFFER)
    if difference is not None:
        index, line = difference
        what = f"'{line}'" if line is not None else "nothing like it"
        said = f"'{output.lines[index]}'" if index < len(output.lines) else "nothing more"
        yield document.find(output.line + 1 + index, f"the output is not this: {said} stands "
                            f"here, {what} was printed")
