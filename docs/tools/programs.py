"""Complete programs: compiled against the library and GLCIC, run, their output compared. Those with
CUDA kernels (`<!-- program: emulated -->`) run on the CPU, under the emulator.
"""
import hashlib
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import outputs
from document import ROOT
from running import environment, run

SECONDS = 60


EMULATED = "emulated"


def expected_status(options):
    """0, or what `status N` among the options says; None where there are others."""
    if not options:
        return 0
    found = re.fullmatch(r"status (\d+)", options)
    return int(found[1]) if found else None


def is_emulated(fence):
    return fence.kind == "program" and fence.directive.argument.startswith(EMULATED)


def status_fault(result, expected, seconds):
    if result.status is None:
        return f"does not end within {seconds} s"
    if result.status != expected:
        last = (result.output.strip().splitlines() or ["nothing was printed"])[-1]
        return f"ends with status {result.status}: {last}"
    return None


class Programs:
    """Compiles into `folder`; a program that is there already, unchanged, is not compiled again."""

    def __init__(self, folder, flags, jobs):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flags = flags
        self.jobs = jobs

    def check(self, documents):
        tasks = [(document, fence) for document in documents for fence in document.fences
                 if fence.kind == "program"]
        with ThreadPoolExecutor(self.jobs) as pool:
            for findings in pool.map(lambda task: list(self._check_one(*task)), tasks):
                yield from findings

    def _check_one(self, document, fence):
        status = expected_status(fence.directive.argument.removeprefix(EMULATED).lstrip(", "))
        if status is None:
            yield document.find(fence.directive.line,
                                "a program's options are 'emulated' and 'status N'")
            return
        # Errors of the compiler are then where the document has them.
        source = f'#line {fence.line + 1} "{document.path}"\n{fence.text}'
        flags = self.flags.emulated if is_emulated(fence) else self.flags
        program, fault = self._compile(source, document.path, flags)
        if fault:
            yield document.find(_error_line(fault, document.path) or fence.line,
                                f"does not compile: {_first_error(fault)}")
            return
        with tempfile.TemporaryDirectory(dir=self.folder) as here:
            result = run([str(program)], here, SECONDS)
        fault = status_fault(result, status, SECONDS)
        if fault:
            yield document.find(fence.line, f"the program {fault}")
        else:
            yield from outputs.check(document, fence, result.output)

    def _compile(self, source, path, flags):
        """(the program, None) or (None, what the compiler said)."""
        archives = [ROOT / word for word in flags.link + flags.libraries if word.endswith(".a")]
        commands = repr(flags) + "".join(str(path.stat().st_mtime_ns) for path in archives)
        name = hashlib.sha256((source + commands).encode()).hexdigest()[:16]
        program, cpp, obj = (self.folder / (name + suffix) for suffix in ("", ".cpp", ".o"))
        if not program.exists():
            cpp.write_text(source, encoding="utf-8")
            name = f"-ffile-prefix-map={cpp}={path}"  # in messages of the program itself
            for command in ([*flags.compile, name, "-c", str(cpp), "-o", str(obj)],
                            [*flags.link, str(obj), *flags.libraries, "-o", str(program)]):
                done = subprocess.run(command, cwd=ROOT, env=environment(), text=True,
                                      capture_output=True)
                if done.returncode:
                    return None, done.stderr
        return program, None


def _first_error(text):
    lines = text.strip().splitlines() or ["the compiler said nothing"]
    return next((line.split("error: ", 1)[1] for line in lines if "error: " in line), lines[0])


def _error_line(text, path):
    found = re.search(re.escape(path) + r":(\d+):(?:\d+:)? (?:fatal )?error: ", text)
    return int(found[1]) if found else None
