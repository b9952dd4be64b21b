"""The measurements as a table that people can compare with their own."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measures import Measured
from benchmarks.runner import Results

BEGIN = "<!-- written by `make bench` -->"
END = "<!-- end -->"

NAMES = {
    "read_files": "reading the files",
    "stdlib_headers_compat32": "stdlib `BytesHeaderParser`, compat32",
    "stdlib_compat32": "stdlib `BytesParser`, compat32",
    "stdlib_default": "stdlib `BytesParser`, policy.default",
    "stdlib_default_text": "the same, five header fields and the text",
    "parse_headers": "**mailbot** `parse_headers`",
    "parse": "**mailbot** `parse`: header fields, text, spans, attachments",
    "parse_and_decide": "**mailbot** `parse` + `decide`",
    "assess": "**mailbot** `assess` over a folder",
}


def table(results: Results) -> str:
    """Markdown: ratios first, then the figures they come from."""
    reading = results.files["read_files"][1].cpu_seconds
    stdlib = results.files["stdlib_compat32"][1].cpu_seconds
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} shared cores, "
        f"warm file cache, {results.large:,} messages of {results.total_mib:.0f} MiB together. CPU seconds; every line "
        "but the first includes reading the files.",
        "",
        "| what | x reading | x stdlib compat32 | messages/s | CPU s | peak MiB "
        f"at {results.small:,} / {results.large:,} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, title in NAMES.items():
        small, large = results.files[name]
        lines.append(_row(title, large, reading, stdlib, f"{small.peak_mib:.0f} / {large.peak_mib:.0f}"))
    for name, (small, large) in results.passes.items():
        title = f"**mailbot** observing pass: {name}"
        lines.append(_row(title, large, reading, stdlib, f"{small.peak_mib:.0f} / {large.peak_mib:.0f}"))
    small, large = results.passes["first pass"]
    ratio = results.help_cpu_seconds / results.python_cpu_seconds
    lines += [
        "",
        f"Ten times the messages cost the first pass {large.cpu_seconds / small.cpu_seconds:.1f} times the CPU time.",
        f"`mailbot --help`: {results.help_cpu_seconds:.2f} s of CPU, {ratio:.1f} x starting Python alone.",
    ]
    return "\n".join(lines)


def _row(title: str, result: Measured, reading: float, stdlib: float, peaks: str) -> str:
    rate = f"{result.messages / result.cpu_seconds:,.0f}" if result.messages >= 1000 else ""
    seconds = result.cpu_seconds
    return f"| {title} | {seconds / reading:.1f} | {seconds / stdlib:.2f} | {rate} | {seconds:.2f} | {peaks} |"


def write(text: str, page: Path, begin: str = BEGIN) -> None:
    """Put the table between the marks of the page; the words around it are a person's."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{END}{after}", encoding="utf-8")
