"""Runs every measure in fresh processes, one after the other, over the same files."""

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import corpus, installation
from benchmarks.measures import Measured

FILE_MEASURES = (
    "read_files",
    "stdlib_headers_compat32",
    "stdlib_compat32",
    "stdlib_default",
    "stdlib_default_text",
    "parse_headers",
    "parse",
    "parse_and_decide",
    "assess",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    small: int
    large: int
    total_mib: float
    #: measure -> (over `small` messages, over `large` messages)
    files: dict[str, tuple[Measured, Measured]]
    #: first pass, pass with nothing new, pass with 10 new
    passes: dict[str, tuple[Measured, Measured]]
    #: CPU seconds of `mailbot --help` and of starting Python alone
    help_cpu_seconds: float
    python_cpu_seconds: float


def run(folder: Path, large: int, repeat: int) -> Results:
    """Measure with `large` messages and a tenth of them, writing only below `folder`."""
    sizes = (large // 10, large)
    boxes = {size: folder / f"mail-{size}" for size in sizes}
    for size, box in boxes.items():
        corpus.write_maildir(box, size)
    files = {}
    for name in FILE_MEASURES:
        _progress(name)
        small, big = (_median([_child(name, boxes[size]) for _ in range(repeat)]) for size in sizes)
        files[name] = (small, big)
    passes = [_passes(folder / "installation", size, repeat) for size in sizes]
    return Results(
        small=sizes[0],
        large=sizes[1],
        total_mib=sum(file.stat().st_size for file in (boxes[large] / "new").iterdir()) / 2**20,
        files=files,
        passes={name: (passes[0][name], passes[1][name]) for name in passes[0]},
        help_cpu_seconds=_cpu_seconds([sys.executable, "-m", "mailbot", "--help"], repeat),
        python_cpu_seconds=_cpu_seconds([sys.executable, "-c", "pass"], repeat),
    )


def _passes(root: Path, messages: int, repeat: int) -> dict[str, Measured]:
    runs: dict[str, list[Measured]] = {}
    for _ in range(repeat):
        _progress(f"observing pass over {messages}")
        installation.build(root, messages)
        try:
            runs.setdefault("first pass", []).append(_expect(messages, _child("observing_pass", root)))
            runs.setdefault("second pass, nothing new", []).append(_expect(0, _child("observing_pass", root)))
            corpus.write_maildir(installation.authority(root), 10, start=messages)
            runs.setdefault("third pass, 10 new", []).append(_expect(10, _child("observing_pass", root)))
        finally:
            shutil.rmtree(root)
    return {name: _median(measured) for name, measured in runs.items()}


def _expect(messages: int, result: Measured) -> Measured:
    if result.messages != messages:
        raise RuntimeError(f"the pass saw {result.messages} new messages instead of {messages}")
    return result


def _child(measure: str, on: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks", "--measure", measure, "--on", str(on)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"measuring {measure} failed:\n{done.stderr}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _median(results: list[Measured]) -> Measured:
    return Measured(
        median(result.cpu_seconds for result in results),
        median(result.wall_seconds for result in results),
        max(result.peak_mib for result in results),
        results[0].messages,
    )


def _cpu_seconds(command: list[str], repeat: int) -> float:
    """CPU time of a command; the first run, which may compile, does not count."""
    used = []
    for _ in range(repeat + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"LC_ALL": "C.UTF-8"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(used[1:])


def _progress(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)
