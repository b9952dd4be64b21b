"""Holding replies: never to ourselves, never too many to one sender, never after the answer (invariant 3)."""

import pytest

from tests.support.town import Town, at
from tests.work.test_working_day import QUESTION


def pause(town: Town, when: str) -> None:
    with town.open() as context:
        context.store.installation.pause(by="person:it", reason="", now=at(when))


def resume(town: Town, when: str) -> None:
    with town.open() as context:
        context.store.installation.resume(by="person:it", now=at(when))


@pytest.mark.parametrize(
    "fields",
    [
        {"reply_to": "mailbot@by.example"},
        {"reply_to": "eva@by.example"},
        {"from_": "mailbot@by.example"},
        {"from_": "formular@by.example", "reply_to": "mailbot@by.example"},
        {"from_": "formular@by.example", "reply_to": "lars@by.example"},
    ],
)
def test_no_forged_field_makes_us_write_to_our_own_mailboxes(settled_town: Town, fields: dict[str, str]) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, **fields)
    settled_town.run("2026-05-11T12:30")
    settled_town.run("2026-05-15T15:30")
    with settled_town.open() as context:
        assert [item.kind for item in context.store.outbox.list() if item.kind != "digest"] == []


def test_a_web_form_still_gets_its_holding_reply(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, from_="formular@by.example", reply_to="bo@privat.example")
    settled_town.run("2026-05-11T12:30")
    settled_town.run("2026-05-15T15:30")
    assert len(settled_town.outside()) == 1


def test_what_a_pause_has_kept_back_does_not_flood_one_sender(settled_town: Town) -> None:
    town = settled_town
    pause(town, "2026-05-11T08:00")
    for day in ("11", "12", "13"):
        for number in range(3):
            town.deliver(f"2026-05-{day}T09:0{number}", QUESTION, subject=f"Fråga {day} {number}")
        town.run(f"2026-05-{day}T12:30")
    for day in ("15", "18", "19"):
        town.run(f"2026-05-{day}T15:30")
    resume(town, "2026-05-20T08:00")
    town.run("2026-05-20T15:30")

    assert len(town.outside()) == 3
    with town.open() as context:
        assert len(context.store.outbox.list(states=("held",))) == 6


@pytest.mark.parametrize("held", [False, True])
def test_a_holding_reply_that_waits_is_withdrawn_when_a_person_has_answered(town: Town, held: bool) -> None:
    if not held:
        town.run("2026-05-08T07:00")
        pause(town, "2026-05-11T08:00")
    asked = town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T15:30")
    town.answer("2026-05-15T16:00", "9 till 17.", by="kommunen@by.example", to="bo@privat.example", in_reply_to=asked)
    resume(town, "2026-05-15T16:30")
    town.run("2026-05-15T17:00")

    assert town.outside() == []
    with town.open() as context:
        states = [item.state for item in context.store.outbox.list() if item.kind == "holding_reply"]
    assert states == ["cancelled"]


def test_a_unit_that_left_the_configuration_does_not_stop_the_day(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    config = town.config_path.read_text(encoding="utf-8")
    config = config.replace('id = "ks"', 'id = "kommun"').replace('unit = "ks"', 'unit = "kommun"')
    town.config_path.write_text(config, encoding="utf-8")

    town.run("2026-05-15T15:30")

    assert len(town.outside()) == 1


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({}, "bo@privat.example"),
        # anybody can point Reply-To at anybody (RFC 3834 section 4)
        ({"reply_to": "offer@elsewhere.example"}, "bo@privat.example"),
        ({"reply_to": "bo.berg@privat.example"}, "bo.berg@privat.example"),
        ({"from_": "formular@by.example", "reply_to": "bo@elsewhere.example"}, "bo@elsewhere.example"),
    ],
)
def test_where_a_holding_reply_goes(settled_town: Town, fields: dict[str, str], to: str) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, **fields)
    settled_town.run("2026-05-11T12:30")
    settled_town.run("2026-05-15T15:30")
    (reply,) = settled_town.outside()
    assert f"To: {to}".encode() in reply


@pytest.mark.parametrize("answered_to", ["bo@privat.example", "bo@elsewhere.example"])
def test_an_answer_to_from_or_to_reply_to_counts(settled_town: Town, answered_to: str) -> None:
    asked = settled_town.deliver("2026-05-11T09:00", QUESTION, reply_to="bo@elsewhere.example")
    settled_town.run("2026-05-11T12:30")
    settled_town.answer("2026-05-12T09:00", "Kl. 10-18.", by="anna@by.example", to=answered_to, in_reply_to=asked)
    settled_town.run("2026-05-12T09:05")
    with settled_town.open() as context:
        assert [one.state for one in context.store.obligations.list(states=("open", "answered"))] == ["answered"]


def test_a_stranger_in_the_conversation_does_not_become_the_asker(settled_town: Town) -> None:
    asked = settled_town.deliver("2026-05-11T09:00", QUESTION)
    settled_town.run("2026-05-11T12:30")
    settled_town.deliver(
        "2026-05-12T09:00", QUESTION, from_="X <x@stranger.example>", in_reply_to=asked, subject="SV: En fråga"
    )
    settled_town.run("2026-05-12T12:30")
    settled_town.run("2026-05-15T15:30")
    (reply,) = settled_town.outside()
    assert b"To: bo@privat.example" in reply
