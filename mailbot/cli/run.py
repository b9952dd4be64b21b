"""`mailbot run`, `pause` and `resume`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.work.passes import PassReport


@click.command()
@click.option("--once", is_flag=True, help="One complete pass, for cron or a systemd timer.")
@at_option
@json_option
@lang_option
@config_option
def run(once: bool, at: str | None, as_json: bool, lang: str | None, config_path: Path | None) -> int:
    """Read every mailbox, let clocks fall due, write the digests, send what is queued.

    \b
    Examples:
      mailbot run                                the daemon, until SIGTERM
      mailbot run --once                         one complete pass
      mailbot run --once --at 2026-05-12T07:00   as if it were that time
    \b
    Exit status of --once: 0 the pass is complete, 1 some mailbox was not read or
    an alarm stands, 3 no mailbox could be read or the database is locked.
    """
    from mailbot import daemon
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.logs import configure
    from mailbot.errors import UserError
    from mailbot.systemd import Manager
    from mailbot.wiring import ReloadableInstallation
    from mailbot.work.reading_round import Stopped

    config = load_config(config_path, task="run the daemon")
    # A pass at a time of one's choice would let clocks run out for everybody.
    require(actor(config), config.roles.administrators, "run passes")
    configure(as_json=as_json)
    if at is not None and not once:
        raise UserError("--at goes with --once; the daemon follows the clock")
    with ReloadableInstallation(config) as installed:
        if not once:
            daemon.serve(installed.context, reload=installed.reload, manager=Manager.from_environment())
            return 0
        try:
            report = daemon.single_pass(installed.context, instant(at, config.zone), _progress())
        except Stopped:
            return 3
    _print_report(report, chosen(lang, config), as_json=as_json)
    return exit_status(report)


def exit_status(report: "PassReport") -> int:
    """The command-line contract of `run`: 0 complete, 1 a person must act, 3 nothing could be read."""
    if report.mailboxes and len(report.unread) == len(report.mailboxes):
        return 3
    return 1 if report.alarms else 0


def _progress() -> Callable[[str], None]:
    """Shows on a terminal which mailbox is being read."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda address: click.echo(f"\r\x1b[K{address}\r", nl=False, err=True)


def _print_report(report: "PassReport", language: str, *, as_json: bool) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import emit_json, safe

    if as_json:
        emit_json(
            {
                "mailboxes": [
                    {"mailbox": one.mailbox, "new_messages": one.new_messages, "error": one.error}
                    for one in report.mailboxes
                ],
                "new_messages": report.new_messages,
                "holding_replies": report.holding_replies,
                "digests": report.digests,
                "sent": report.sent,
                "alarms": report.alarms,
            }
        )
        return
    read = len(report.mailboxes) - len(report.unread)
    click.echo(
        say(
            language,
            "run.done",
            read=read,
            mailboxes=len(report.mailboxes),
            new=report.new_messages,
            holding=report.holding_replies,
            digests=report.digests,
            sent=report.sent,
        )
    )
    for mailbox in report.unread:
        click.echo(say(language, "run.unread", mailbox=mailbox.mailbox, error=safe(mailbox.error)), err=True)
    for alarm in report.alarms:
        if alarm != "mailbox_not_read":
            click.echo(say(language, f"run.alarm_{alarm}"), err=True)


@click.command()
@click.option("--reason", default="", help="Why, for those who wonder later.")
@at_option
@by_option
@lang_option
@config_option
def pause(reason: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Kill switch: nothing leaves while paused; reading and clocks go on.

    \b
    Example:
      mailbot pause --reason "wrong template, being mended"
    """
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation

    config = load_config(config_path)
    who = actor(config, by)
    require(who, config.roles.administrators + config.roles.head_of_administration, "pause mailbot")
    with installation(config) as context:
        context.store.installation.pause(by=who.id, reason=reason, now=instant(at, config.zone))
    click.echo(say(chosen(lang, config), "pause.done"))


@click.command()
@at_option
@by_option
@lang_option
@config_option
def resume(at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """End a pause, also one that the circuit breaker made; what is queued leaves with the next pass."""
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation

    config = load_config(config_path)
    who = actor(config, by)
    require(who, config.roles.administrators + config.roles.head_of_administration, "resume sending")
    with installation(config) as context:
        was_paused = context.store.installation.resume(by=who.id, now=instant(at, config.zone))
    language = chosen(lang, config)
    click.echo(say(language, "resume.done") if was_paused else say(language, "resume.nothing"))
