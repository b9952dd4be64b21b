"""The daily check by reply: one word to the morning mail, and the head's answer to who stands in."""

import email
from datetime import date
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest

from mailbot.store.people_records import AwayNotice
from mailbot.work.daily_check import check_days
from tests.answers.test_registrar import reply
from tests.support.town import Town, at

LARS, EVA, KARIN = "lars@by.example", "eva@by.example", "karin@by.example"
DAY = date(2026, 5, 11)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Lars checks, Eva stands in for him; it is seven o'clock on Monday 11 May."""
    town = Town(tmp_path, checks=True)
    text = town.config_path.read_text(encoding="utf-8")
    text = text.replace('mail_officers = ["lars"]', 'mail_officers = ["lars", "eva"]')
    town.config_path.write_text(text, encoding="utf-8")
    town.run("2026-05-08T07:00")
    town.run("2026-05-11T07:00")
    return town


def newest(town: Town, to: str, word: str) -> Message:
    found = [email.message_from_bytes(raw, policy=default) for raw in town.inbox(to)]
    return [mail for mail in found if word in mail["Subject"]][-1]


def mails(town: Town, to: str, word: str) -> int:
    found = [email.message_from_bytes(raw, policy=default) for raw in town.inbox(to)]
    return sum(word in mail["Subject"] for mail in found)


def checked(town: Town, now: str = "2026-05-12T08:00") -> tuple[str, str | None, str | None]:
    with town.open() as context:
        (found,) = check_days(context, DAY, DAY, at(now))
    return found.state, found.check.how if found.check else None, found.check.person if found.check else None


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("kontrollerad", True), ("Kontrollerat.", True), ("Hej!\n\nKlart!\n\nMvh Lars", True), ("OK", True),
        ("sjekket", True), ("kontrollert", True), ("checked", True), ("Ja", True), ("Kollat nu på morgonen", True),
        ("inte kontrollerad", False), ("Kontrollerat har jag inte hunnit", False), ("ikke sjekket", False),
        ("Jag tittar på det i eftermiddag", False), ("nej", False), ("", False),
    ],
)  # fmt: skip
def test_one_word_is_enough(town, text, counts):
    reply(town, newest(town, LARS, "myndighetsbrevlådan"), text, "2026-05-11T08:00", by=LARS)
    report = town.run("2026-05-11T08:05")
    assert checked(town) == (("checked", "mail", "lars") if counts else ("missed", None, None))
    assert report.answers == counts


def test_an_answer_on_the_next_day_is_for_the_day_of_the_mail_and_late(town):
    morning = newest(town, LARS, "myndighetsbrevlådan")
    reply(town, morning, "kontrollerad", "2026-05-12T06:00", by=LARS)
    town.run("2026-05-12T06:30")
    assert checked(town) == ("late", "mail", "lars")


def test_the_same_answer_read_twice_is_one_check(town):
    morning = newest(town, LARS, "myndighetsbrevlådan")
    reply(town, morning, "kontrollerad", "2026-05-11T08:00", by=LARS)
    town.run("2026-05-11T08:05")
    reply(town, morning, "kontrollerad", "2026-05-11T09:00", by=LARS)
    town.run("2026-05-11T09:05")
    with town.open() as context:
        assert [check.at for check in context.store.daily_checks.checks(DAY, DAY)] == [at("2026-05-11T08:00")]


def test_forged_or_somebody_elses_answers_change_nothing(town):
    morning = newest(town, LARS, "myndighetsbrevlådan")
    reply(town, morning, "kontrollerad", "2026-05-11T08:00", by=LARS, sent=False)
    reply(town, morning, "kontrollerad", "2026-05-11T08:01", by="anna@by.example")
    reply(town, morning, "kontrollerad", "2026-05-11T08:02", by="Lars Lind <lars@evil.example>", sent=False)
    town.run("2026-05-11T08:05")
    town.run("2026-05-11T10:00")
    assert checked(town) == ("missed", None, None)


def test_whoever_is_ill_says_so_and_the_deputy_gets_the_mail_of_the_day(town):
    assert mails(town, EVA, "myndighetsbrevlådan") == 0
    reply(town, newest(town, LARS, "myndighetsbrevlådan"), "Jag är sjuk idag", "2026-05-11T07:30", by=LARS)
    town.run("2026-05-11T07:35")
    town.run("2026-05-11T07:40")
    assert mails(town, EVA, "myndighetsbrevlådan") == 1
    reply(town, newest(town, EVA, "myndighetsbrevlådan"), "kontrollerad", "2026-05-11T08:00", by=EVA)
    town.run("2026-05-11T08:05")
    assert checked(town) == ("checked", "mail", "eva")
    with town.open() as context:
        assert context.presence.acting(("lars", "eva"), date(2026, 5, 12)).id == "lars", "ill today, not tomorrow"


def test_words_about_items_are_read_in_the_morning_mail_too(town):
    town.deliver("2026-05-11T07:05", "Vilka tider har simhallen öppet? Tacksam för svar.", subject="Simhallen")
    town.run("2026-05-12T07:00")
    with town.open() as context:
        (owed,) = context.store.obligations.list()
    text = f"Kontrollerad\n{owed.ref} till Anna\n"
    reply(town, newest(town, LARS, "myndighetsbrevlådan"), text, "2026-05-12T08:00", by=LARS)
    town.run("2026-05-12T08:05")
    with town.open() as context:
        assert context.store.obligations.get(owed.ref).assignee == "anna"
        (found,) = check_days(context, date(2026, 5, 12), date(2026, 5, 12), at("2026-05-12T09:00"))
    assert [check.how for check in found.checks if check.how == "mail"] == ["mail"]


def everybody_away(town: Town, first: str, back: str) -> None:
    with town.open() as context:
        for person in ("lars", "eva"):
            notice = AwayNotice(person, date.fromisoformat(first), date.fromisoformat(back))
            context.store.away_notices.add(notice, by=f"person:{person}", now=at("2026-05-11T07:30"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Anna", "anna"), ("Anna Ek", "anna"), ("anna@by.example", "anna"), ("jag", "karin"), ("Jag själv", "karin"),
        ("Lars", None), ("Någon annan", None), ("Vet inte", None),
    ],
)  # fmt: skip
def test_the_head_names_somebody_by_reply(town, text, named):
    everybody_away(town, "2026-05-12", "2026-05-14")
    town.run("2026-05-11T08:00")
    reply(town, newest(town, KARIN, "Vem kontrollerar"), text, "2026-05-11T09:00", by=KARIN)
    town.run("2026-05-11T09:05")
    with town.open() as context:
        days = check_days(context, date(2026, 5, 12), date(2026, 5, 13), at("2026-05-11T10:00"))
        assert [one.checker for one in days] == [named, named]
    told = mails(town, KARIN, "mailbot") + mails(town, KARIN, "svar")
    assert told >= 1, "who was named is confirmed, what is unclear is mailed back"
    if named:
        town.run("2026-05-12T07:00")
        assert mails(town, f"{named}@by.example", "Kommunstyrelsen:") == 1, "the morning mail goes to them"


@pytest.mark.parametrize(("person", "word"), [(EVA, "Sjuk idag"), (EVA, "syk"), ("anna@by.example", "I am sick")])
def test_everybody_may_say_so_in_answer_to_any_digest(tmp_path, person, word):
    """Eva is the registrar of the unit, Anna owes an answer."""
    town = Town(tmp_path)
    town.run("2026-05-08T07:00")
    town.deliver(
        "2026-05-08T09:00", "Överklagande. Jag överklagar beslutet BUN 2026/1 om bygglov.", subject="Överklagan"
    )
    town.deliver("2026-05-08T09:01", "Hej Anna! När får jag besked? Tacksam för svar.", to="anna@by.example")
    town.run("2026-05-08T12:30")
    town.run("2026-05-11T07:00")
    digest = [email.message_from_bytes(raw, policy=default) for raw in town.inbox(person) if b"mailbot:" in raw][-1]
    reply(town, digest, word, "2026-05-11T07:30", by=person)
    assert town.run("2026-05-11T07:35").answers == 1
    who = person.partition("@")[0]
    with town.open() as context:
        assert who in context.store.away_notices.on(date(2026, 5, 11))
        assert who not in context.store.away_notices.on(date(2026, 5, 12))


def test_the_report_about_a_stand_in_speaks_of_no_references(town):
    everybody_away(town, "2026-05-12", "2026-05-14")
    town.run("2026-05-11T08:00")
    reply(town, newest(town, KARIN, "Vem kontrollerar"), "Anna", "2026-05-11T09:00", by=KARIN)
    town.run("2026-05-11T09:05")
    told = newest(town, KARIN, "utfört").get_body(("plain",)).get_content()
    assert "Anna Ek kontrollerar" in told and "REFERENS" not in told
