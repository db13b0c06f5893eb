"""Commands: run one after another in a copy of the checkout, their output compared."""
import re

import outputs
from programs import expected_status, status_fault
from running import Scratch, run

SECONDS = 300


def programs_of(document):
    """The programs build/bin/NAME that the document's commands call."""
    return {name for fence in document.fences if fence.kind == "run"
            for name in re.findall(r"\bbuild/bin/([\w-]+)", fence.text)}


def check(document, folder, build):
    """Runs the document's commands in their order, in one copy of the checkout in `folder`."""
    fences = [fence for fence in document.fences if fence.kind == "run"]
    if not fences:
        return
    scratch = Scratch(folder, build)
    for fence in fences:
        status = expected_status(fence.directive.argument)
        if status is None:
            yield document.find(fence.directive.line, "a command's option is 'status N'")
            continue
        result = run(["bash", "-e", "-c", fence.text], scratch.folder, SECONDS)
        fault = status_fault(result, status, SECONDS)
        if fault:
            yield document.find(fence.line, f"the command {fault}")
        else:
            yield from outputs.check(document, fence, result.output)
        changed = scratch.changed()
        if changed:
            yield document.find(fence.line, f"the command changes {changed}")
            break
    scratch.remove()
