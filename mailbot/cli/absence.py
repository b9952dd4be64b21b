"""`mailbot absence`: who is away, who covers, and whether the automatic reply stands."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.absence_verify import verify
from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.cli.acting import Actor
    from mailbot.config.model import Config
    from mailbot.store.people_records import AbsenceState, StoredAbsence
    from mailbot.work.context import Context

_STATES = ("planned", "active", "proven", "broken", "ended", "cancelled")


@click.group()
def absence() -> None:
    """Who is away which week, who covers, and whether the automatic reply stands.

    \b
    Plan one:    mailbot setup-autoreply
    """


@absence.command("list")
@click.option("--person", "who", metavar="PERSON", help="Only this person's.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Repeatable; default: what stands.")
@click.option("--all", "everything", is_flag=True, help="Ended and cancelled ones too.")
@click.option("--from", "from_", metavar="DAY", help="Away on this day or later.")
@click.option("--to", metavar="DAY", help="Away on this day or earlier.")
@json_option
@at_option
@lang_option
@config_option
def list_(
    *,
    who: str | None,
    states: tuple["AbsenceState", ...],
    everything: bool,
    from_: str | None,
    to: str | None,
    as_json: bool,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """Absences by their first day: one line for each week, weeks without a cover marked.

    \b
    Examples:
      mailbot absence list
      mailbot absence list --from "v. 30" --to "v. 33"
      mailbot absence list --all --json | jq -r .ref
    """
    from mailbot.cli.absence_answers import day_from
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.cli.people import find_person
    from mailbot.store.absences import STANDING
    from mailbot.wiring import installation

    config = load_config(config_path)
    today = instant(at, config.zone).astimezone(config.zone).date()
    wanted = None if everything else states or STANDING
    earliest = day_from(from_, "--from", today=today) if from_ else None
    latest = day_from(to, "--to", today=today, not_before=earliest) if to else None
    if to and "v" in to.lower() and latest is not None:
        latest += timedelta(days=6)  # a week ends on its Sunday
    person = find_person(config, who).id if who else None
    with installation(config) as context:
        found = context.store.absences.list(states=wanted, person=person, from_=earliest, to=latest)
        if as_json:
            for stored in found:
                emit_json(as_row(context, stored))
            return
        _print_weeks(context, found, chosen(lang, config))


@absence.command()
@click.argument("ref")
@click.option("--ics", is_flag=True, help="Print it as a calendar file.")
@click.option("--text", is_flag=True, help="Print the automatic reply alone.")
@click.option("--telephone", is_flag=True, help="Print the text for the voicemail.")
@json_option
@at_option
@lang_option
@config_option
def show(
    *,
    ref: str,
    ics: bool,
    text: bool,
    telephone: bool,
    as_json: bool,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """One absence with its covers' answers and its texts.

    \b
    Examples:
      mailbot absence show B7KQ-2M9X
      mailbot absence show B7KQ-2M9X --telephone
      mailbot absence show B7KQ-2M9X --ics > leave.ics
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation
    from mailbot.work.absence_mails import event_of
    from mailbot.work.absence_texts import auto_reply, voicemail

    config = load_config(config_path)
    with installation(config) as context:
        stored = context.store.absences.get(ref)
        reply = auto_reply(config, context.templates, stored.absence)
        if ics:
            click.echo(event_of(context, stored, instant(at, config.zone)), nl=False)
        elif text:
            click.echo(reply.lines, nl=False)
        elif telephone:
            click.echo(voicemail(config, context.templates, stored.absence).lines, nl=False)
        elif as_json:
            emit_json({**as_row(context, stored), "text": reply.lines})
        else:
            _print_one(context, stored, reply.lines, chosen(lang, config))


@absence.command()
@click.argument("ref")
@by_option
@json_option
@at_option
@lang_option
@config_option
def cancel(
    *, ref: str, by: str | None, as_json: bool, at: str | None, lang: str | None, config_path: Path | None
) -> None:
    """Take an absence back, or end it early: the person, their manager, administrators.

    What was installed is removed, own settings come back, covers and switchboard are told.

    \b
    Example:
      mailbot absence cancel B7KQ-2M9X
    """
    from mailbot.cli.absence_installing import take_away
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation
    from mailbot.work.absence_mails import tell_cancelled

    config = load_config(config_path)
    language, now, acting = chosen(lang, config), instant(at, config.zone), actor(config, by)
    with installation(config) as context:
        stored = context.store.absences.get(ref)
        require_near(config, acting, stored.absence.person, say(language, "absence.not_yours", name="{name}"))
        context.store.absences.cancel(stored.ref, by=acting.id, now=now)
        take_away(context, context.store.absences.get(stored.ref), language)
        tell_cancelled(context, stored, now)
        if as_json:
            emit_json(as_row(context, context.store.absences.get(stored.ref)))
        else:
            click.echo(say(language, "absence.cancelled", ref=stored.ref))


def require_near(config: "Config", acting: "Actor", person_id: str, refusal: str) -> None:
    """Refuse unless it is the acting person's own, or they lead the person, or administer."""
    person = config.person(person_id)
    near = {person_id, person.manager if person else ""} - {""}
    if not acting.is_administrator and acting.person_id not in near:
        raise UserError(refusal.format(name=person.name if person else person_id))


def as_row(context: "Context", stored: "StoredAbsence") -> dict[str, Any]:
    """An absence for machines; `covers` has every week that needs one, null where nobody covers."""
    from mailbot.policy.absence import weeks
    from mailbot.policy.workdays import WorkCalendar

    planned = stored.absence
    needed = weeks(planned.from_, planned.back, WorkCalendar(context.config.policy.calendar))
    named = {cover.week: cover for cover in stored.covers}
    return {
        "ref": stored.ref,
        "person": planned.person,
        "from": planned.from_,
        "back": planned.back,
        "option": planned.option.value,
        "colleague": planned.colleague or None,
        "covers": {week: named[week].person if week in named else None for week in needed},
        "answers": {week: named[week].state if week in named else None for week in needed},
        "gaps": [week for week in needed if week not in named],
        "state": stored.state,
        "text_version": stored.text_version,
        "created_by": stored.created_by,
        "created_at": stored.created_at,
    }


def _print_weeks(context: "Context", found: "Sequence[StoredAbsence]", language: str) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import table

    keys = ("ref", "person", "from", "back", "option", "covers", "state")
    rows = [line for stored in found for line in _lines(context, stored, language)]
    headings = [say(language, f"absence.{key}") for key in keys]
    table(headings, rows, empty=say(language, "absence.empty"))


def _lines(context: "Context", stored: "StoredAbsence", language: str) -> list[tuple[object, ...]]:
    """One line per week; what does not change stands on the first only."""
    row = as_row(context, stored)
    first: tuple[object, ...] = (
        stored.ref,
        _name(context, row["person"]),
        row["from"],
        row["back"],
        row["option"],
    )
    state = _word(language, f"state_{stored.state}")
    lines: list[tuple[object, ...]] = []
    for week in row["covers"]:
        front = first if not lines else ("",) * len(first)
        contact = f"{_week(language, week)} {_contact(context, row, week, language)}"
        lines.append((*front, contact, state if not lines else ""))
    return lines or [(*first, "", state)]


def _option(context: "Context", row: Mapping[str, Any]) -> str:
    colleague = row["colleague"]
    return f"{row['option']} {_name(context, colleague)}" if colleague else str(row["option"])


def _print_one(context: "Context", stored: "StoredAbsence", text: str, language: str) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import safe

    row = as_row(context, stored)
    fields: dict[str, object] = {
        "ref": stored.ref,
        "person": _name(context, row["person"]),
        "from": _day(context, row["from"], language),
        "back": _day(context, row["back"], language),
        "option": _option(context, row),
        "state": _word(language, f"state_{stored.state}"),
        "text_version": stored.text_version,
        "created_by": stored.created_by,
    }
    for key, value in fields.items():
        click.echo(safe(f"{say(language, f'absence.{key}'):16} {value}"))
    for week in row["covers"]:
        click.echo(safe(f"{_week(language, week):16} {_contact(context, row, week, language)}"))
    click.echo()
    for line in text.splitlines():
        click.echo(f"    {safe(line)}".rstrip())


def _contact(context: "Context", row: Mapping[str, Any], week: str, language: str) -> str:
    """Who covers a week, with what they answered; or that nobody does."""
    person, answer = row["covers"][week], row["answers"][week]
    if person is None:
        return _word(language, "gap")
    return f"{_name(context, person)} ({_word(language, f'cover_{answer}')})"


def _name(context: "Context", person_id: str) -> str:
    person = context.config.person(person_id)
    return person.name if person else person_id


def _day(context: "Context", day: date, language: str) -> str:
    return context.templates.words(language).day(day)


def _week(language: str, week: str) -> str:
    from mailbot.cli.language import say
    from mailbot.policy.absence import week_number

    return say(language, "absence.weeks", week=week_number(week))


def _word(language: str, key: str) -> str:
    from mailbot.cli.language import catalogue

    return catalogue(language)[f"absence.{key}"]


absence.add_command(verify)
