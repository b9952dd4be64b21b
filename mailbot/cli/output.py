"""Tables for people, JSON for machines. Text from mail is hostile: it is stripped of terminal control sequences."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

# C0 and C1 controls and bidirectional overrides could rewrite what a terminal shows (Unicode TR36).
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# The same as JSON leaves them, with halves of characters, which no output encoding takes.
_NOT_PLAIN_IN_JSON = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: object) -> str:
    """`text` as one printable string for a terminal."""
    return _UNSAFE.sub("", str(text)).replace("\n", " ").replace("\t", " ")


def emit_json(value: Any) -> None:
    """One JSON object on one line; dates and instants in ISO 8601. What could steer a terminal stands as \\uXXXX."""
    text = json.dumps(value, ensure_ascii=False, default=_jsonable)
    click.echo(_NOT_PLAIN_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _jsonable(value: object) -> str | list[object]:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def local(instant: datetime | None, zone: ZoneInfo) -> str:
    """An instant as people read it: local time to the minute."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M") if instant else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
    """A table on the terminal; plain columns without colour or frames where the output is not a terminal."""
    cells = [[safe("" if cell is None else cell) for cell in row] for row in rows]
    if not cells:
        if empty:
            click.echo(empty)
        return
    if sys.stdout.isatty():
        _rich_table(headings, cells)
        return
    widths = [max(len(line[column]) for line in [list(headings), *cells]) for column in range(len(headings))]
    for line in [list(headings), *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _rich_table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    Console().print(grid)
