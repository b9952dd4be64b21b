"""`mailbot doctor`: what stands in the way of mailbot's work here."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import config_option, json_option, lang_option, load_config
from mailbot.cli.setup import setup_texts

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.wiring import LiveServers
    from mailbot.work.doctor import Installation
    from mailbot.work.doctor_findings import Check

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "bold red"}


@click.command()
@json_option
@lang_option
@config_option
def doctor(as_json: bool, lang: str | None, config_path: Path | None) -> int:
    """Check configuration, secrets, rights per mailbox, templates, calendar, database, outgoing mail and clock.

    Exit code 0 when nothing is wrong (warnings may stand), 1 with problems, 2 without a usable configuration.

    \b
    Examples:
      sudo -u mailbot mailbot doctor
      mailbot doctor --json | jq '.checks[] | select(.status != "ok")'
    """
    from mailbot import wiring
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.work.doctor import examine

    config = load_config(config_path)
    with wiring.live_servers(config, keep=False) as servers:
        installation = _installation(config, servers)
        checks = examine(installation, language=chosen(lang, config), now=instant(None, config.zone))
    ok = all(check.status != "problem" for check in checks)
    if as_json:
        rows = [{"name": c.name, "status": c.status, "message": c.message, "remedy": c.remedy} for c in checks]
        emit_json({"checks": rows, "ok": ok})
    else:
        _print(checks, setup_texts(lang, config))
    return 0 if ok else 1


def _installation(config: "Config", servers: "LiveServers") -> "Installation":
    from mailbot import wiring
    from mailbot.cli.setup import secrets_of, service_account_of
    from mailbot.work.doctor import Installation

    return Installation(
        config=config,
        secrets=secrets_of(config),
        account=service_account_of(config),
        open_mailbox=lambda settings: wiring.open_mailbox(config, settings, servers),
        template_problems=lambda: wiring.templates(config).problems(),
        imap=servers.imap,
        graph=servers.graph,
        ews=servers.ews,
        directory=wiring.ldap_directory(config),
    )


def _print(checks: "Sequence[Check]", say: Mapping[str, str]) -> None:
    """A table on a terminal; elsewhere one finding per line, and its remedy below it."""
    from mailbot.cli.output import safe

    if sys.stdout.isatty():
        _print_table(checks, say)
        return
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{say[f'doctor.{check.status}']:<8}  {safe(check.name):<{width}}  {safe(check.message)}")
        if check.remedy and check.status != "ok":
            click.echo(f"{'':<8}  {'':<{width}}  -> {safe(check.remedy)}")


def _print_table(checks: "Sequence[Check]", say: Mapping[str, str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mailbot.cli.output import safe

    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=False)
    for _ in range(3):
        grid.add_column(overflow="fold")
    for check in checks:
        words = Text(safe(check.message))
        if check.remedy and check.status != "ok":
            words.append(f"\n-> {safe(check.remedy)}", style="dim")
        grid.add_row(Text(say[f"doctor.{check.status}"], style=_COLOURS[check.status]), Text(safe(check.name)), words)
    Console().print(grid)
