"""Links inside the repository: files, anchors of headings, lines of sources.

A link to a line may say in its title what stands there, and is then held to it:
[relu](../autograd/ops/relu.cpp#L17 "Variable relu(").
"""
import html
import posixpath
import re
from typing import NamedTuple
from urllib.parse import unquote

from document import ROOT, Document

_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"([^\"]*)\")?\s*\)")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*(\S+)(?:\s+\"([^\"]*)\")?\s*$")
_ATTRIBUTE = re.compile(r"\b(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_LINES = re.compile(r"L(\d+)(?:-L(\d+))?$")


class Link(NamedTuple):
    line: int
    target: str
    title: str


def links(document):
    """Every link of the document's prose, those to other places of the world left out."""
    for number, line in enumerate(document.prose, start=1):
        line = _CODE.sub(lambda code: " " * len(code[0]), line)
        for pattern in (LINK, _REFERENCE, _ATTRIBUTE):
            for found in pattern.finditer(line):
                target = html.unescape(found[1])
                if not ELSEWHERE.match(target):
                    yield Link(number, target, (found.groups() + ("",))[1] or "")


def slug(heading):
    """The anchor that GitHub, and the site, give a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"<[^>]+>", "", text).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(document):
    seen = {}
    result = set()
    for line in document.prose:
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*\s*$", line)
        if heading:
            name = slug(heading[1])
            result.add(f"{name}-{seen[name]}" if name in seen else name)
            seen[name] = seen.get(name, 0) + 1
        result.update(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", line))
    return result


def resolve(document_path, target):
    """(path from the root, anchor) of a link's target in the document at that path."""
    path, _, anchor = target.partition("#")
    if not path:
        return document_path, anchor
    folder = posixpath.dirname(document_path)
    return posixpath.normpath(posixpath.join(folder, unquote(path))), anchor


def _fault(document, link, root):
    path, anchor = resolve(document.path, link.target)
    if path.startswith(("..", "/")):
        return f"{link.target} lies outside of the repository"
    if path != document.path and (path.startswith("build/") or not (root / path).exists()):
        return f"there is no {path}"
    if not anchor:
        return None
    if path.endswith(".md"):
        if path != document.path:
            document = Document(path, (root / path).read_text(encoding="utf-8"))
        return None if unquote(anchor) in anchors(document) else f"{path} has no heading #{anchor}"
    lines = _LINES.match(anchor)
    if not lines:
        return f"#{anchor}: an anchor in a source is #L12 or #L12-L20"
    text = (root / path).read_text(encoding="utf-8").splitlines()
    first, last = int(lines[1]), int(lines[2] or lines[1])
    if not 1 <= first <= last <= len(text):
        return f"{path} has {len(text)} lines, no #{anchor}"
    if link.title and link.title not in text[first - 1]:
        return f"{path}:{first} does not say '{link.title}'"
    return None


def check(document, root=ROOT):
    for link in links(document):
        fault = _fault(document, link, root)
        if fault:
            yield document.find(link.line, fault)
