"""Invariant 10: a working day without a completed check ends in a message to a person, whatever went wrong."""

import email
from email import policy as email_policy
from pathlib import Path

import pytest

from tests.support.town import Town

DAY = "2026-05-12"


def living(root: Path, mode: str) -> Town:
    """Everything was read, and checked, the day before."""
    town = Town(root, mode=mode, checks=True)
    town.run("2026-05-08T07:00")
    town.run("2026-05-11T07:00")
    return town


def heard(town: Town, address: str) -> str:
    mails = [email.message_from_bytes(raw, policy=email_policy.default) for raw in town.inbox(address)]
    return "\n".join(f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in mails if mail)


def out_of_reach(town: Town) -> None:
    for mailbox in town.config.mailboxes:
        if mailbox.role == "authority":
            town.maildir(mailbox.address).rename(town.root / f"gone-{mailbox.address}")


@pytest.mark.parametrize(("mode", "person"), [("enforce", "karin@by.example"), ("observe", "it@by.example")])
def test_no_authority_mailbox_could_be_read_all_day(tmp_path: Path, mode: str, person: str) -> None:
    town = living(tmp_path, mode)
    out_of_reach(town)
    before = heard(town, person)
    for hour in ("07:00", "12:30", "15:30", "16:30", "17:30"):
        town.run(f"{DAY}T{hour}")
    news = heard(town, person).replace(before, "", 1)
    assert "kommunen@by.example" in news


@pytest.mark.parametrize(("mode", "person"), [("enforce", "karin@by.example"), ("observe", "it@by.example")])
def test_the_daemon_was_down_for_days(tmp_path: Path, mode: str, person: str) -> None:
    """It stood still on Tuesday and Wednesday, over a holiday, and is started in the middle of Friday."""
    town = living(tmp_path, mode)
    before = heard(town, person)
    town.run("2026-05-15T13:00")
    news = heard(town, person).replace(before, "", 1)
    assert "2026-05-12" in news or "12 maj" in news, news
    assert "2026-05-13" in news or "13 maj" in news, news


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_a_mailbox_that_could_never_be_read_is_no_silence(tmp_path: Path, mode: str) -> None:
    town = Town(tmp_path, mode=mode, checks=True)
    out_of_reach(town)
    for when in ("2026-05-11T07:00", "2026-05-11T17:30", "2026-05-12T07:00"):
        town.run(when)
    assert "kommunen@by.example" in heard(town, "it@by.example") + heard(town, "karin@by.example")
