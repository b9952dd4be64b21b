"""Putting mail into the outbox, in the transaction of what causes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from mailbot.store.database import chunks, insert_new
from mailbot.store.records import NewMail, NewTicket
from mailbot.store.references import References
from mailbot.store.tables import links, obligations, outbox, tickets


def queue(connection: Connection, mails: Sequence[NewMail], references: References, now: datetime) -> int:
    """Queue what was not queued before under the same `dedup_key`, sent or not, with its tickets; how many were new."""
    insert_new(connection, tickets, [_ticket(mail, mail.ticket, references, now) for mail in mails if mail.ticket])
    _link_holding_replies(connection, mails, references)
    return insert_new(connection, outbox, [_row(mail, references, now) for mail in mails])


def _link_holding_replies(connection: Connection, mails: Sequence[NewMail], references: References) -> None:
    """Some programs name nothing but the mail that they answer: what citizens answer to ours is in their conversation,
    and stays secret where that is."""
    ours = {mail.ref: mail.message_id for mail in mails if mail.kind == "holding_reply" and mail.ref}
    for piece in chunks(sorted(ours)):
        query = select(obligations.c.ref, obligations.c.conversation).where(obligations.c.ref.in_(piece))
        rows = [
            {"message_id_print": references.fingerprint(ours[ref]), "conversation": conversation}
            for ref, conversation in connection.execute(query)
        ]
        insert_new(connection, links, rows)


def _ticket(mail: NewMail, ticket: NewTicket, references: References, now: datetime) -> dict[str, Any]:
    return {
        "code_print": references.fingerprint(references.ticket_code(mail.dedup_key, ticket)),
        "message_id": mail.message_id,
        "kind": ticket.kind,
        "person": ticket.person,
        "about": ticket.about,
        "created_at": now,
        "expires_at": now + timedelta(days=ticket.days),
        "used_at": None,
        "used_by": None,
    }


def _row(mail: NewMail, references: References, now: datetime) -> dict[str, Any]:
    return {
        "dedup_key": mail.dedup_key,
        "ref": references.ref(mail.dedup_key, "outbox"),
        "kind": mail.kind,
        "audience": mail.audience,
        "recipients": mail.to,
        "envelope_from": mail.envelope_from,
        "message_id": mail.message_id,
        "raw": mail.raw,
        "state": "pending" if mail.hold is None else "held",
        "hold": mail.hold,
        "handle": None,
        "attempts": 0,
        "next_attempt_at": now,
        "attempted_at": None,
        "lease_until": None,
        "created_at": now,
        "sent_at": None,
        "settled_at": None,
        "error": None,
        "item_ref": mail.ref,
    }
