"""`mailbot setup-autoreply`: what staff do before leave. Every question is also an option."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.cli.absence_answers import Draft
    from mailbot.cli.acting import Actor
    from mailbot.config.model import Config, PersonSettings
    from mailbot.policy.absence_model import Finding
    from mailbot.store.people_records import StoredAbsence
    from mailbot.work.context import Context


@click.command("setup-autoreply")
@click.option("--for", "who", metavar="PERSON", help="For somebody else: administrators, and the person's manager.")
@click.option("--from", "from_", metavar="DAY", help="First day away: 2026-07-20, 20/7, v. 30, i morgon.")
@click.option("--back", metavar="DAY", help="First day back at work, written likewise.")
@click.option("--reason", metavar="REASON", help="leave, trip, course, illness or other; never shown, not kept.")
@click.option("--option", "letter", metavar="LETTER", help="A, B, C or D: how the mail is looked after (see above).")
@click.option("--colleague", metavar="PERSON", help="Who checks the mailbox (A) or gets the mail (C).")
@click.option(
    "--cover", "covers", multiple=True, metavar="WEEK=PERSON", help="Contact of a week; PERSON alone: of all."
)
@click.option("--extend", "on_overlap", flag_value="extend", help="Make one absence of this and the one there is.")
@click.option("--replace", "on_overlap", flag_value="replace", help="Put this in place of the one there is.")
@click.option("--change", metavar="REF", help="Change a planned absence; what is not named stays.")
@click.option("--ics", "ics", type=click.Path(path_type=Path, dir_okay=False), help="Where the calendar event goes.")
@click.option("--yes", is_flag=True, help="Ask nothing: save when nothing stands against it.")
@click.option("--accept-copy", is_flag=True, help="With --yes: a copy of your own rules may stand in for them.")
@json_option
@at_option
@lang_option
@config_option
def setup_autoreply(
    *,
    who: str | None,
    from_: str | None,
    back: str | None,
    reason: str | None,
    letter: str | None,
    colleague: str | None,
    covers: tuple[str, ...],
    on_overlap: str | None,
    change: str | None,
    ics: Path | None,
    yes: bool,
    accept_copy: bool,
    as_json: bool,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> int:
    """Plan an absence: the automatic reply, who looks after your mail, and whom to turn to in each week.

    Asks for what the options leave open, shows the finished reply, and saves after one last question. Ctrl-C at any
    question leaves nothing behind.

    \b
    How the mail is looked after (--option):
      A  a colleague checks the mailbox
      B  it is forwarded to the authority mailbox
      C  it is forwarded to a colleague
      D  I read it myself every day

    \b
    Examples:
      mailbot setup-autoreply
      mailbot setup-autoreply --from 20/7 --back "v. 33" --option B --cover bo
      mailbot setup-autoreply --from 2026-07-20 --back 2026-08-10 --option A --colleague bo \\
          --cover 2026-W30=bo --cover 2026-W31=cia --cover 2026-W32=bo --yes
      mailbot setup-autoreply --for anna --from today --back v31 --reason illness --option B --cover bo
      mailbot setup-autoreply --change B7KQ-2M9X --cover 2026-W31=dan --yes
    """
    from mailbot.cli.absence_installing import put_in_place
    from mailbot.cli.absence_report import refuse_file_behind_sudo, report
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen
    from mailbot.cli.people import find_person
    from mailbot.wiring import installation

    refuse_file_behind_sudo(ics)
    config = load_config(config_path)
    language = chosen(lang, config)
    acting, now = actor(config), instant(at, config.zone)
    with installation(config) as context:
        changed = context.store.absences.get(change) if change else None
        owner = who or (changed.absence.person if changed else acting.person_id)
        person = _allowed(acting, find_person(config, owner) if owner else None, language)
        draft = _draft(config, acting, person, now)
        _take_options(config, draft, from_, back, reason, letter, colleague)
        if changed is not None:
            _require_theirs(changed, person)
            draft.fill_from(changed)
        draft.on_overlap = draft.on_overlap or on_overlap  # type: ignore[assignment]
        _take_covers(config, context, draft, covers)
        warnings = _finish(context, draft, language, now, yes=yes, quiet=as_json)
        if warnings is None:
            return 1
        with _undisturbed():
            stored = _save(context, draft, acting, now)
        status = put_in_place(context, stored, language, now, attended=not yes, accept=accept_copy)
        report(context, context.store.absences.get(stored.ref), language, now, ics=ics, as_json=as_json)
    return status


def _allowed(acting: "Actor", person: "PersonSettings | None", language: str) -> "PersonSettings":
    """The person whose absence it is. UserError unless it is the acting person's own, or they lead or administer."""
    from mailbot.cli.language import say

    if person is None:
        raise UserError(say(language, "setup_autoreply.who"))
    if acting.is_administrator or (acting.person_id and acting.person_id in (person.id, person.manager)):
        return person
    raise UserError(say(language, "setup_autoreply.for_refused", name=person.name))


def _require_theirs(changed: "StoredAbsence", person: "PersonSettings") -> None:
    if changed.absence.person != person.id:
        raise UserError(f"{changed.ref} is the absence of {changed.absence.person}; leave out --for")


def _draft(config: "Config", acting: "Actor", person: "PersonSettings", now: datetime) -> "Draft":
    from mailbot.cli.absence_answers import Draft
    from mailbot.policy.workdays import WorkCalendar

    return Draft(
        person=person.id,
        by_another=acting.person_id != person.id,
        today=now.astimezone(config.zone).date(),
        calendar=WorkCalendar(config.policy.calendar),
    )


def _take_options(
    config: "Config",
    draft: "Draft",
    from_: str | None,
    back: str | None,
    reason: str | None,
    letter: str | None,
    colleague: str | None,
) -> None:
    """Answers given as options. UserError for what cannot be read."""
    from mailbot.cli.absence_answers import day_from, read_option, read_reason, the_person

    if from_:
        draft.from_ = day_from(from_, "--from", today=draft.today)
    if back:
        draft.back = day_from(back, "--back", today=draft.today, not_before=draft.from_)
    if reason and (read := read_reason(reason)) is None:
        raise UserError(f"--reason {reason!r}: write leave, trip, course, illness or other")
    draft.reason = read if reason else None
    if letter and (option := read_option(letter)) is None:
        raise UserError(f"--option {letter!r}: write A, B, C or D")
    draft.option = option if letter else None
    if colleague:
        draft.colleague = the_person(config, colleague, "--colleague")


def _take_covers(config: "Config", context: "Context", draft: "Draft", covers: Sequence[str]) -> None:
    """--cover, once the weeks are known; an absence that is there already counts with its own."""
    from mailbot.cli.absence_answers import covers_from
    from mailbot.work.absence_plan import overlapping

    if draft.on_overlap and not draft.existing and draft.from_ and draft.back:
        draft.existing = overlapping(context, draft.request())
    needed = draft.weeks if draft.from_ and draft.back else ()
    given = covers_from(covers, config, needed, draft.from_ or draft.today)
    if any("=" not in cover for cover in covers) and not (draft.from_ and draft.back):
        raise UserError("--cover PERSON for all weeks needs --from and --back beside it")
    draft.covers |= given


def _finish(
    context: "Context", draft: "Draft", language: str, now: datetime, *, yes: bool, quiet: bool
) -> "tuple[Finding, ...] | None":
    """Ask what is open, show the text and the warnings, and ask once; None when it is refused (told already)."""
    from mailbot.cli.absence_report import show_plan
    from mailbot.cli.absence_wizard import Wizard
    from mailbot.cli.language import say
    from mailbot.cli.prompting import confirm

    if yes:
        return _unattended(context, draft, language, now, quiet=quiet)
    person = context.config.person(draft.person)
    click.echo(say(language, "setup_autoreply.intro", name=person.name if person else draft.person))
    findings = Wizard(context, draft, language, now).complete()
    show_plan(context, draft, findings, language)
    key = "setup_autoreply.save" if context.enforcing else "setup_autoreply.save_observe"
    no_yes, yes_no = say(language, "setup_autoreply.no_yes"), say(language, "setup_autoreply.yes_no")
    if not confirm(say(language, key), no_yes, yes_no):
        raise click.Abort
    return findings


def _unattended(
    context: "Context", draft: "Draft", language: str, now: datetime, *, quiet: bool
) -> "tuple[Finding, ...] | None":
    from mailbot.cli.absence_report import show_plan
    from mailbot.cli.absence_wizard import option_for
    from mailbot.cli.language import say
    from mailbot.cli.output import safe
    from mailbot.work.absence_plan import examine, sentence

    missing = {"--from": draft.from_, "--back": draft.back, "--option": draft.option}
    if not all(missing.values()):
        options = ", ".join(name for name, value in missing.items() if not value)
        raise UserError(say(language, "setup_autoreply.missing", options=options))
    findings = examine(context, draft.request(), now)
    refusals = [finding for finding in findings if finding.refused]
    if refusals:
        words = context.templates.words(language)
        click.echo(say(language, "setup_autoreply.refusals"), err=True)
        for finding in refusals:
            click.echo(safe(say(language, "setup_autoreply.refused", text=sentence(words, finding))), err=True)
            click.echo(say(language, "setup_autoreply.hint", option=option_for(finding.question)), err=True)
        return None
    if not quiet:
        show_plan(context, draft, findings, language)
    return findings


def _save(context: "Context", draft: "Draft", acting: "Actor", now: datetime) -> "StoredAbsence":
    from mailbot.work.absence_mails import tell
    from mailbot.work.absence_plan import save

    stored = save(context, draft.request(), by=acting.id, now=now)
    tell(context, stored, now)
    return context.store.absences.get(stored.ref)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """From the last question on Ctrl-C waits: what was agreed is saved and told together."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
