"""Which decisions of people are written into the journal, and how they come back into a restored database.

`@journaled("diary.confirm")` stands over the Store method; nothing else is needed. Only stores opened by commands
write the journal: what people decide by answering mail is read again from that mail.
"""

import functools
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, get_type_hints

from sqlalchemy import Connection, select

from mailbot.errors import UserError
from mailbot.log import get_logger
from mailbot.store import audit
from mailbot.store.audit import NewLine
from mailbot.store.database import Database, upsert
from mailbot.store.journal import Entry, Journal
from mailbot.store.lookup import NotFound
from mailbot.store.references import parse_ref
from mailbot.store.tables import installation

if TYPE_CHECKING:
    from cattrs import Converter

log = get_logger(__name__)

Method = TypeVar("Method", bound=Callable[..., Any])

#: every journaled method by the name that stands in journals
JOURNALED: dict[str, Callable[..., Any]] = {}

_NAME = "journal"


@dataclass(frozen=True, slots=True)
class Replayed:
    """Decisions that came back, that wait for their mail to be read again, and that do not fit what stands now."""

    applied: int = 0
    waiting: int = 0
    refused: tuple[Entry, ...] = ()


class _Note(Protocol):
    """What is added to the transaction of a decision."""

    def __call__(self, connection: Connection) -> None: ...


_note: ContextVar[_Note | None] = ContextVar("note", default=None)


def journaled(decision: str) -> Callable[[Method], Method]:
    """Keep every call of this method, which takes `by` and `now` and makes one transaction, in the journal.

    `decision` is the method's path from the Store. It stands in journals: a later name must go on answering to it.
    """

    def decorate(method: Method) -> Method:
        JOURNALED[decision] = method
        signature = inspect.signature(method)

        @functools.wraps(method)
        def decided(*args: Any, **kwargs: Any) -> Any:
            database = cast("Database", args[0]._database)
            journal = database.journal
            if journal is None or _note.get() is not None:
                return method(*args, **kwargs)
            arguments = dict(signature.bind(*args, **kwargs).arguments)
            arguments.pop(next(iter(signature.parameters)))  # self
            by, now = arguments.pop("by"), arguments.pop("now")
            plain = {name: _converter().unstructure(value) for name, value in arguments.items()}
            with _recording(database, journal, decision, plain, by, now):
                return method(*args, **kwargs)

        return cast("Method", decided)

    return decorate


def note_decision(connection: Connection) -> None:
    """At the end of every writing transaction: the decision that is being made goes with it."""
    note = _note.get()
    if note is not None:
        note(connection)


@contextmanager
def _recording(
    database: Database, journal: Journal, decision: str, arguments: dict[str, Any], by: str, now: datetime
) -> Iterator[None]:
    with database.read() as connection:
        _require_replayed(connection, journal)
    written: list[int] = []

    def note(connection: Connection) -> None:
        if written:
            return
        state = _State.load(connection)
        _require_replayed(connection, journal)
        number = state.upto + 1
        _State(number, state.waiting).save(connection)
        # The last thing before the commit: what failed until here is in no journal.
        written.append(number)
        journal.append(Entry(number=number, decision=decision, arguments=arguments, by=by, at=now))

    token = _note.set(note)
    try:
        yield
    except BaseException:
        # A server that went away during COMMIT may have committed: then the line must stay.
        if written and database.is_sqlite:
            journal.take_back(written[0])
        raise
    finally:
        _note.reset(token)


def _require_replayed(connection: Connection, journal: Journal) -> None:
    missing = len(journal.after(_State.load(connection).upto))
    if missing:
        raise UserError(
            f"{missing} decisions in {journal.path} are not in this database: it was restored from a backup, or a "
            "command was killed. The next pass brings them in (`mailbot db replay`: at once); then try again"
        )


@dataclass(frozen=True, slots=True)
class _State:
    """How far the database contains the journal."""

    upto: int = 0
    #: earlier numbers whose mail was not there yet
    waiting: tuple[int, ...] = ()

    @classmethod
    def load(cls, connection: Connection) -> "_State":
        text = connection.execute(select(installation.c.value).where(installation.c.name == _NAME)).scalar_one_or_none()
        value = json.loads(text) if text else {}
        return cls(value.get("upto", 0), tuple(value.get("waiting", ())))

    def save(self, connection: Connection) -> None:
        value = json.dumps({"upto": self.upto, "waiting": list(self.waiting)})
        upsert(connection, installation, [{"name": _NAME, "value": value}])


def replay(store: object, database: Database, journal: Journal, until: datetime | None = None) -> Replayed:
    """Bring decisions of the journal that this database lacks into it: in order, each with who and when, each once.

    What is about mail that has not been read again waits, and what was decided later about the same thing with it.
    With `until` only what was decided up to then. Killed at any point, the next call goes on where it stopped.
    """
    with database.read() as connection:
        state = _State.load(connection)
    lacking = journal.after(min((*state.waiting, state.upto + 1)) - 1)
    lacking = [entry for entry in lacking if entry.number > state.upto or entry.number in state.waiting]
    gone = set(state.waiting) - {entry.number for entry in lacking}
    blocked: set[str] = set()
    applied, refused = 0, []
    for entry in lacking:
        if until is not None and entry.at > until and entry.number > state.upto:
            break
        outcome = "waits" if _about(entry) in blocked else _apply(store, database, entry)
        if outcome == "waits":
            blocked.add(_about(entry))
            _settle(database, entry.number, waits=True, gone=gone)
        elif outcome == "refused":
            _settle(database, entry.number, waits=False, gone=gone, line=_refusal(entry), now=entry.at)
            refused.append(entry)
        else:
            applied += 1
    with database.read() as connection:
        waiting = len(_State.load(connection).waiting)
    if applied or refused:
        log.info("decisions_replayed", applied=applied, waiting=waiting, refused=len(refused))
    return Replayed(applied, waiting, tuple(refused))


def _apply(store: object, database: Database, entry: Entry) -> str:
    """Make the decision again; the number moves in its transaction. "applied", "waits" or "refused"."""
    done: list[bool] = []

    def note(connection: Connection) -> None:
        if not done:
            _moved(_State.load(connection), entry.number, waits=False).save(connection)
            done.append(True)

    token = _note.set(note)
    try:
        method = _method(store, entry.decision)
        method(**_structured(method, entry.arguments), by=entry.by, now=entry.at)
    except NotFound:
        return "waits"
    except (UserError, TypeError, ValueError, AttributeError, ExceptionGroup) as error:
        log.warning("decision_not_replayed", number=entry.number, decision=entry.decision, error=type(error).__name__)
        return "refused"
    finally:
        _note.reset(token)
    if not done:
        _settle(database, entry.number, waits=False)
    return "applied"


def _settle(
    database: Database,
    number: int,
    *,
    waits: bool,
    gone: Sequence[int] | set[int] = (),
    line: NewLine | None = None,
    now: datetime | None = None,
) -> None:
    with database.write() as connection:
        before = _State.load(connection)
        after = _moved(before, number, waits=waits, gone=gone)
        if after != before:
            after.save(connection)
        if line is not None and now is not None:
            audit.append(connection, [line], now=now)


def _moved(state: _State, number: int, *, waits: bool, gone: Sequence[int] | set[int] = ()) -> _State:
    others = {one for one in state.waiting if one != number and one not in gone}
    return _State(max(state.upto, number), tuple(sorted(others | {number} if waits else others)))


def _refusal(entry: Entry) -> NewLine:
    return NewLine(
        actor=entry.by, action="replay_refused", ref=_ref(entry), detail={"decision": entry.decision, "n": entry.number}
    )


def _ref(entry: Entry) -> str | None:
    named = entry.arguments.get("ref")
    return parse_ref(named) if isinstance(named, str) else None


def _about(entry: Entry) -> str:
    """What must keep its order: decisions about one reference."""
    return _ref(entry) or str(entry.arguments.get("ref", f"#{entry.number}"))


def _method(store: object, decision: str) -> Callable[..., Any]:
    target: Any = store
    for name in decision.split("."):
        target = getattr(target, name)
    return cast("Callable[..., Any]", target)


def _structured(method: Callable[..., Any], arguments: Any) -> dict[str, Any]:
    hints = get_type_hints(method)
    return {name: _converter().structure(value, hints[name]) for name, value in arguments.items() if name in hints}


@functools.cache
def _converter() -> "Converter":
    from cattrs.preconf.json import make_converter

    return make_converter()
