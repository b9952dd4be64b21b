"""The fields of one item for people: local times, and words instead of the fixed names that scripts get."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from mailbot.cli.language import catalogue, say
from mailbot.cli.output import local, safe

if TYPE_CHECKING:
    from mailbot.policy.model import Decision


def print_fields(answer: Mapping[str, Any], family: str, language: str, zone: ZoneInfo) -> None:
    """One line per field that has a value; headings are the texts of `family`."""
    for key, value in answer.items():
        if value is not None:
            click.echo(f"{say(language, f'{family}.{key}'):26} {shown(key, value, language, zone)}")


def shown(key: str, value: object, language: str, zone: ZoneInfo | None = None) -> str:
    """One value as people read it."""
    if value is None:
        return say(language, "word.unknown")
    if isinstance(value, bool):
        return say(language, "word.yes" if value else "word.no")
    if isinstance(value, datetime) and zone is not None:
        return local(value, zone)
    if isinstance(value, list | tuple):
        return safe(", ".join(map(str, value)))
    if key == "kind":
        return kind_word(str(value), language)
    return safe(catalogue(language).get(f"value.{value}", value))


def judged(decision: "Decision") -> dict[str, Any]:
    """What was decided about a message, for machines; the same wherever a decision is shown."""
    return {
        "automatic": decision.automatic,
        "automatic_reason": decision.automatic_reason,
        "answer_allowed": decision.answer_allowed,
        "needs_reply": decision.needs_reply,
        "due_on": decision.due_on,
        "document_due_on": decision.document_due_on,
        "diarise": decision.diarise,
        "kind": decision.kind,
        "confidential": decision.confidential,
    }


def kind_word(kind: str, language: str) -> str:
    """The kind of a document or outgoing mail in words."""
    from mailbot.render.templates import Templates

    words = Templates(None, language).words(language)
    in_mail = words.word(kind, "kinds")
    return in_mail if in_mail != kind else words.word(kind, "outbox")
