"""What a week comes to, in a form that can be compared: clocks, duties, what went out when, who decided what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mailbot.store.database import Database, sqlite_path
from mailbot.store.tables import (
    answers,
    attestations,
    away_notices,
    diary_items,
    installation,
    messages,
    obligations,
    outbox,
    tickets,
    unit_messages,
)

#: when a row was written may differ after a restore; what stands in it may not
_COMPARED = {
    messages: ("ref", "message_id", "conversation", "direction", "received_at", "asker", "confidential", "unparsable"),
    unit_messages: ("ref", "unit", "mailbox", "assignee", "received_at", "owes", "due_on", "hold_replies"),
    obligations: (
        "ref", "state", "assignee", "assigned_by", "due_on", "document_due_on", "follow_up_on", "acknowledged_at",
        "met_at", "met_by", "reason", "settled_by_person", "reopened_at", "hold_replies", "received_at",
    ),
    diary_items: ("ref", "state", "proposal", "number", "reason", "forwarded_at", "settled_at", "settled_by"),
    outbox: ("dedup_key", "ref", "kind", "recipients", "message_id", "state", "sent_at", "hold", "item_ref"),
    answers: ("content_print", "arrived_at", "state", "reason", "person"),
    tickets: ("code_print", "message_id", "kind", "person", "about", "used_by"),
    attestations: ("mailbox", "day", "how", "person", "at", "late", "withdrawn_at"),
    away_notices: ("person", "from_on", "back_on", "withdrawn_at"),
}  # fmt: skip


def stands(url: str, *, real_server: bool = False) -> dict[str, list[Any]]:
    """Everything that is compared. A real server dates what mailbot sends by its own clock, not by the injected one."""
    database = Database(url)
    found: dict[str, list[Any]] = {}
    with database.read() as connection:
        for table, names in _COMPARED.items():
            rows = connection.execute(select(*(table.c[name] for name in names))).mappings()
            # An alarm about what was so for some hours only is not raised again, and so not remembered either.
            plain = [dict(row) for row in rows if row.get("kind") != "notice"]
            for row in plain:
                if real_server and (row.get("direction") == "internal" or row.get("owes", "yes") is None):
                    row["received_at"] = None
            found[table.name] = sorted(plain, key=repr)
        paused = select(installation.c.value).where(installation.c.name == "paused")
        found["paused"] = list(connection.execute(paused).scalars())
    database.dispose()
    return found


def assert_same(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> None:
    for name, rows in before.items():
        missing = [row for row in rows if row not in after[name]]
        added = [row for row in after[name] if row not in rows]
        assert not missing and not added, f"{name}: lost {missing}, new {added}"


def lose(url: str) -> Path:
    """The disk with the database is gone."""
    path = sqlite_path(url)
    assert path is not None
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        one.unlink(missing_ok=True)
    return path


Day = Callable[[], None]
