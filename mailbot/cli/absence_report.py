"""What `setup-autoreply` shows: the finished text before the last question, and afterwards what will happen when."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from mailbot.cli.absence import as_row
from mailbot.cli.absence_answers import Draft
from mailbot.cli.acting import is_behind_sudo
from mailbot.cli.language import say
from mailbot.cli.output import emit_json, safe
from mailbot.errors import UserError
from mailbot.policy.absence_model import Finding
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_mails import event_of
from mailbot.work.absence_plan import sentence
from mailbot.work.absence_texts import auto_reply
from mailbot.work.context import Context


def refuse_file_behind_sudo(ics: Path | None) -> None:
    """Behind sudo mailbot would write the file with the rights of the service account."""
    if ics is not None and is_behind_sudo():
        raise UserError(f"--ics works without sudo only; later `mailbot absence show REF --ics > {ics}` does the same")


def show_plan(context: Context, draft: Draft, findings: Sequence[Finding], language: str) -> None:
    """The finished text, and what is worth knowing."""

    absence = draft.request().planned(draft.calendar)
    click.echo(f"\n{say(language, 'setup_autoreply.text')}\n")
    for line in auto_reply(context.config, context.templates, absence).lines.splitlines():
        click.echo(f"    {safe(line)}".rstrip())
    click.echo()
    words = context.templates.words(language)
    for finding in findings:
        click.echo(safe(say(language, "setup_autoreply.warning", text=sentence(words, finding))))


def report(
    context: Context, stored: StoredAbsence, language: str, now: datetime, *, ics: Path | None, as_json: bool
) -> None:
    """What was saved, and in one line what will happen when."""

    file = _write_event(context, stored, now, ics)
    if as_json:
        emit_json(as_row(context, stored))
        if not context.enforcing:
            click.echo(say(language, "setup_autoreply.observing"), err=True)
        return
    click.echo(say(language, "setup_autoreply.stored", ref=stored.ref))
    person = context.config.person(stored.absence.person)
    email = person.email if person else ""
    if file is not None:
        click.echo(say(language, "setup_autoreply.event", file=file))
    elif context.enforcing:
        click.echo(say(language, "setup_autoreply.event_mailed", email=email, ref=stored.ref))
    if not context.enforcing:
        click.echo(say(language, "setup_autoreply.observing"))
        return
    words = context.templates.words(language)
    ids = dict.fromkeys([*(cover.person for cover in stored.covers), stored.absence.colleague])
    names = [known.name for one in ids if (known := context.config.person(one)) is not None]
    if context.config.roles.switchboard:
        names.append(say(language, "setup_autoreply.switchboard"))
    told = say(language, "setup_autoreply.told", names=", ".join(names)) if names else ""
    days = {"from_": words.day(stored.absence.from_), "back": words.day(stored.absence.back)}
    line = say(language, "setup_autoreply.happens", **days, told=told)
    click.echo(safe(line[:1].upper() + line[1:]))


def _write_event(context: Context, stored: StoredAbsence, now: datetime, ics: Path | None) -> Path | None:
    """The .ics beside the person; behind sudo, with the rights of the service, it is only mailed."""
    if is_behind_sudo():
        return None
    path = ics or Path(f"absence-{stored.absence.from_.isoformat()}.ics")
    try:
        path.write_bytes(event_of(context, stored, now))
    except OSError:
        return None
    return path
