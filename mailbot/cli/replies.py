"""`mailbot replies`: who owes whom an answer, and what people decide about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from datetime import datetime

    from mailbot.cli.acting import Actor
    from mailbot.config.model import Config
    from mailbot.store.records import Obligation, ObligationState, ProposedAnswer
    from mailbot.work.context import Context

STATES: "tuple[ObligationState, ...]" = ("open", "answered", "dismissed")


@click.group()
def replies() -> None:
    """Open obligations: list, show, assign, answered, dismiss, reopen."""


@replies.command("list")
@click.option("--state", type=click.Choice([*STATES, "all"]), default="open", show_default=True)
@click.option("--unit", metavar="ID", help="Only this unit.")
@click.option("--person", metavar="ID", help="Only what this person owes.")
@at_option
@json_option
@lang_option
@config_option
def list_replies(
    state: str,
    unit: str | None,
    person: str | None,
    at: str | None,
    as_json: bool,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """Obligations, the most urgent first.

    \b
    Examples:
      mailbot replies list
      mailbot replies list --person anna --json
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.fields import shown
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json, table
    from mailbot.wiring import installation
    from mailbot.work.digest_lines import is_overdue, runs_out_on

    config = load_config(config_path)
    states = STATES if state == "all" else (cast("ObligationState", state),)
    with installation(config) as context:
        found = context.store.obligations.list(states=states, unit=unit, assignee=person)
        proposed = context.store.obligations.proposed_answers([one.ref for one in found])
    if as_json:
        for one in found:
            emit_json(as_contract(one, proposed.get(one.ref)))
        return
    language, today = chosen(lang, config), instant(at, config.zone).astimezone(config.zone).date()
    columns = ("ref", "due_on", "state", "proposed_answer_at", "assignee", "mailbox", "asker", "subject")
    table(
        [say(language, f"replies.{column}") for column in columns],
        [
            (
                one.ref,
                f"{runs_out_on(one) or '-'}{' !' if one.state == 'open' and is_overdue(one, today) else ''}",
                shown("state", one.state, language),
                proposed[one.ref].at.astimezone(config.zone).date().isoformat() if one.ref in proposed else "-",
                one.assignee or "-",
                one.mailbox,
                one.asker if not one.confidential else "",
                say(language, "word.confidential") if one.confidential else one.subject or "",
            )
            for one in found
        ],
        empty=say(language, "replies.empty"),
    )


def as_contract(one: "Obligation", proposed: "ProposedAnswer | None" = None) -> dict[str, Any]:
    """The JSON fields that scripts rely on; no subject or sender of confidential mail."""
    sent = proposed if proposed and proposed.how == "sent" else None
    marked = proposed if proposed and proposed.how == "marked" else None
    return {
        "ref": one.ref,
        "message_id": one.message_id,
        "mailbox": one.mailbox,
        "unit": one.unit,
        "state": one.state,
        "assignee": one.assignee or None,
        "received_at": one.received_at,
        "due_on": one.due_on,
        "document_due_on": one.document_due_on,
        "follow_up_on": one.follow_up_on,
        "acknowledged_at": one.acknowledged_at,
        "met_at": one.met_at,
        "met_by": one.met_by,
        "judged": one.judged,
        "confidential": one.confidential,
        "reason": one.reason,
        "proposed_answer_at": sent.at if sent else None,
        "proposed_answer_from": sent.mailbox if sent else None,
        "marked_answered_at": marked.at if marked else None,
        "marked_answered_in": marked.mailbox if marked else None,
    }


@replies.command()
@click.argument("ref")
@json_option
@lang_option
@config_option
def show(ref: str, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """One obligation with its clocks; for another authority's affair also what to write to the sender.

    \b
    Example:
      mailbot replies show B7KQ-2M9X
    """
    from mailbot.cli.fields import print_fields
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation
    from mailbot.work.passing_on import proposed_text

    config = load_config(config_path)
    with installation(config) as context:
        one = context.store.obligations.get(ref)
        proposed = context.store.obligations.proposed_answers([one.ref])
        passing_on = proposed_text(context, one)
    answer = as_contract(one, proposed.get(one.ref))
    answer["pass_on_text"] = passing_on.text if passing_on else None
    if as_json:
        emit_json(answer)
        return
    text = answer.pop("pass_on_text")
    print_fields(answer, "replies", chosen(lang, config), config.zone)
    if answer["marked_answered_at"]:
        click.echo(
            f"\n{say(chosen(lang, config), 'replies.please_confirm')}\n  mailbot replies answered {one.ref} --how mail"
        )
    if text:
        click.echo(f"\n{say(chosen(lang, config), 'replies.pass_on')}\n\n{text}")


@replies.command()
@click.argument("ref")
@click.argument("person")
@at_option
@by_option
@lang_option
@config_option
def assign(ref: str, person: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Move the duty to answer to PERSON, who is told by mail; the clock goes on.

    \b
    Example:
      mailbot replies assign B7KQ-2M9X anna
    """
    from mailbot.errors import UserError

    def act(context: "Context", one: "Obligation", who: "Actor", now: "datetime") -> None:
        context.store.obligations.assign(one.ref, person, by=who.id, now=now)

    config = load_config(config_path)
    if config.person(person) is None:
        raise UserError(f"nobody in the directory has the id {person!r}; `mailbot person list` shows them")
    _change(config, ref, at, by, lang, "replies.assigned", act)


@replies.command()
@click.argument("ref")
@click.option(
    "--how",
    type=click.Choice(["mail", "telephone", "visit", "letter", "other"]),
    default="other",
    show_default=True,
    help="How the answer was given.",
)
@at_option
@by_option
@lang_option
@config_option
def answered(ref: str, how: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """The asker has been answered in a way mailbot can't see, or by the mail that it proposes.

    \b
    Examples:
      mailbot replies answered B7KQ-2M9X --how telephone
      mailbot replies answered B7KQ-2M9X --how mail     the mail that `replies show` proposes was the answer
    """

    def act(context: "Context", one: "Obligation", who: "Actor", now: "datetime") -> None:
        store = context.store.obligations
        # Where a sent mail or a mark is proposed as the answer, it was answered then.
        proposed = store.proposed_answers([one.ref]).get(one.ref) if how == "mail" else None
        store.answered(one.ref, how=how, by=who.id, now=now, at=proposed.at if proposed else None)

    _change(load_config(config_path), ref, at, by, lang, "replies.marked_answered", act)


@replies.command()
@click.argument("ref")
@click.option("--reason", required=True, help="Why no answer is owed; recorded.")
@at_option
@by_option
@lang_option
@config_option
def dismiss(ref: str, reason: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """No answer is owed.

    \b
    Example:
      mailbot replies dismiss B7KQ-2M9X --reason "advertising"
    """
    _change(
        load_config(config_path), ref, at, by, lang, "replies.was_dismissed",
        lambda context, one, who, now: context.store.obligations.dismiss(one.ref, reason=reason, by=who.id, now=now),
    )  # fmt: skip


@replies.command()
@click.argument("ref")
@at_option
@by_option
@lang_option
@config_option
def reopen(ref: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Undo `answered` or `dismiss`; the clock counts from the arrival as before."""
    _change(
        load_config(config_path), ref, at, by, lang, "replies.reopened",
        lambda context, one, who, now: context.store.obligations.reopen(one.ref, by=who.id, now=now),
    )  # fmt: skip


def _change(config: "Config", ref: str, at: str | None, by: str | None, lang: str | None, done: str, act: Any) -> None:
    """Look the obligation up, check that the actor may touch it, change it, say so."""
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation
    from mailbot.work.duties import may_change

    who = actor(config, by)
    with installation(config) as context:
        one = context.store.obligations.get(ref)
        require(who, may_change(config, one), "change this obligation")
        act(context, one, who, instant(at, config.zone))
    click.echo(say(chosen(lang, config), done, ref=one.ref))
