"""The command line as a shell runs it, in this process."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mailbot.cli.main import main

INIT = (
    "config", "init", "--yes", "--lang", "en", "--name", "Byns kommun", "--domain", "by.example",
    "--registrar", "Eva Lind <eva@by.example>", "--head", "Karin Ek <karin@by.example>",
    "--operator", "it@by.example", "--path", "mail/{address}",
)  # fmt: skip
ADDRESSES = ("kommunen@by.example", "mailbot@by.example")


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*args: object, stdin: str | bytes = "") -> Ran:
    """Exit code and output of `mailbot ARGS`, with a pipe as standard input."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    pipe = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["mailbot", *map(str, args)]),
        patch.object(sys, "stdin", pipe),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
    return Ran(status, out.getvalue(), err.getvalue())


def maildirs(folder: Path, addresses: tuple[str, ...] = ADDRESSES) -> None:
    for address in addresses:
        for part in ("tmp", "new", "cur"):
            (folder / "mail" / address / part).mkdir(parents=True)


def installed(folder: Path) -> Path:
    """A fresh installation in `folder`, as `config init` leaves it, with its Maildirs; the configuration's path."""
    path = folder / "config.toml"
    assert run("--config", path, *INIT).status == 0
    maildirs(folder)
    return path
