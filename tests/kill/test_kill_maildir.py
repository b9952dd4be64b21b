"""A working day on Maildirs and SQLite, killed before and after each of its steps: nothing is lost, nothing goes twice.

Each pass of the day begins from where an undisturbed day stands, is killed, started again, and must end where the
undisturbed pass ends: the same rows in every table, and the same files in every mailbox, octet for octet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mailbot import wiring
from mailbot.work.passes import one_pass
from tests.kill.steps import in_child, killed_child
from tests.kill.world import Snapshot, files, recorded
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION

ULF = "<ulf@privat.example>"
CONCERN = (
    "Hej! Jag är orolig för grannens pojke Kalle. Han har blåmärken och säger att pappa slår honom när han druckit."
)


def people_write(town: Town, when: str) -> None:
    """What arrives before a pass."""
    if when == "2026-05-11T12:30":
        town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov")
        town.deliver("2026-05-11T09:05", QUESTION, subject="Simhallen", from_="Ny <ny@privat.example>")
        town.deliver("2026-05-11T09:10", CONCERN, subject="Orolig för Kalle")
        town.deliver(
            "2026-05-11T09:15", QUESTION, to="anna@by.example", from_="Ulf <ulf@privat.example>", message_id=ULF
        )
        town.deliver_bytes("kommunen@by.example", b"\x00\x01 no mail at all", "2026-05-11T09:20")
    if when == "2026-05-12T07:00":
        town.answer(
            "2026-05-11T16:00", "Mellan 10 och 18.\n", by="anna@by.example", to="ulf@privat.example",
            in_reply_to=ULF,
        )  # fmt: skip


PASSES = ("2026-05-11T07:00", "2026-05-11T12:30", "2026-05-12T07:00", "2026-05-15T15:30")


@dataclass(frozen=True)
class Pass:
    """One pass of the undisturbed day: where it began, the moments it lived through, and where it ended."""

    when: str
    begin: Snapshot
    moments: list[str]
    rows: dict[str, Any]
    files: dict[str, bytes]


@dataclass
class Day:
    town: Town
    notes: Path
    passes: list[Pass]

    def live(self, when: str) -> None:
        with self.town.open() as context:
            # With no lease a new process looks up at once what the dead one had begun.
            config = context.config
            own = replace(
                context,
                lease_seconds=0,
                open_sender=lambda: wiring.open_sender(config, delivered_at=lambda: at(when)),
            )
            one_pass(own, at(when))

    def undisturbed(self, when: str) -> None:
        people_write(self.town, when)
        begin = Snapshot.take(self.town.root, self.notes / when.replace(":", ""))
        begin.put_back()  # as every killed pass will find it: its files are older than the clock's last tick
        moments = in_child(lambda: self.live(when), noted_in=self.notes / "moments")
        self.live(when)  # reads what the first pass has sent to staff
        self.passes.append(Pass(when, begin, moments, *self.stands()))

    def stands(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        return recorded(self.town.config.paths.database), files(self.town.root)

    def killed_at(self, one: Pass, moment: int) -> None:
        one.begin.put_back()
        killed = killed_child(lambda: self.live(one.when), moment, noted_in=self.notes / "moments")
        self.live(one.when)
        self.live(one.when)
        rows, laid = self.stands()
        name = f"{one.when}, {moment}: {killed}"
        assert laid.keys() == one.files.keys(), name
        assert laid == one.files, name
        for table, expected in one.rows.items():
            assert rows[table] == expected, f"{name}, table {table}"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    town = Town(tmp_path_factory.mktemp("kill") / "town")
    with town.config_path.open("a", encoding="utf-8") as config:
        config.write("\n[schedule]\nworkers = 1\n")  # the same steps in the same order every time
    found = Day(town, tmp_path_factory.mktemp("notes"), [])
    found.live("2026-05-08T07:00")
    for when in PASSES:
        found.undisturbed(when)
    yield found


def test_the_day_has_everything_that_can_go_wrong(day: Day) -> None:
    names = {moment.partition(" ")[2] for one in day.passes for moment in one.moments}
    assert {"commit", "create", "rename", "fsync", "unlink"} <= names
    (rows, laid) = day.passes[-1].rows, day.passes[-1].files
    kinds = {dict(row)["kind"] for row in rows["outbox"]}
    assert kinds == {"forward", "announcement", "holding_reply", "digest"}
    assert {dict(row)["state"] for row in rows["outbox"]} == {"sent"}
    assert len([path for path in laid if path.startswith("outside/")]) == 3


def every(day: Day, stride: int) -> Iterator[tuple[Pass, int]]:
    return (
        (one, moment) for number, one in enumerate(day.passes) for moment in range(number, len(one.moments), stride)
    )


def test_killed_at_some_moments(day: Day) -> None:
    for one, moment in every(day, 43):
        day.killed_at(one, moment)


@pytest.mark.soak
def test_killed_at_every_moment(day: Day) -> None:
    for one, moment in every(day, 1):
        day.killed_at(one, moment)
