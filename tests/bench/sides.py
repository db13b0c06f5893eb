"""The programs that do the same work in turn, each a process that stays alive."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAUSE = 0.05  # seconds between sides: the threads of the other one stop spinning


def plain_environment():
    """Without what would change malloc, or pin the BLAS to another CPU than this one."""
    pinned = ("MALLOC_", "GLIBC_TUNABLES", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS")
    return {name: value for name, value in os.environ.items() if not name.startswith(pinned)}


@dataclass
class Programs:
    """The command lines of all sides."""

    folder: Path
    threads: int

    def kintsugi(self, threads=None):
        return [str(self.folder / "bench_work"), "--threads", str(threads or self.threads)]

    def pytorch(self, layout):
        program = str(HERE / "pytorch_work.py")
        return [sys.executable, program, "--layout", layout, "--threads", str(self.threads)]

    def onednn(self, way):
        return [str(self.folder / "bench_onednn"), way, str(self.threads)]

    def has_onednn(self):
        return (self.folder / "bench_onednn").exists()


class Sides:
    """The processes that work is asked of, started when they are first needed."""

    def __init__(self):
        self.processes, self.names = {}, []

    def start(self, command):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env=plain_environment(), **pipes)
        self.processes[tuple(command)] = process
        self.names.append(process.stdout.readline().strip())
        return process

    def ask(self, command, request):
        """Seconds of the work, or, as text, the reason why there are none."""
        process = self.processes.get(tuple(command)) or self.start(command)
        time.sleep(PAUSE)
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            answer = process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            sys.exit(f"{' '.join(command)} ended at \"{request}\"")
        try:
            return float(answer)
        except ValueError:
            return answer

    def stop(self):
        for process in self.processes.values():
            process.stdin.close()
            process.wait()


def output_numbers(command):
    text = subprocess.check_output(command, env=plain_environment())
    return [int(word) for word in text.split()]
