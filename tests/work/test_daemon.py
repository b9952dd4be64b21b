"""The scheduler's arithmetic and its end."""

import threading
from datetime import datetime

import pytest

from mailbot import daemon
from tests.support.town import Town, at


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
    stop, passes = threading.Event(), []
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: self.is_set())

    def one_pass(context: object, now: datetime, **_: object) -> None:
        passes.append(now)
        if len(passes) == 1:
            raise RuntimeError("disk full")
        stop.set()

    monkeypatch.setattr(daemon, "one_pass", one_pass)
    with settled_town.open() as context:
        daemon.serve(context, stop, clock=lambda: at("2026-05-11T08:00"))
    assert len(passes) == 2
