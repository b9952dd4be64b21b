"""Installing right after saving, while the person is there to be asked about their own rules."""

from datetime import datetime

import click

from mailbot.cli.language import say
from mailbot.cli.output import safe
from mailbot.cli.prompting import confirm
from mailbot.errors import MailbotError, TransientError
from mailbot.platforms.own_rules import OwnRulesConflict
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_install import install, uninstall
from mailbot.work.absence_notices import problem_words
from mailbot.work.absence_upkeep import verify_now
from mailbot.work.context import Context


def put_in_place(
    context: Context, stored: StoredAbsence, language: str, now: datetime, *, attended: bool, accept: bool = False
) -> int:
    """Install, read back, and say so; the exit status. What fails for now is tried again by the daemon.

    Where the person's own rules stand against it, a copy of them without that is used when they agree (`attended`, or
    `accept` beforehand); their own stay as they are and count again afterwards.
    """
    try:
        how = install(context, stored, now).how
    except OwnRulesConflict as conflict:
        return _settle_conflict(context, stored, language, now, conflict, attended=attended, accept=accept)
    except MailbotError as error:
        return _told_trouble(language, error)
    if how != "observe":
        click.echo(say(language, f"setup_autoreply.installed_{how}"), err=not attended)
    return _read_back(context, stored, language, now) if how == "server" else 0


def take_away(context: Context, stored: StoredAbsence, language: str) -> None:
    """Remove what was installed, now; the daemon goes on where the server does not answer."""
    try:
        uninstall(context, stored)
    except MailbotError as error:
        _told_trouble(language, error)


def _read_back(context: Context, stored: StoredAbsence, language: str, now: datetime) -> int:
    found = verify_now(context, stored, now, probe=False)
    words = context.templates.words(language)
    for problem in found.problems:
        click.echo(safe(say(language, "setup_autoreply.warning", text=problem_words(words, problem))), err=True)
    return 1 if found.problems else 0


def _settle_conflict(
    context: Context,
    stored: StoredAbsence,
    language: str,
    now: datetime,
    conflict: OwnRulesConflict,
    *,
    attended: bool,
    accept: bool,
) -> int:
    words = context.templates.words(language)
    problem = problem_words(words, f"hindered:{conflict.reason}")
    click.echo(safe(say(language, "setup_autoreply.warning", text=problem)), err=True)
    if conflict.proposal is None or not (accept or (attended and _agreed(conflict.proposal, language))):
        click.echo(say(language, "setup_autoreply.own_rules_stay", ref=stored.ref), err=True)
        return 1
    try:
        install(context, stored, now, accepted=conflict.proposal)
    except MailbotError as error:
        return _told_trouble(language, error)
    click.echo(say(language, "setup_autoreply.installed_server"), err=not attended)
    return _read_back(context, stored, language, now)


def _agreed(proposal: str, language: str) -> bool:
    click.echo(f"{say(language, 'setup_autoreply.own_rules_copy')}\n")
    for line in proposal.splitlines():
        click.echo(f"    {safe(line)}".rstrip())
    no_yes, yes_no = say(language, "setup_autoreply.no_yes"), say(language, "setup_autoreply.yes_no")
    try:
        return confirm(say(language, "setup_autoreply.own_rules_ask"), no_yes, yes_no)
    except click.Abort:
        return False


def _told_trouble(language: str, error: MailbotError) -> int:
    """The words of the server, and that it is tried again."""
    click.echo(safe(say(language, "setup_autoreply.not_installed", text=error)), err=True)
    return 0 if isinstance(error, TransientError) else 1
