"""What mail programs note on a copy of a message: that somebody replied to it, or passed it on.

A mark is evidence, never proof: people mark by hand, and an answer may have gone to somebody else. It closes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, update

from mailbot.store.database import chunks
from mailbot.store.records import ProposedAnswer
from mailbot.store.tables import deliveries, obligations

#: questions of one mailbox whose marks are looked at
_MOST_UNMARKED = 500


class Mark(NamedTuple):
    kind: Literal["replied", "forwarded"]
    #: aware; None where the platform keeps no time
    at: datetime | None = None


def record_marks(connection: Connection, mailbox: str, folder: str, marks: Mapping[str, Mark], now: datetime) -> None:
    """Note the marks of deliveries (by id) that are recorded in this folder; of others nothing is kept.

    A mark without a time bears that of its first sight. Who forwards an answered message hides the answer: that stays.
    """
    here = (deliveries.c.mailbox == mailbox, deliveries.c.folder == folder)
    changed = []
    for piece in chunks(sorted(marks)):
        query = select(deliveries.c.delivery_id, deliveries.c.mark, deliveries.c.marked_at)
        for row in connection.execute(query.where(*here, deliveries.c.delivery_id.in_(piece))):
            told = marks[row.delivery_id]
            at = told.at or (row.marked_at if row.mark == told.kind else None) or now
            if (row.mark, row.marked_at) != (told.kind, at) and not (row.mark == "replied" and told.kind != "replied"):
                changed.append({"of": row.delivery_id, "mark": told.kind, "marked_at": at})
    if changed:
        connection.execute(update(deliveries).where(*here, deliveries.c.delivery_id == bindparam("of")), changed)


def unmarked_questions(connection: Connection, mailbox: str) -> dict[str, list[str]]:
    """folder -> delivery ids of copies there whose question is open, and on which no reply has been noted yet.

    Of very many the newest: looking costs a line of the server's answer for each, and people reply to what came lately.
    """
    query = (
        select(deliveries.c.folder, deliveries.c.delivery_id, obligations.c.received_at)
        .join(obligations, obligations.c.message_ref == deliveries.c.message_ref)
        .where(
            deliveries.c.mailbox == mailbox,
            deliveries.c.gone_at.is_(None),
            or_(deliveries.c.mark.is_(None), deliveries.c.mark != "replied"),
            obligations.c.state == "open",
        )
        .order_by(obligations.c.received_at.desc(), deliveries.c.folder, deliveries.c.delivery_id)
        .limit(_MOST_UNMARKED)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for folder, delivery_id, _ in connection.execute(query):
        found[folder].add(delivery_id)
    return {folder: sorted(ids) for folder, ids in sorted(found.items())}


def marked_answers(connection: Connection, refs: Sequence[str]) -> dict[str, ProposedAnswer]:
    """REF -> the first mark of a reply on the question that an open obligation waits for."""
    query = (
        select(obligations.c.ref, obligations.c.reopened_at, deliveries.c.mailbox, deliveries.c.marked_at)
        .join(deliveries, deliveries.c.message_ref == obligations.c.message_ref)
        .where(obligations.c.ref.in_(refs), obligations.c.state == "open", deliveries.c.mark == "replied")
        .order_by(deliveries.c.marked_at.desc(), deliveries.c.mailbox.desc())
    )
    return {
        row.ref: ProposedAnswer(how="marked", mailbox=row.mailbox, at=row.marked_at)
        for row in connection.execute(query)
        if row.reopened_at is None or row.marked_at > row.reopened_at
    }
