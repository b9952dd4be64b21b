"""`mailbot attest`: who checked which authority mailbox on which working day."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from mailbot.cli.acting import Actor
    from mailbot.config.model import Config, MailboxSettings
    from mailbot.store.people_records import Attestation
    from mailbot.work.context import Context
    from mailbot.work.daily_check import CheckDay

_DAYS_LISTED = 7


@click.command(short_help="Say that an authority mailbox was checked, or list who did.")
@click.argument("mailbox", required=False)
@click.option("--on", "on", metavar="DATE", help="The day it was checked (default: today); later it counts as late.")
@click.option("--withdraw", is_flag=True, help="The attestations of that day were wrong.")
@at_option
@by_option
@json_option
@lang_option
@config_option
def attest(
    mailbox: str | None,
    on: str | None,
    withdraw: bool,
    at: str | None,
    by: str | None,
    as_json: bool,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """Say that a person has checked an authority mailbox: the unit's mail officers and deputies, whoever the head has
    named, the head, and administrators may.

    Without MAILBOX: every authority mailbox on the last seven days, or on the day --on.

    \b
    Examples:
      mailbot attest kommunen@bjurholm.example
      mailbot attest kommunen@bjurholm.example --on 2026-05-12
      mailbot attest --json
    """
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.dates import day_option
    from mailbot.cli.language import chosen
    from mailbot.wiring import installation

    config = load_config(config_path)
    now = instant(at, config.zone)
    today = now.astimezone(config.zone).date()
    day, language = day_option(on, "--on"), chosen(lang, config)
    if mailbox is None:
        with installation(config) as context:
            _list(context, day or today - timedelta(days=_DAYS_LISTED - 1), day or today, now, language, as_json)
        return
    settings, who = _mailbox(config, mailbox), actor(config, by)
    with installation(config) as context:
        _require(context, who, settings, day or today)
        if withdraw:
            _withdraw(context, who, settings, day or today, now, language)
        else:
            _attest(context, who, settings, day or today, now, language, as_json)


def _mailbox(config: "Config", address: str) -> "MailboxSettings":
    from mailbot.work.daily_check import authority_mailboxes

    found = config.mailbox(address)
    if found is None:
        boxes = ", ".join(one.address for one in authority_mailboxes(config)) or "none"
        raise UserError(f"there is no mailbox {address!r}; the authority mailboxes are: {boxes}")
    return found


def _require(context: "Context", who: "Actor", mailbox: "MailboxSettings", day: date) -> None:
    from mailbot.cli.acting import require
    from mailbot.work.daily_check import may_attest

    require(who, may_attest(context, mailbox, day), f"attest the check of {mailbox.address}")


def _attest(
    context: "Context",
    who: "Actor",
    mailbox: "MailboxSettings",
    day: date,
    now: "datetime",
    language: str,
    as_json: bool,
) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import emit_json, safe
    from mailbot.work.daily_check import attest as note

    check = note(context, mailbox, day, person=who.person_id or "", how="command", by=who.id, at=now)
    if as_json:
        emit_json(_attestation(check))
        return
    key = "attest.done_late" if check.late else "attest.done"
    click.echo(say(language, key, mailbox=safe(mailbox.address), day=day))


def _withdraw(
    context: "Context", who: "Actor", mailbox: "MailboxSettings", day: date, now: "datetime", language: str
) -> None:
    from mailbot.cli.language import say

    count = context.store.daily_checks.withdraw(mailbox.address, day, by=who.id, now=now)
    key = "attest.withdrawn" if count else "attest.nothing_to_withdraw"
    click.echo(say(language, key, mailbox=mailbox.address, day=day))


def _list(context: "Context", first: date, last: date, now: "datetime", language: str, as_json: bool) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import emit_json, table
    from mailbot.work.daily_check import check_days

    found = check_days(context, first, last, now)
    if as_json:
        for one in found:
            emit_json(as_contract(one))
        return
    columns = ("day", "mailbox", "state", "checked_by", "how", "at", "read_at")
    table(
        [say(language, f"attest.{column}") for column in columns],
        [_row(context.config, one, language) for one in found],
        empty=say(language, "attest.empty"),
    )


def _row(config: "Config", one: "CheckDay", language: str) -> Sequence[object]:
    from mailbot.cli.language import say
    from mailbot.cli.output import local

    check = one.check
    person = config.person(check.person if check else one.checker or "")
    name = person.name if person else (check.person if check else "")
    read_at = local(one.reading.last_read_at if one.reading else None, config.zone)
    return (
        one.day,
        one.mailbox,
        say(language, f"attest.{one.state}"),
        name if check or not name else say(language, "attest.should", name=name),
        say(language, f"attest.how_{check.how}") if check else "",
        local(check.at if check else None, config.zone),
        read_at,
    )


def as_contract(one: "CheckDay") -> dict[str, Any]:
    """A check as --json shows it."""
    return {
        "mailbox": one.mailbox,
        "unit": one.unit,
        "on": one.day,
        "state": one.state,
        "first_read_at": one.reading.first_read_at if one.reading else None,
        "last_read_at": one.reading.last_read_at if one.reading else None,
        "should_check": one.checker,
        "checks": [_attestation(check) for check in one.checks],
    }


def _attestation(check: "Attestation") -> dict[str, Any]:
    return {
        "mailbox": check.mailbox,
        "on": check.day,
        "by": check.person or None,
        "how": check.how,
        "at": check.at,
        "late": check.late,
    }
