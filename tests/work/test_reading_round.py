"""Many mailboxes, few workers: trouble stays where it is."""

from datetime import timedelta

import pytest

from mailbot.work import reading_round
from mailbot.work.intake import MailboxPass
from mailbot.work.passes import one_pass
from mailbot.work.reading_round import BackOff
from tests.support.town import Town, at
from tests.work.test_working_day import QUESTION

NOW = at("2026-05-11T08:00")
FAILED = MailboxPass("anna@by.example", 0, "connection refused")
READ = MailboxPass("anna@by.example", 3, None)


def test_waits_double_up_to_a_limit_and_end_with_success() -> None:
    back_off = BackOff(jitter=lambda: 0.5)
    waits = []
    for _ in range(8):
        back_off.note([FAILED], NOW)
        waits.append(next(m for m in range(60) if back_off.may_try("anna@by.example", NOW + timedelta(minutes=m))))
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert back_off.may_try("lars@by.example", NOW)
    back_off.note([READ], NOW)
    assert back_off.may_try("anna@by.example", NOW)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 45), (1.0, 75)])
def test_jitter_spreads_the_next_attempts(jitter: float, seconds: int) -> None:
    back_off = BackOff(jitter=lambda: jitter)
    back_off.note([FAILED], NOW)
    assert not back_off.may_try("anna@by.example", NOW + timedelta(seconds=seconds - 1))
    assert back_off.may_try("anna@by.example", NOW + timedelta(seconds=seconds))


def test_a_mailbox_that_failed_is_left_alone_until_its_wait_is_over(settled_town: Town) -> None:
    town = settled_town
    place, elsewhere = town.maildir("anna@by.example"), town.root / "elsewhere"
    back_off = BackOff(jitter=lambda: 0.5)
    with town.open() as context:
        place.rename(elsewhere)
        assert len(one_pass(context, NOW, back_off=back_off).unread) == 1
        elsewhere.rename(place)
        soon = one_pass(context, NOW + timedelta(seconds=30), back_off=back_off)
        assert "anna@by.example" not in [one.mailbox for one in soon.mailboxes]
        later = one_pass(context, NOW + timedelta(seconds=90), back_off=back_off)
        assert "anna@by.example" in [one.mailbox for one in later.mailboxes]
        assert later.alarms == ()


def test_a_defect_in_one_mailbox_stops_no_other(settled_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    healthy = reading_round.read_received

    def broken_for_anna(context, settings, now):
        if settings.address == "anna@by.example":
            raise ZeroDivisionError
        return healthy(context, settings, now)

    monkeypatch.setattr(reading_round, "read_received", broken_for_anna)
    report = town.run("2026-05-11T12:30")

    assert [one.error for one in report.unread] == ["reading it failed (ZeroDivisionError)"]
    assert report.alarms == ("mailbox_not_read",)
    with town.open() as context:
        assert len(context.store.obligations.list()) == 1
