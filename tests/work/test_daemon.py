"""The scheduler's arithmetic and its end."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from mailbot import daemon
from mailbot.systemd import Manager
from mailbot.work.context import Context
from mailbot.work.passes import news_pass, one_pass
from mailbot.work.reading_round import BackOff, Stopped
from mailbot.work.watching import Bell
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-05-11T06:58", "2026-05-11T07:00"),  # a scheduled pass comes before the next poll
        ("2026-05-11T07:00", "2026-05-11T07:05"),
        ("2026-05-11T12:27", "2026-05-11T12:30"),
        ("2026-05-11T23:58", "2026-05-12T00:03"),
        ("2026-05-14T06:58", "2026-05-14T07:03"),  # Kristi himmelsfärdsdag: polling only
        ("2026-05-16T12:29", "2026-05-16T12:34"),  # Saturday
        ("2026-03-29T01:58", "2026-03-29T03:03"),  # the night in which the clock goes forward
    ],
)
def test_when_the_next_pass_is(settled_town: Town, now: str, following: str) -> None:
    with settled_town.open() as context:
        assert daemon.next_pass_at(context, at(now)) == at(following)


def test_the_pass_in_hand_is_finished_and_a_failing_pass_does_not_end_the_daemon(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell, passes = Bell(), []
    moments = iter(at("2026-05-11T08:00") + timedelta(minutes=10 * number) for number in range(100))

    def one_pass(context: object, now: datetime, **_: object) -> None:
        passes.append(now)
        if len(passes) == 1:
            raise RuntimeError("disk full")
        bell.stop()

    monkeypatch.setattr(daemon, "one_pass", one_pass)
    with settled_town.open() as context:
        daemon.serve(context, bell, clock=lambda: next(moments))
    assert len(passes) == 2


def test_what_arrives_is_read_at_once_and_only_there(settled_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    bell, read = Bell(), []
    monkeypatch.setattr(daemon, "_GATHER_SECONDS", 0)
    monkeypatch.setattr(daemon, "one_pass", lambda *_, **__: bell.ring("kommunen@by.example"))

    def news_pass(context: Context, now: datetime, addresses: frozenset[str], back_off: BackOff) -> None:
        read.append(addresses)
        bell.stop()

    monkeypatch.setattr(daemon, "news_pass", news_pass)
    with settled_town.open() as context:
        daemon.serve(context, bell, clock=lambda: at("2026-05-11T08:00"))
    assert read == [{"kommunen@by.example"}]


def test_a_pass_over_news_reads_those_mailboxes_and_sends_what_follows(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL)
    town.deliver("2026-05-11T09:00", QUESTION, to="lars@by.example")
    with town.open() as context:
        new = news_pass(context, at("2026-05-11T09:01"), {"kommunen@by.example"}, BackOff())
        assert new == 1
        again = news_pass(context, at("2026-05-11T09:02"), {"kommunen@by.example", "mailbot@by.example"}, BackOff())
        assert again == 0
    assert len([raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]) == 1


class Clock:
    """Moves by what the daemon waits, and as a person or a sleeping machine moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("jump", "waits"),
    [
        (timedelta(0), 5),  # the poll after five minutes, looked for every minute
        (timedelta(hours=9), 1),  # the lid was closed
        (-timedelta(hours=2), 1),  # the clock was set back: nobody waits for two hours
    ],
)
def test_the_clock_is_looked_at_again_and_again(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch, jump: timedelta, waits: int
) -> None:
    clock, bell = Clock(at("2026-05-11T08:01")), Bell()
    passes: list[datetime] = []
    waited: list[float] = []

    def one_pass(context: object, now: datetime, **_: object) -> None:
        passes.append(now)
        if len(passes) == 2:
            bell.stop()

    def wait(seconds: float) -> frozenset[str]:
        waited.append(seconds)
        clock.now += timedelta(seconds=seconds) + (jump if len(waited) == 1 else timedelta(0))
        return frozenset()

    monkeypatch.setattr(daemon, "one_pass", one_pass)
    monkeypatch.setattr(bell, "wait", wait)
    with settled_town.open() as context:
        daemon.serve(context, bell, clock=clock)
    assert len(passes) == 2 and len(waited) == waits and max(waited) <= 60


def test_the_summer_time_nights_have_every_poll_once(settled_town: Town) -> None:
    for night in ("2026-03-29T00:30", "2026-10-25T00:30"):
        now, polls = at(night), []
        with settled_town.open() as context:
            for _ in range(40):
                now = daemon.next_pass_at(context, now)
                polls.append(now)
        assert {later - earlier for earlier, later in pairwise(polls)} == {timedelta(minutes=5)}


def test_what_is_not_begun_is_left_when_the_end_comes(settled_town: Town) -> None:
    read: list[str] = []
    with settled_town.open() as context:
        one_worker = replace(context.config, schedule=replace(context.config.schedule, workers=1))
        stopping = replace(context, config=one_worker, stopping=lambda: bool(read))
        with pytest.raises(Stopped):
            one_pass(stopping, at("2026-05-11T08:00"), read.append)
    assert len(read) == 1


def test_the_pulse_stops_while_nothing_is_achieved() -> None:
    now, achieved = [0.0], [0]
    pulse = daemon._Pulse(Manager(), Bell(), lambda: achieved[0], lambda: 60, monotonic=lambda: now[0])
    assert pulse.lives()
    now[0] = 59
    assert pulse.lives()
    now[0] = 61
    assert not pulse.lives()
    achieved[0] = 1
    assert pulse.lives()
    with pulse.idle():
        now[0] = 10_000
        assert pulse.lives()
    now[0] = 10_061
    assert not pulse.lives()
