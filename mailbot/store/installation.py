"""Small facts about this installation, and the kill switch."""

import json
from datetime import datetime

from sqlalchemy import Connection, delete, select

from mailbot.store import audit
from mailbot.store.audit import NewLine
from mailbot.store.database import Database, upsert
from mailbot.store.decisions import journaled
from mailbot.store.records import Pause
from mailbot.store.tables import installation

_PAUSED = "paused"
_RESUMED = "resumed_at"


class Installation:
    """Named values ("mode", "enforced_since" ...), and whether anything may leave the house."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """The value of `name`, or None."""
        with self._database.read() as connection:
            return _get(connection, name)

    def set(self, name: str, value: str) -> None:
        """Keep `value` under `name`."""
        with self._database.write() as connection:
            upsert(connection, installation, [{"name": name, "value": value}])

    def drop(self, name: str) -> None:
        """Forget `name`."""
        with self._database.write() as connection:
            connection.execute(delete(installation).where(installation.c.name == name))

    @journaled("installation.pause")
    def pause(self, *, by: str, reason: str, now: datetime) -> None:
        """Nothing leaves from now on. While paused already, the first pause stays as it was noted."""
        with self._database.write() as connection:
            if _get(connection, _PAUSED) is not None:
                return
            value = json.dumps({"since": now.isoformat(), "by": by, "reason": reason}, ensure_ascii=False)
            upsert(connection, installation, [{"name": _PAUSED, "value": value}])
            audit.append(connection, [NewLine(actor=by, action="paused")], now=now)

    @journaled("installation.resume")
    def resume(self, *, by: str, now: datetime) -> bool:
        """Mail may leave again. False: nothing was paused, so nothing has changed."""
        with self._database.write() as connection:
            if not connection.execute(delete(installation).where(installation.c.name == _PAUSED)).rowcount:
                return False
            upsert(connection, installation, [{"name": _RESUMED, "value": now.isoformat()}])
            audit.append(connection, [NewLine(actor=by, action="resumed")], now=now)
            return True

    def resumed_at(self) -> datetime | None:
        """When a person last let mail leave again; None: never."""
        text = self.get(_RESUMED)
        return datetime.fromisoformat(text) if text else None

    def paused(self) -> Pause | None:
        """Since when, by whom and why nothing leaves; None when mail may leave."""
        text = self.get(_PAUSED)
        if text is None:
            return None
        value = json.loads(text)
        return Pause(since=datetime.fromisoformat(value["since"]), by=value["by"], reason=value["reason"])


def _get(connection: Connection, name: str) -> str | None:
    return connection.execute(select(installation.c.value).where(installation.c.name == name)).scalar_one_or_none()
