"""A database restored from last night, and one that stays locked."""

import shutil

import pytest

from mailbot.errors import TransientError
from tests.support.command import mailbot
from tests.support.town import Town
from tests.work.test_working_day import APPEAL, QUESTION


def test_a_restored_database_finds_what_went_out_since(settled_town: Town) -> None:
    """Nothing goes out twice (invariant 2), and mailbot's own mail is no question to anybody."""
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL)
    town.run("2026-05-11T12:30")
    last_night = town.root / "last_night.db"
    shutil.copy(town.root / "mailbot.db", last_night)
    town.deliver("2026-05-12T09:00", APPEAL, subject="Mer")
    town.deliver("2026-05-12T09:10", QUESTION, from_="Cia Ek <cia@privat.example>")
    town.run("2026-05-12T12:30")
    town.run("2026-05-18T15:30")
    before = (len(town.inbox("eva@by.example")), len(town.outside()))
    shutil.move(last_night, town.root / "mailbot.db")

    town.run("2026-05-18T15:40")
    town.run("2026-05-18T15:50")

    assert (len(town.inbox("eva@by.example")), len(town.outside())) == before
    with town.open() as context:
        assert len(context.store.obligations.list()) == 3
        assert context.store.outbox.list(states=("pending", "held", "failed", "unknown")) == []


def test_a_locked_database_ends_the_pass_at_once(settled_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not mailbox by mailbox, each after its own waiting time."""
    waits = []

    def locked(*_: object) -> None:
        waits.append(1)
        raise TransientError("the database is locked by another process; try again")

    monkeypatch.setattr("mailbot.store.intake.Intake.checked", locked)
    told = mailbot("run", "--once", "--at", "2026-05-11T12:30", "--config", settled_town.config_path)
    assert told.status == 3
    assert len(waits) <= settled_town.config.schedule.workers + 1
