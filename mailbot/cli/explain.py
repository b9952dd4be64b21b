"""`mailbot explain`: the recorded decision about a message, and what became of it (invariant 8)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.policy.model import Verdict
    from mailbot.store.records import RecordedDecision
    from mailbot.store.store import Store


@click.command()
@click.argument("ref")
@json_option
@lang_option
@config_option
def explain(ref: str, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """The recorded decision of a message that was processed, and what became of it.

    REF is a reference such as B7KQ-2M9X, or a Message-ID.

    \b
    Examples:
      mailbot explain B7KQ-2M9X
      mailbot explain '<CAF=1234@mail.example>' --json
    """
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.errors import UserError
    from mailbot.wiring import installation

    config = load_config(config_path)
    with installation(config) as context:
        story = _story(context.store, ref)
    if story is None:
        raise UserError(
            f"nothing recorded under {ref}; `mailbot replies list` and `mailbot diary list` show references"
        )
    if as_json:
        emit_json(story)
    else:
        _print(story, chosen(lang, config), config.zone)


def _story(store: "Store", ref: str) -> dict[str, Any] | None:
    message = store.messages.find(ref)
    if message is None:
        return None
    return {
        "ref": message.ref,
        "message_id": message.message_id,
        "received_at": message.received_at,
        "direction": message.direction,
        "unparsable": message.unparsable,
        "deliveries": [
            {"mailbox": one.mailbox, "folder": one.folder} for one in store.messages.deliveries(message.ref)
        ],
        "decisions": [_decision(recorded) for recorded in store.messages.decisions(message.ref)],
        "replies": [
            {"ref": one.ref, "unit": one.unit, "state": one.state, "assignee": one.assignee, "due_on": one.due_on,
             "acknowledged_at": one.acknowledged_at, "met_at": one.met_at, "met_by": one.met_by, "reason": one.reason}
            for one in store.obligations.of_message(message.ref)
        ],
        "diary": [
            {"ref": one.ref, "unit": one.unit, "state": one.state, "number": one.number, "reason": one.reason,
             "forwarded_at": one.forwarded_at, "settled_at": one.settled_at, "settled_by": one.settled_by}
            for one in store.diary.of_message(message.ref)
        ],
        "outbox": [
            {"ref": one.ref, "kind": one.kind, "state": one.state, "sent_at": one.sent_at}
            for one in store.outbox.of_message(message.ref)
        ],
        "audit": [
            {"at": one.at, "actor": one.actor, "action": one.action, "ref": one.ref, "detail": one.detail}
            for one in store.audit.of_message(message.ref)
        ],
    }  # fmt: skip


def _decision(recorded: "RecordedDecision") -> dict[str, Any]:
    from mailbot.cli.fields import judged

    decision = recorded.decision
    return {
        "unit": recorded.unit,
        "mailbox": recorded.mailbox,
        "decided_at": recorded.decided_at,
        "read": decision.stage,
        **judged(decision),
        "reasons": [
            {"rule": verdict.rule, "points": verdict.points, "evidence": _place(verdict)}
            for verdict in decision.verdicts
        ],
        "actions": [action.name for action in decision.actions],
    }


def _place(verdict: "Verdict") -> str | None:
    """Where the evidence stands; the words themselves are not kept (invariant 6)."""
    evidence = verdict.evidence
    return f"{evidence.field}:{evidence.start}-{evidence.end}" if evidence else None


def _print(story: dict[str, Any], language: str, zone: Any) -> None:
    from mailbot.cli.fields import shown
    from mailbot.cli.language import say
    from mailbot.cli.output import local, safe

    click.echo(f"{story['ref']}  {safe(story['message_id'] or '-')}  {local(story['received_at'], zone)}")
    for place in story["deliveries"]:
        click.echo(f"  {say(language, 'explain.lies_in')} {place['mailbox']} / {safe(place['folder'])}")
    for decision in story["decisions"]:
        read = shown("read", decision["read"], language)
        click.echo(f"\n{local(decision['decided_at'], zone)}  {decision['mailbox']}  ({read})")
        for key in ("kind", "automatic", "needs_reply", "due_on", "document_due_on", "diarise", "confidential"):
            if decision[key] is not None:
                click.echo(f"  {say(language, f'assess.{key}'):26} {shown(key, decision[key], language)}")
        for reason in decision["reasons"]:
            click.echo(f"  {reason['points']:+5.1f}  {reason['rule']}  {reason['evidence'] or ''}")
    for heading in ("replies", "diary", "outbox"):
        for item in story[heading]:
            click.echo(f"\n{say(language, f'status.{heading}')}")
            for key, value in item.items():
                if value not in (None, ""):
                    click.echo(f"  {say(language, f'{heading}.{key}'):26} {shown(key, value, language, zone)}")
    click.echo()
    for line in story["audit"]:
        action = shown("action", line["action"], language)
        click.echo(f"{local(line['at'], zone)}  {line['actor']}  {action}  {line['ref'] or ''}")
