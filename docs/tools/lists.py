"""Lists, from the indentation that GitHub wants to the one that Python-Markdown wants.

What belongs to an item of a list is indented as far as the item's text, 2 columns under `- text`, 3
under `1. text`; Python-Markdown takes 4 for each level, whatever the marker, and an empty line before
the list.
"""
import re

from document import Document

_ITEM = re.compile(r"( *)([-*+]|\d+[.)])( +)(?=\S)")
_STEP = 4


def reindented(text):
    document = Document("", text)
    fenced = {fence.line: fence for fence in document.fences}
    result, items, until, shift, blank = [], [], 0, 0, True
    for number, line in enumerate(document.lines, start=1):
        indent = len(line) - len(line.lstrip(" "))
        if not line.strip() or number <= until:
            result.append(" " * max(0, indent + shift) + line.lstrip(" ") if line.strip() else line)
            blank = number > until
            continue
        item, inside = _ITEM.match(line), bool(items)
        if item or blank or number in fenced:
            while items and indent < items[-1]:
                items.pop()
            if items or item:
                base = items[-1] if items else indent
                shift = _STEP * len(items) - base
            else:
                shift = 0
        if item:
            if not blank and not inside and item[2] in "-*+1.":
                result.append("")
            items.append(item.end())
        result.append(" " * max(0, indent + shift) + line.lstrip(" "))
        if number in fenced:
            until = number + len(fenced[number].lines) + 1
        blank = False
    return "\n".join(result) + "\n"
