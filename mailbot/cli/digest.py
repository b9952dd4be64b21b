"""`mailbot digest`: what a digest says now, printed, written as HTML, or sent."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from mailbot.cli.acting import Actor
    from mailbot.config.model import Config
    from mailbot.work.context import Context
    from mailbot.work.digest import Addressed

_KINDS = ("registrar", "staff", "officer", "head", "operator")

_TEXTS = {
    "sv": {
        "none": "Ingen har den uppgiften, eller ingen har något att besvara.",
        "queued": "I kö: den mailbot som redan arbetar skickar det med sin nästa genomgång.",
        "sent": "Skickat: {sent} av {count}. Resten har redan skickats i dag eller väntar i kön.",
    },
    "nb": {
        "none": "Ingen har den oppgaven, eller ingen har noe å besvare.",
        "queued": "I kø: den mailbot som allerede arbeider, sender det ved neste gjennomgang.",
        "sent": "Sendt: {sent} av {count}. Resten er allerede sendt i dag eller venter i køen.",
    },
    "en": {
        "none": "Nobody has that duty, or nobody owes an answer.",
        "queued": "Queued: the mailbot that is at work already sends it with its next pass.",
        "sent": "Sent: {sent} of {count}. The rest was sent earlier today or waits in the queue.",
    },
}


@click.command(short_help="Print or send a digest now.")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option("--unit", metavar="ID", help="Only this unit (registrar, officer).")
@click.option("--person", metavar="ID", help="Only this person (staff).")
@click.option("--print/--send", "only_print", default=True, help="Print it (default), or mail it to who reads it.")
@click.option("--html", "html_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the HTML to FILE.")
@at_option
@by_option
@json_option
@lang_option
@config_option
def digest(  # noqa: PLR0917 - one parameter per option
    kind: str,
    unit: str | None,
    person: str | None,
    only_print: bool,
    html_file: Path | None,
    at: str | None,
    by: str | None,
    as_json: bool,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """What the registrar, staff, mail officer, head or operator has to do now, as their morning mail says it.

    \b
    Examples:
      mailbot digest registrar --unit ks
      mailbot digest staff --person anna --html anna.html
      mailbot digest operator --send
    """
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.logs import configure
    from mailbot.wiring import installation

    config = load_config(config_path)
    configure(as_json=as_json)
    _check_names(config, unit, person)
    who, now = actor(config, by), instant(at, config.zone)
    with installation(config) as context:
        found = list(_found(context, kind, unit, person, who, now))
        if lang:
            found = [replace(one, language=lang) for one in found]
        if not only_print:
            _send(context, found, now, chosen(lang, config))
        elif html_file is not None:
            _write_html(context, found, html_file)
        else:
            _print(context, found, chosen(lang, config), as_json=as_json)


def _check_names(config: "Config", unit: str | None, person: str | None) -> None:
    if unit is not None and unit not in {one.id for one in config.units}:
        raise UserError(f"there is no unit {unit!r}; the configuration has {', '.join(one.id for one in config.units)}")
    if person is not None and config.person(person) is None:
        raise UserError(f"nobody in the directory has the id {person!r}; `mailbot person list` shows them")


def _found(
    context: "Context", kind: str, unit: str | None, person: str | None, who: "Actor", now: "datetime"
) -> Iterator["Addressed"]:
    """The digests asked for that `who` may read; staff who ask for no one in particular get their own."""
    from mailbot.cli.acting import require
    from mailbot.work.digest import KINDS, addressed

    if kind == "staff" and person is None and not who.is_administrator:
        person = who.person_id
    wanted = next(one for one in KINDS if one == kind)
    for one in addressed(context, now, wanted, unit=unit, person=person):
        require(who, _readers(context.config, one), f"read the digest {kind} of {one.about or one.recipient}")
        yield one


def _readers(config: "Config", one: "Addressed") -> tuple[str, ...]:
    """Who may read a digest besides administrators: those it is for, their deputies, and the head."""
    heads = config.roles.head_of_administration
    match one.kind:
        case "registrar":
            return (*config.unit(one.about).registrars, *heads)
        case "officer":
            return (*config.unit(one.about).mail_officers, *heads)
        case "head":
            return heads
        case _:
            return (one.recipient,)


def _send(context: "Context", found: list["Addressed"], now: "datetime", language: str) -> None:
    from mailbot.store.lock import AlreadyRunning, exclusive
    from mailbot.work.digest import digest_mail
    from mailbot.work.outbox import deliver_all

    if not context.enforcing and any(one.kind != "operator" for one in found):
        raise UserError(
            'nothing but the operator\'s digest leaves while mode = "observe"; print it, or set mode = "enforce"'
        )
    mails = [digest_mail(context, one, now) for one in found]
    context.store.outbox.enqueue(mails, now=now)
    waiting = {mail.dedup_key for mail in mails} & _states(context, "pending")
    try:
        # Two senders at a time could both take an attempt of the other for one whose answer was lost.
        with exclusive(context.config.paths.database):
            deliver_all(context, now)
    except AlreadyRunning:
        click.echo(_TEXTS[language]["queued"])
        return
    sent = waiting & _states(context, "sent")
    click.echo(_TEXTS[language]["sent"].format(sent=len(sent), count=len(mails)))


def _states(context: "Context", state: str) -> set[str]:
    return {item.dedup_key for item in context.store.outbox.list() if item.state == state}


def _write_html(context: "Context", found: list["Addressed"], path: Path) -> None:
    from mailbot.work.digest import render_digest

    if len(found) != 1:
        raise UserError(f"{len(found)} digests do not fit one HTML file; name one with --unit or --person")
    html = render_digest(context.config, context.templates, found[0]).html
    try:
        # Never over another file: behind sudo this writes with the service account's rights.
        with path.open("x", encoding="utf-8") as file:
            file.write(html)
    except FileExistsError:
        raise UserError(f"{path} exists already; choose another file") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); choose another file") from None


def _print(context: "Context", found: list["Addressed"], language: str, *, as_json: bool) -> None:
    from mailbot.cli.output import emit_json
    from mailbot.work.digest import render_digest

    if not found and not as_json:
        click.echo(_TEXTS[language]["none"])
    for number, one in enumerate(found):
        rendered = render_digest(context.config, context.templates, one)
        if as_json:
            emit_json(
                {
                    "kind": one.kind,
                    "about": one.about,
                    "to": one.email,
                    "subject": rendered.subject,
                    "count": one.digest.count,
                    "digest": asdict(one.digest),
                }
            )
            continue
        if number:
            click.echo("\n" + "=" * 78 + "\n")
        click.echo(f"{one.email}: {rendered.subject}\n\n{rendered.text}", nl=False)
