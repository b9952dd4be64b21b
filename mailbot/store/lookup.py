"""From what a person typed (a REF or a Message-ID) to the messages, obligations and diary items it names."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from mailbot.errors import UserError
from mailbot.store.references import References, parse_ref
from mailbot.store.tables import messages, unit_messages


class NotFound(UserError):
    """There is no such thing, or not yet: its mail may not have been read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message in one unit."""

    ref: str
    message_ref: str
    unit: str
    obligation_ref: str | None


def message_id_form(text: str) -> str | None:
    """`text` as a Message-ID with its angle brackets, or None when it cannot be one."""
    bare = text.strip().removeprefix("<").removesuffix(">")
    return f"<{bare}>" if "@" in bare else None


def message_refs(connection: Connection, references: References, text: str) -> list[str]:
    """The messages that a message ref, an item ref or a Message-ID names, oldest first."""
    ref, message_id = parse_ref(text), message_id_form(text)
    query = select(messages.c.ref).order_by(messages.c.received_at, messages.c.ref)
    if ref is not None:
        item = select(unit_messages.c.message_ref).where(unit_messages.c.ref == ref)
        query = query.where(or_(messages.c.ref == ref, messages.c.ref.in_(item)))
    elif message_id is not None:
        query = query.where(messages.c.message_id_print == references.fingerprint(message_id))
    else:
        return []
    return list(connection.execute(query).scalars())


def unit_items(connection: Connection, references: References, text: str) -> list[Found]:
    """The messages in their units that `text` names: one for an item ref, one per unit for a message."""
    found = message_refs(connection, references, text)
    query = select(
        unit_messages.c.ref, unit_messages.c.message_ref, unit_messages.c.unit, unit_messages.c.obligation_ref
    ).where(unit_messages.c.message_ref.in_(found))
    rows = [Found(*row) for row in connection.execute(query.order_by(unit_messages.c.unit, unit_messages.c.ref))]
    exact = [row for row in rows if row.ref == parse_ref(text)]
    return exact or rows


def the_only(refs: Sequence[str], text: str, *, what: str, command: str) -> str:
    """The one reference meant. UserError when there is none, or more than one and the person must choose."""
    shown = shown_form(text)
    if not refs:
        raise NotFound(f"no {what} {shown}; `mailbot {command}` shows them")
    if len(refs) > 1:
        raise UserError(f"{shown} is {what} of several units; name one of them: {', '.join(refs)}")
    return refs[0]


def shown_form(text: str) -> str:
    """What a person typed, as a message may repeat it: at most one short line."""
    return parse_ref(text) or "".join(letter for letter in text if letter.isprintable())[:120]
