"""The journal of people's decisions: written with them, torn, taken back, replayed once and in order."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from mailbot.errors import UserError
from mailbot.policy.absence import Absence, Cover, Option
from mailbot.store.decisions import Replayed
from mailbot.store.journal import Entry, Journal
from mailbot.store.people_records import AwayNotice
from mailbot.store.store import Store
from tests.servers.postgres import Postgres
from tests.store.builders import NOW, diarised, message, outcome, question, record
from tests.store.conftest import REFERENCES, on_sqlite

EVA = "person:eva"
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "decisions.jsonl")


@pytest.fixture
def open_store(url: str, journal: Journal) -> Iterator[Callable[..., Store]]:
    opened: list[Store] = []

    def make(at: str = url, *, by_command: bool = True) -> Store:
        opened.append(Store.open(at, REFERENCES, journal=journal, by_command=by_command, lock_timeout_seconds=0.2))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def with_duty(store: Store) -> str:
    record(store, outcome(message(), question(), assignee="lars"))
    return store.obligations.list()[0].ref


def entry(number: int, **arguments: object) -> Entry:
    return Entry(number=number, decision="obligations.assign", arguments=arguments, by=EVA, at=LATER)


def test_a_decision_by_command_stands_in_the_journal(open_store: Callable[..., Store], journal: Journal) -> None:
    store = open_store()
    duty = with_duty(store)
    store.obligations.answered(duty, how="telefon", by=EVA, now=LATER)
    [one] = journal.after(0)
    assert one == Entry(
        number=1, decision="obligations.answered", arguments={"ref": duty, "how": "telefon"}, by=EVA, at=LATER
    )
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert store.replay().applied == 0


def test_the_daemon_and_refused_commands_write_nothing(open_store: Callable[..., Store], journal: Journal) -> None:
    daemon = open_store(by_command=False)
    duty = with_duty(daemon)
    daemon.obligations.answered(duty, how="svar per mejl", by=EVA, now=LATER)
    with pytest.raises(UserError, match="answered already"):
        open_store().obligations.dismiss(duty, reason="reklam", by=EVA, now=LATER)
    assert not journal.path.exists()


@on_sqlite
def test_a_commit_that_fails_takes_the_line_back(
    open_store: Callable[..., Store], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database server that went away may have committed: there the line stays."""
    store = open_store()
    duty = with_duty(store)
    real = Journal.append

    def then_full(self: Journal, one: Entry) -> None:
        real(self, one)
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", then_full)
        with pytest.raises(Exception, match="full"):
            store.obligations.answered(duty, how="telefon", by=EVA, now=LATER)
    assert store.obligations.get(duty).state == "open" and journal.after(0) == []
    store.obligations.assign(duty, "ulla", by=EVA, now=LATER)
    assert [one.decision for one in journal.after(0)] == ["obligations.assign"]


def test_a_journal_that_cannot_be_written_refuses_the_decision(
    open_store: Callable[..., Store], tmp_path: Path, journal: Journal
) -> None:
    store = open_store()
    duty = with_duty(store)
    journal.path.mkdir()
    with pytest.raises(UserError, match=r"journal of decisions .* nothing was changed"):
        store.obligations.answered(duty, how="telefon", by=EVA, now=LATER)
    assert store.obligations.get(duty).state == "open"


def test_half_a_line_swallows_no_other(journal: Journal) -> None:
    journal.append(entry(1, ref="a"))
    with journal.path.open("ab") as file:
        file.write(b'{"n":2,"at":"2026-')
    journal.append(entry(2, ref="b"))
    assert [one.arguments["ref"] for one in journal.after(0)] == ["a", "b"]


def test_the_end_of_a_long_journal_is_found(journal: Journal) -> None:
    lines = [
        json.dumps({"n": n, "at": LATER.isoformat(), "by": EVA, "do": "x", "with": {"r": "å" * 90}})
        for n in range(1, 2001)
    ]
    journal.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [one.number for one in journal.after(1999)] == [2000]
    assert len(journal.after(0)) == 2000 and len(journal.after(1000)) == 1000 and journal.after(2000) == []


def test_old_entries_are_dropped_while_commands_append(journal: Journal) -> None:
    for number in range(1, 4):
        journal.append(entry(number, ref=str(number)))
    journal.append(Entry(number=4, decision="x", arguments={}, by=EVA, at=LATER + timedelta(days=100)))
    assert journal.drop_before(LATER + timedelta(days=1)) == 3
    journal.append(entry(5, ref="e"))
    assert [one.number for one in journal.after(0)] == [4, 5]
    assert journal.path.stat().st_mode & 0o777 == 0o600


class Restored:
    """A database with one duty and one diary item, its backup, and what was decided since."""

    def __init__(self, open_store: Callable[..., Store], copies: "Copies") -> None:
        self.open, self._copies = open_store, copies
        self.store = open_store()
        record(self.store, outcome(message(), question(), assignee="lars"))
        record(self.store, outcome(message("<d1@citizen.example>"), diarised()))
        self.duty = self.store.obligations.list()[0].ref
        self.item = self.store.diary.list()[0].ref
        self.store.close()
        copies.keep()
        self.store = open_store()

    def restore(self) -> Store:
        self.store.close()
        self._copies.bring_back()
        return self.open(by_command=False)


class Copies:
    """A backup as administrators make it: a copy of the file, or a database made after another."""

    def __init__(self, url: str, postgres: Postgres | None) -> None:
        self._postgres = postgres
        self._path, self._name = Path(make_url(url).database or ""), make_url(url).database or ""
        self._kept = ""

    def keep(self) -> None:
        if self._postgres is not None:
            self._kept = self._postgres.copy(self._name)
        else:
            shutil.copy(self._path, self._path.with_suffix(".backup"))

    def bring_back(self) -> None:
        if self._postgres is not None:
            self._postgres.replace(self._name, by=self._kept)
            return
        for old in self._path.parent.glob(f"{self._path.name}*"):
            old.unlink()
        shutil.copy(self._path.with_suffix(".backup"), self._path)


@pytest.fixture
def town(open_store: Callable[..., Store], url: str, request: pytest.FixtureRequest) -> Restored:
    postgres = None if url.startswith("sqlite") else request.getfixturevalue("postgres")
    return Restored(open_store, Copies(url, postgres))


def test_a_restored_database_gets_back_what_was_decided(town: Restored) -> None:
    town.store.obligations.answered(town.duty, how="telefon", by=EVA, now=LATER)
    town.store.obligations.reopen(town.duty, by="person:ulla", now=LATER + timedelta(minutes=5))
    town.store.obligations.assign(town.duty, "bo", by=EVA, now=LATER + timedelta(minutes=6))
    town.store.diary.confirm(town.item, "KS 2026/7", by=EVA, now=LATER)
    town.store.installation.pause(by="person:karin", reason="fel mall", now=LATER)
    before = (town.store.obligations.get(town.duty), town.store.diary.get(town.item), town.store.installation.paused())
    trail = [line for line in town.store.audit.list() if line.actor.startswith("person")]
    store = town.restore()
    assert store.replay() == Replayed(applied=5)
    assert (store.obligations.get(town.duty), store.diary.get(town.item), store.installation.paused()) == before
    assert [line for line in store.audit.list() if line.actor.startswith("person")] == trail
    assert store.replay() == Replayed(), "nothing is lacking any more"
    assert len([line for line in store.audit.list() if line.actor.startswith("person")]) == len(trail)


def test_nothing_new_is_decided_before_the_old_is_back(town: Restored) -> None:
    town.store.obligations.assign(town.duty, "bo", by=EVA, now=LATER)
    town.restore()
    with pytest.raises(UserError, match=r"1 decisions .* db replay"):
        town.open().obligations.assign(town.duty, "ulla", by=EVA, now=LATER)
    town.open(by_command=False).replay()
    town.open().obligations.assign(town.duty, "ulla", by=EVA, now=LATER)
    assert town.open().obligations.get(town.duty).assignee == "ulla"


def test_what_is_about_unread_mail_waits_in_order(town: Restored) -> None:
    later = outcome(message("<q9@citizen.example>"), question(), received_at=NOW + timedelta(hours=1))
    record(town.store, later)
    [new] = [one.ref for one in town.store.obligations.list() if one.ref != town.duty]
    town.store.obligations.answered(new, how="besök", by=EVA, now=LATER)
    town.store.obligations.reopen(new, by=EVA, now=LATER)
    town.store.obligations.assign(town.duty, "bo", by=EVA, now=LATER)
    store = town.restore()
    done = store.replay()
    assert (done.applied, done.waiting, done.refused) == (1, 2, ())
    assert store.replay().waiting == 2, "as often as you like"
    town.open().obligations.assign(town.duty, "ulla", by=EVA, now=LATER)
    record(store, later)
    assert store.replay().applied == 2
    assert (store.obligations.get(new).state, store.obligations.get(town.duty).assignee) == ("open", "ulla")


def test_only_what_was_decided_until_then(town: Restored) -> None:
    town.store.obligations.assign(town.duty, "bo", by=EVA, now=LATER)
    town.store.obligations.assign(town.duty, "ulla", by=EVA, now=LATER + timedelta(hours=1))
    store = town.restore()
    assert store.replay(LATER + timedelta(minutes=1)).applied == 1
    assert store.obligations.get(town.duty).assignee == "bo"
    assert store.replay().applied == 1 and store.obligations.get(town.duty).assignee == "ulla"


def test_absences_and_mandates_come_back_whole(town: Restored) -> None:
    away = Absence(
        person="anna",
        from_=date(2026, 7, 6),
        back=date(2026, 7, 20),
        option=Option("B"),
        covers=(Cover(week="2026-W28", person="bo"), Cover(week="2026-W29", person="ulla")),
    )
    ref = town.store.absences.plan(away, by=EVA, now=LATER)
    town.store.absences.answer_cover(ref, person="bo", accepted=True, weeks=["2026-W28"], by="person:bo", now=LATER)
    town.store.mandates.add(
        owner="anna",
        reader="bo",
        from_=date(2026, 7, 6),
        to=None,
        granted_by="anna",
        by=EVA,
        now=LATER,
    )
    notice = AwayNotice(person="bo", from_on=date(2026, 3, 10), back_on=date(2026, 3, 12))
    town.store.away_notices.add(notice, by="person:bo", now=LATER)
    town.store.away_notices.withdraw("bo", date(2026, 3, 11), by="person:bo", now=LATER)

    def all_of(store: Store) -> object:
        return store.absences.list(), store.mandates.list(), store.away_notices.list(date(2026, 3, 1))

    before = all_of(town.store)
    store = town.restore()
    assert store.replay().applied == 5
    assert all_of(store) == before


def test_what_does_not_fit_is_told_once_and_stops_nothing(town: Restored, journal: Journal) -> None:
    journal.append(entry(1, ref=town.duty, person_id="bo"))
    for number, decision in ((2, "obligations.reopen"), (3, "outbox.no_such_verb"), (4, "obligations.answered")):
        journal.append(Entry(number=number, decision=decision, arguments={"ref": town.duty}, by=EVA, at=LATER))
    store = town.restore()
    done = store.replay()
    assert (done.applied, [one.number for one in done.refused]) == (1, [2, 3, 4])
    assert store.replay().refused == ()
    refusals = [line for line in store.audit.list() if line.action == "replay_refused"]
    assert [line.ref for line in refusals] == [town.duty] * 3


@pytest.mark.parametrize("step", ["after the line", "after the commit"])
def test_killed_between_journal_and_commit(town: Restored, journal: Journal, step: str) -> None:
    child = os.fork()
    if child == 0:  # pragma: no cover: the child is killed
        store = town.open()
        append, write = Journal.append, store.obligations.assign

        def die(self: Journal, one: Entry) -> None:
            append(self, one)
            os.kill(os.getpid(), signal.SIGKILL)

        if step == "after the line":
            Journal.append = die  # type: ignore[method-assign]
        write(town.duty, "bo", by=EVA, now=LATER)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    store = town.open(by_command=False)
    assert len(journal.after(0)) == 1
    assert store.replay().applied == (1 if step == "after the line" else 0)
    assert store.obligations.get(town.duty).assignee == "bo"
    assert [line.action for line in store.audit.list(town.duty)].count("assigned") == 1
    restored = town.restore()
    assert restored.replay().applied == 1 and restored.obligations.get(town.duty).assignee == "bo"


def test_replay_killed_at_every_step_goes_on_where_it_stopped(town: Restored) -> None:
    for person in ("bo", "ulla", "lars", "eva"):
        town.store.obligations.assign(town.duty, person, by=EVA, now=LATER)
    town.restore().close()
    for _ in range(4):
        child = os.fork()
        if child == 0:  # pragma: no cover
            store = town.open(by_command=False)

            def once(*args: object, real: Any = store.obligations._change, **kwargs: object) -> None:
                real(*args, **kwargs)
                os.kill(os.getpid(), signal.SIGKILL)

            store.obligations._change = once  # type: ignore[method-assign]
            store.replay()
            os._exit(0)
        os.waitpid(child, 0)
    store = town.open(by_command=False)
    assert store.replay().applied == 0
    assert [line.detail["assignee"] for line in store.audit.list(town.duty) if line.action == "assigned"] == [
        "bo", "ulla", "lars", "eva",
    ]  # fmt: skip


def test_every_journaled_name_is_the_path_of_its_method(store: Store) -> None:
    """A wrong path would be noticed only when a database has been lost."""
    import inspect

    from mailbot.store.decisions import JOURNALED

    assert JOURNALED
    for name, function in JOURNALED.items():
        target: object = store
        for part in name.split("."):
            target = getattr(target, part)
        assert inspect.unwrap(target) is function or inspect.unwrap(target.__func__) is function, name  # type: ignore[arg-type,attr-defined]
