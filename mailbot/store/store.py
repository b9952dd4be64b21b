"""The store: one database, one small class per family of rows."""

from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from mailbot.policy.profile import RetentionRules
from mailbot.store import retention
from mailbot.store.absences import Absences
from mailbot.store.answers import Answers
from mailbot.store.audit import Audit
from mailbot.store.away_notices import AwayNotices
from mailbot.store.daily_checks import DailyChecks
from mailbot.store.database import Database
from mailbot.store.decisions import Replayed, note_decision, replay
from mailbot.store.diary import Diary
from mailbot.store.handling import Handling
from mailbot.store.installation import Installation
from mailbot.store.intake import Intake
from mailbot.store.journal import Journal
from mailbot.store.lineage import Lineage
from mailbot.store.mandates import Mandates
from mailbot.store.messages import Messages
from mailbot.store.obligations import Obligations
from mailbot.store.outbox import Outbox
from mailbot.store.references import References
from mailbot.store.schema import require_current


class Store:
    """What mailbot remembers. Threads may share one; every method is a transaction of its own.

    Any method raises TransientError when the database stays locked or does not answer.
    """

    def __init__(
        self, database: Database, references: References, journal: Journal | None = None, *, by_command: bool = False
    ) -> None:
        self._database = database
        self._journal = journal
        self._file = _identity(database)
        database.before_commit = note_decision
        database.journal = journal if by_command else None
        self.references = references
        self.intake = Intake(database, references)
        self.messages = Messages(database, references)
        self.obligations = Obligations(database, references)
        self.diary = Diary(database, references)
        self.outbox = Outbox(database, references)
        self.away_notices = AwayNotices(database)
        self.absences = Absences(database, references)
        self.mandates = Mandates(database, references)
        self.daily_checks = DailyChecks(database)
        self.handling = Handling(database)
        self.installation = Installation(database)
        self.answers = Answers(database, references)
        self.lineage = Lineage(self.installation, journal.path.with_suffix(".generation") if journal else None)
        self.audit = Audit(database)

    @classmethod
    def open(
        cls,
        url: str,
        references: References,
        *,
        journal: Journal | None = None,
        by_command: bool = False,
        lock_timeout_seconds: float = 30.0,
    ) -> "Store":
        """The store at `url`. UserError when its tables are missing, older or newer than this program's: they are
        never changed silently.

        `by_command`: what is decided through this store was decided by command, and goes into the journal too.
        """
        database = Database(url, lock_timeout_seconds=lock_timeout_seconds)
        try:
            require_current(database)
        except BaseException:
            database.dispose()
            raise
        return cls(database, references, journal, by_command=by_command)

    @property
    def commits(self) -> int:
        """How many transactions of this process have changed something."""
        return self._database.commits

    def is_in_place(self) -> bool:
        """Whether the database file is still the one that was opened; always true of a database server."""
        return self._file == _identity(self._database)

    def replay(self, until: datetime | None = None) -> Replayed:
        """Bring in what people decided by command (up to `until`) and this database lacks, since it was restored or a
        command was killed. What is about mail that has not been read again waits for the next call."""
        return replay(self, self._database, self._journal, until) if self._journal else Replayed()

    def purge(self, now: datetime, rules: RetentionRules) -> retention.Purged:
        """Drop what the retention periods no longer allow to keep; how much of each."""
        if self._journal is not None:
            self._journal.drop_before(now - timedelta(days=rules.journal))
        return retention.purge(self._database, now, rules)

    def close(self) -> None:
        """Give the connections back."""
        self._database.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _identity(database: Database) -> tuple[int, int] | None:
    """Which file it is, or None where there is none."""
    if not database.is_sqlite:
        return None
    try:
        status = Path(str(database.url.database)).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
