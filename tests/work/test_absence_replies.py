"""Mailboxes whose servers answer nothing: mailbot does, by RFC 3834."""

from datetime import date
from email import message_from_bytes, policy

import pytest

from mailbot.policy.absence import Absence, Cover, Option
from mailbot.work.passes import one_pass
from tests.support.town import Town, at

AWAY = Absence(
    person="anna",
    from_=date(2026, 7, 6),
    back=date(2026, 7, 20),
    option=Option.COLLEAGUE_CHECKS,
    colleague="lars",
    covers=(Cover("2026-W28", "lars"), Cover("2026-W29", "lars")),
)


@pytest.fixture
def away(town: Town) -> Town:
    town.run("2026-07-03T08:00")  # read before: nothing is held
    with town.open() as context:
        context.store.absences.plan(AWAY, by="person:anna", now=at("2026-07-03T09:00"))
    return town


def replies(town: Town) -> list[str]:
    mails = [message_from_bytes(raw, policy=policy.default) for raw in town.outside()]
    return [str(mail["To"]) for mail in mails if mail["Auto-Submitted"] == "auto-replied" and "svar" in mail["Subject"]]


def test_once_for_each_sender_and_version(away: Town) -> None:
    for hour in (8, 9):
        away.deliver(f"2026-07-07T{hour:02}:00", "Hej! Får jag bygga?", to="anna@by.example")
    away.deliver("2026-07-07T10:00", "Hej igen!", to="anna@by.example", from_="Cia <cia@privat.example>")
    away.run("2026-07-07T10:05")
    assert sorted(replies(away)) == ["bo@privat.example", "cia@privat.example"]
    with away.open() as context:
        (stored,) = context.store.absences.list()
        context.store.absences.change(stored.ref, AWAY, by="person:anna", now=at("2026-07-07T11:00"))
    away.deliver("2026-07-08T08:00", "En till", to="anna@by.example")
    away.run("2026-07-08T08:05")
    assert replies(away).count("bo@privat.example") == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"header_Auto_Submitted": "auto-generated"},
        {"header_List_Id": "<nytt.privat.example>"},
        {"header_Precedence": "bulk"},
        {"from_": "noreply@privat.example"},
        {"from_": "MAILER-DAEMON@privat.example"},
    ],
)
def test_never_answered(away: Town, fields: dict[str, str]) -> None:
    away.deliver("2026-07-07T08:00", "Hej!", to="anna@by.example", **fields)
    away.run("2026-07-07T08:05")
    assert replies(away) == []


def test_nothing_before_after_or_in_observe_mode(away: Town) -> None:
    away.deliver("2026-07-03T10:00", "Före", to="anna@by.example")
    away.run("2026-07-03T10:05")
    away.deliver("2026-07-20T08:00", "Efter", to="anna@by.example", from_="Dag <dag@privat.example>")
    away.run("2026-07-20T08:05")
    away.deliver("2026-07-20T08:00", "Till lådan", to="kommunen@by.example", from_="Eli <eli@privat.example>")
    assert replies(away) == []


def test_the_reply_names_who_checks(away: Town) -> None:
    away.deliver("2026-07-07T08:00", "Hej!", to="anna@by.example")
    with away.open() as context:
        one_pass(context, at("2026-07-07T08:05"))
    (raw,) = [raw for raw in away.outside() if b"To: bo@privat.example" in raw]
    mail = message_from_bytes(raw, policy=policy.default)
    text = mail.get_body(("plain",)).get_content()
    assert "26-07-20" in text and "Lars Lind" in text
    assert "Hej!" not in text, "nothing is quoted"
    assert mail["From"].addresses[0].addr_spec == "anna@by.example"
