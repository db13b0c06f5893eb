#!/usr/bin/env python3
"""Brings listings up to date with their sources, in place: all documents, or those given."""
import sys
from pathlib import Path

import listings
from check import all_documents
from document import ROOT, Document


def refreshed(document):
    """(the document with current listings, how many changed, findings)."""
    changed, findings = 0, []
    for index, fence in enumerate(list(document.fences)):
        if fence.kind != "listing":
            continue
        fence = document.fences[index]
        try:
            lines = listings.excerpt(fence.directive.argument)
        except listings.ListingError as error:
            findings.append(document.find(fence.directive.line, str(error)))
            continue
        if lines != fence.lines:
            document = Document(document.path, document.replace(fence, lines))
            changed += 1
    return document, changed, findings


def main():
    paths = [Path(path).resolve().relative_to(ROOT) for path in sys.argv[1:]]
    faults = []
    for document in [Document.read(path) for path in paths] or all_documents():
        current, changed, findings = refreshed(document)
        faults += findings
        if changed:
            (ROOT / current.path).write_text("\n".join(current.lines) + "\n", encoding="utf-8")
            print(f"{current.path}: {changed} listings refreshed")
    for finding in faults:
        print(finding)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
