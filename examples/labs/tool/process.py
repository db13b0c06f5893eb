"""Runs a program with limits, and waits no longer than they say."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LIMITED = Path(__file__).with_name("limited.py")
LONGEST_OUTPUT = 20_000  # characters that are kept


@dataclass(frozen=True)
class Outcome:
    status: int  # negative: the signal that ended it
    output: str  # of both streams
    seconds: float
    timed_out: bool


def run_limited(command: list[str], *, seconds: int, memory_mb: int, cwd: Path,
                stdin: str = "", env: dict[str, str] | None = None) -> Outcome:
    """The whole group of processes is ended where the first is not done after `seconds`."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-S", "-E", str(LIMITED), str(seconds + 1), str(memory_mb), *command],
            stdin=given, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env,
            start_new_session=True)
        timed_out = False
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        end_group(process.pid)
        process.wait()
        output.seek(0)
        text = output.read(LONGEST_OUTPUT).decode(errors="replace")
    timed_out = timed_out or process.returncode == -signal.SIGXCPU
    return Outcome(process.returncode, text, time.monotonic() - start, timed_out)


def end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
