"""While children judge a batch the one before is recorded: what comes of it is what comes of one after the other."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mailbot.errors import TransientError
from mailbot.platforms.base import Arrival, Changes, Folder
from mailbot.platforms.maildir.mailbox import MaildirMailbox
from mailbot.work import judging, judging_children, judging_processes
from mailbot.work.judging_child import Request
from mailbot.work.judging_placing import Placing, Reading
from tests.support.town import Town, at

#: table -> its rows, as text
Rows = dict[str, list[str]]

READ = "2026-10-05 12:00"
BATCH = 6

QUESTION = "Hej!\n\nNär öppnar simhallen i sommar, och vad kostar ett årskort? Tacksam för svar.\n\nMvh Bo\n"
SECRET = (
    "Hej,\n\nJag är orolig för grannens barn. Pappan slår dem och dricker, och socialtjänsten måste utreda det. "
    "Uppgifterna omfattas av sekretess.\n\nMvh Bo\n"
)
APPEAL = "Hej!\n\nJag överklagar beslutet om bygglov KS 2026/14 och yrkar att det ändras.\n\nMvh Bo\n"
THANKS = "Tack för svaret!\n\nMvh Bo\n"


def filled(town: Town, to: str = "kommunen@by.example") -> None:
    """Four batches of conversations that go on from batch to batch: an appeal, a secret, questions, a second copy."""
    texts = [APPEAL, SECRET, QUESTION, THANKS, QUESTION, QUESTION]
    ids: list[str] = []
    for number in range(4 * BATCH):
        when = f"2026-10-05 {8 + number // 60:02}:{number % 60:02}"
        fields = {"to": to, "subject": f"Ärende {number}", "from_": f"Bo <bo{number % 5}@privat.example>"}
        if number >= 5:
            fields["in_reply_to"] = ids[number - 5]  # mostly in the batch before
        ids.append(town.deliver(when, texts[number % len(texts)] if number < BATCH else THANKS, **fields))
    repeated = town.letter("2026-10-05 08:00", QUESTION, message_id="<twice@privat.example>", subject="Två gånger")
    for when in ("2026-10-05 08:02", "2026-10-05 08:20"):
        town.deliver_bytes(to, repeated.as_bytes(), when)
    town.deliver_bytes(to, b"\x00\x01 no mail at all", "2026-10-05 08:03")


@pytest.fixture(autouse=True)
def small_whole_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an IMAP server gives them: small mail in one piece."""
    changes = MaildirMailbox.changes

    def in_pieces(self: MaildirMailbox, folder: Folder, cursor: str | None) -> Iterator[Changes]:
        for each in changes(self, folder, cursor, limit=BATCH):
            yield replace(each, arrived=tuple(replace(one, comes_whole=True) for one in each.arrived))

    monkeypatch.setattr(MaildirMailbox, "changes", in_pieces)
    monkeypatch.setattr(judging_children, "WORTH_IT", 3)
    monkeypatch.setattr(judging_children, "CHUNK", 2)


def on_cores(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(judging_children, "cores", lambda: number)


def leave_everything_to_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what is no mail."""
    read = Placing.read

    def odd_one(self: Placing, arrival: Arrival, block: bytes) -> Reading:
        reading = read(self, arrival, block)
        assert reading.message is None, "the children had everything"
        return reading

    monkeypatch.setattr(Placing, "read", odd_one)
    monkeypatch.setattr(judging, "judge", lambda *_: pytest.fail("the children had everything"))


def stored(town: Town) -> Rows:
    """Every row that a reading leaves behind; audit lines and mail in any order."""
    with sqlite3.connect(town.root / "mailbot.db") as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        rows["audit"] = database.execute("SELECT at, actor, action, ref, detail FROM audit").fetchall()
    # rendered mail has boundaries of chance; cursors and the installation name the place on this disk
    del rows["installation"], rows["outbox"], rows["cursors"]
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


def one_after_the_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    town = Town(root)
    filled(town)
    on_cores(monkeypatch, 1)
    town.run(READ)
    on_cores(monkeypatch, 2)
    return town


def assert_as_if_nothing_had_happened(found: Rows, expected: Rows) -> None:
    """The second pass found the digests of the first besides."""
    assert found["obligations"] == expected["obligations"]
    assert found["diary_items"] == expected["diary_items"]
    for table in ("messages", "decisions", "deliveries", "unit_messages", "links"):
        assert not set(expected[table]) - set(found[table]), table
    theirs = [row for row in found["messages"] if "@privat.example" in str(row)]
    assert theirs == [row for row in expected["messages"] if "@privat.example" in str(row)]


def test_the_same_is_stored_as_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    leave_everything_to_children(monkeypatch)
    town.run(READ)
    assert stored(town) == expected
    assert len(expected["messages"]) > 4 * BATCH
    with town.open() as context:
        secret = [one for one in context.store.messages.received(at("2026-10-01 00:00"), at(READ)) if one.confidential]
    assert len(secret) > BATCH / 2  # of one conversation, over several batches


def test_header_blocks_are_judged_by_children_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "HEADERS_FOR_ONE", 1)
    towns = {cores: Town(tmp_path / str(cores), anna_read="headers") for cores in (1, 2)}
    for cores, town in towns.items():
        filled(town, "anna@by.example")
        on_cores(monkeypatch, cores)
        if cores == 2:
            leave_everything_to_children(monkeypatch)
        town.run(READ)
    found = stored(towns[2])
    assert found == stored(towns[1])
    assert len(found["decisions"]) > 4 * BATCH
    assert not [row for row in found["decisions"] if "'headers'" not in row]


def test_children_that_die_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    ask, number = judging_processes.Child.ask, iter(range(1000))

    def deadly(self: Any, request: Request) -> None:
        ask(self, request)
        if next(number) % 3 == 1:
            self.end()

    monkeypatch.setattr(judging_processes.Child, "ask", deadly)
    town.run(READ)
    assert stored(town) == expected


def test_what_came_before_the_trouble_is_recorded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    fetch_headers, number = MaildirMailbox.fetch_headers, iter(range(1000))

    def breaking(self: MaildirMailbox, folder: Folder, ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        if ids and next(number) == 2:
            raise TransientError("the server hung up")
        yield from fetch_headers(self, folder, ids)

    monkeypatch.setattr(MaildirMailbox, "fetch_headers", breaking)
    report = town.run(READ)
    assert [one.new_messages for one in report.mailboxes if one.error] == [2 * BATCH]
    report = town.run(READ)
    assert not [one for one in report.mailboxes if one.error]
    assert_as_if_nothing_had_happened(stored(town), expected)


def test_trouble_with_one_mail_that_children_leave_to_the_worker_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of it is asked for when a later batch has been begun already."""
    monkeypatch.setattr(judging, "HEADERS_FOR_ONE", 1)
    towns = [Town(tmp_path / name, anna_read="headers") for name in ("one", "several")]
    for town in towns:
        filled(town, "anna@by.example")
        town.deliver_bytes("anna@by.example", b"\r\n\r\n" + town.letter(READ, QUESTION).as_bytes(), "2026-10-05 08:07")
    on_cores(monkeypatch, 1)
    towns[0].run(READ)
    on_cores(monkeypatch, 2)
    fetch, number = MaildirMailbox.fetch, iter(range(1000))

    def breaking(self: MaildirMailbox, *args: Any, **options: Any) -> bytes | None:
        if next(number) in (0, 1, 3):
            raise TransientError("the server hung up")
        return fetch(self, *args, **options)

    monkeypatch.setattr(MaildirMailbox, "fetch", breaking)
    for _ in range(4):
        report = towns[1].run(READ)
    assert next(number) > 4
    assert not [one for one in report.mailboxes if one.error]
    assert_as_if_nothing_had_happened(stored(towns[1]), stored(towns[0]))


def test_a_batch_after_one_that_was_not_recorded_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cursor says that the one before has been read."""
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    outcomes, number = judging.Judge.outcomes, iter(range(1000))

    def breaking(self: judging.Judge, batch: judging.Batch, **options: Any) -> Iterator[Any]:
        if batch.readings and next(number) == 1:
            raise TransientError("the server hung up")
        return outcomes(self, batch, **options)

    monkeypatch.setattr(judging.Judge, "outcomes", breaking)
    report = town.run(READ)
    assert [one.new_messages for one in report.mailboxes if one.error] == [BATCH]
    town.run(READ)
    assert_as_if_nothing_had_happened(stored(town), expected)


def test_what_is_known_otherwise_after_the_batch_before_is_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing tells beforehand that two batches are about the same."""
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    monkeypatch.setattr(judging.Batch, "ids", frozenset())
    asked: list[Any] = []
    submit = judging_children.Children.submit

    def noting(self: Any, now: Any, questions: Any, *, urgent: bool = False) -> Any:
        asked.extend(questions if urgent else ())
        return submit(self, now, questions, urgent=urgent)

    monkeypatch.setattr(judging_children.Children, "submit", noting)
    monkeypatch.setattr(judging, "judge", lambda *_: pytest.fail("the children had everything"))
    town.run(READ)
    assert stored(town) == expected
    assert asked


def test_an_answer_that_misses_a_message_leaves_it_to_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = stored(one_after_the_other(tmp_path / "one", monkeypatch))
    town = Town(tmp_path / "several")
    filled(town)
    answers = judging_processes.Child.answers

    monkeypatch.setattr(judging_processes.Child, "answers", lambda self: cast("list[Any]", answers(self))[:1])
    town.run(READ)
    assert stored(town) == expected
