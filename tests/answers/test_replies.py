"""Whoever owes an answer settles it by answering mailbot's mail; the duty moves with a mail to its new owner."""

import email
from datetime import datetime
from email.message import Message
from email.policy import default

import pytest

from mailbot.store.records import Obligation
from tests.answers.test_registrar import reply
from tests.support.command import mailbot
from tests.support.town import Town, at
from tests.work.test_working_day import QUESTION

LARS = "lars@by.example"
ANNA = "anna@by.example"


def officers_mail(town: Town) -> Message:
    """A question has come; next morning the mail officer gets the digest."""
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.run("2026-05-12T07:00")
    return email.message_from_bytes(town.inbox(LARS)[-1])


def only(town: Town) -> Obligation:
    with town.open() as context:
        (one,) = context.store.obligations.list(states=("open", "answered", "dismissed"))
    return one


@pytest.mark.parametrize(
    ("words", "state", "reason", "assignee"),
    [
        ("besvarat per telefon", "answered", "telephone", ""),
        ("ringt", "answered", "telephone", ""),
        ("Ringte henne i går", "answered", "telephone", ""),
        ("answered by letter", "answered", "letter", ""),
        ("träffade honom, besök", "answered", "visit", ""),
        ("klart", "answered", "other", ""),
        ("inget svar, reklam", "dismissed", "reklam", ""),
        ("ikke svar: reklame", "dismissed", "reklame", ""),
        ("no answer needed, advertising", "dismissed", "advertising", ""),
        ("behöver inte besvaras, dubblett", "dismissed", "dubblett", ""),
        ("till Anna", "open", None, "anna"),
        ("Anna Ek tar den", "open", None, "anna"),
        ("til anna@by.example", "open", None, "anna"),
        ("jag tar det", "open", None, "lars"),
        ("till Nisse", "open", None, ""),
        ("ja", "open", None, ""),
        ("jag ska titta på det", "open", None, ""),
    ],
)
def test_words(settled_town: Town, words: str, state: str, reason: str | None, assignee: str) -> None:
    digest = officers_mail(settled_town)
    reply(settled_town, digest, f"{only(settled_town).ref} {words}", "2026-05-12T08:00", by=LARS)
    settled_town.run("2026-05-12T08:05")
    one = only(settled_town)
    assert (one.state, one.reason, one.assignee) == (state, reason, assignee)


def test_the_new_owner_is_told_and_answers_that_mail(settled_town: Town) -> None:
    town = settled_town
    digest = officers_mail(town)
    reply(town, digest, f"{only(town).ref} till Anna", "2026-05-12T08:00", by=LARS)
    town.run("2026-05-12T08:05")
    told = email.message_from_bytes(town.inbox(ANNA)[-1], policy=default)
    assert only(town).ref in told["Subject"] and "Lars Lind" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    reply(town, told, "ringt", "2026-05-12T09:00", by=ANNA)
    town.run("2026-05-12T09:05")
    assert (only(town).state, only(town).reason, only(town).met_by) == ("answered", "telephone", "person:anna (mail)")


def test_by_command_the_new_owner_is_told_too(settled_town: Town) -> None:
    town = settled_town
    officers_mail(town)
    before = len(town.inbox(ANNA))
    told = mailbot(
        "replies", "assign", only(town).ref, "anna", "--at", "2026-05-12T08:00", "--config", town.config_path
    )
    assert told.status == 0
    town.run("2026-05-12T08:05")
    town.run("2026-05-12T08:10")
    assert len(town.inbox(ANNA)) == before + 1


def test_undo_gives_it_back(settled_town: Town) -> None:
    town = settled_town
    digest = officers_mail(town)
    for minute, words in enumerate(("till Anna", "ångra", "inget svar, reklam", "angre")):
        reply(town, digest, f"{only(town).ref} {words}", f"2026-05-12T08:0{minute}", by=LARS)
        town.run(f"2026-05-12T08:0{minute + 1}")
    assert (only(town).state, only(town).assignee) == ("open", "")


def test_nobody_else_may_settle_it(settled_town: Town) -> None:
    """Karin holds a digest of her own, and no duty in this unit's mailbox."""
    town = settled_town
    officers_mail(town)
    town.deliver("2026-05-12T09:00", QUESTION, to="karin@by.example", subject="Till Karin")
    town.run("2026-05-12T09:05")
    town.run("2026-05-13T07:00")
    digests = [email.message_from_bytes(raw) for raw in town.inbox("karin@by.example")]
    hers = next(
        one
        for one in digests
        if "mailbot@" in one["From"]
        and "besvara" in str(email.header.make_header(email.header.decode_header(one["Subject"])))
    )
    with town.open() as context:
        theirs = next(one for one in context.store.obligations.list() if one.mailbox == "kommunen@by.example")
    reply(town, hers, f"{theirs.ref} ringt", "2026-05-13T08:00", by="karin@by.example")
    town.run("2026-05-13T08:05")
    with town.open() as context:
        assert context.store.obligations.get(theirs.ref).state == "open"


def test_a_mail_under_the_same_subject_is_proposed_and_accepted(settled_town: Town) -> None:
    town = settled_town
    digest = officers_mail(town)
    answer = town.letter(
        "2026-05-12T08:30", "Hej! Öppet 10-18.", from_=ANNA, to="bo@privat.example", subject="SV: En fråga"
    )
    town.deliver_bytes(ANNA, answer.as_bytes(), "2026-05-12T08:30", folder=".Sent")
    town.run("2026-05-12T08:35")
    one = only(town)
    assert one.state == "open"
    (shown,) = mailbot("replies", "list", "--json", "--config", town.config_path).rows
    assert shown["proposed_answer_from"] == ANNA
    reply(town, digest, f"{one.ref} ja", "2026-05-12T09:00", by=LARS)
    town.run("2026-05-12T09:05")
    one = only(town)
    assert (one.state, one.met_at, one.reason) == ("answered", at("2026-05-12T08:30"), "mail")


def test_the_mark_of_a_reply_is_evidence_that_a_person_confirms(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    inbox = town.maildir("kommunen@by.example")
    (file,) = [each for each in inbox.glob("*/*") if each.parent.name in ("new", "cur")]
    file.rename(inbox / "cur" / f"{file.name.partition(':')[0]}:2,RS")
    town.run("2026-05-12T07:00")
    assert only(town).state == "open"  # it closes nothing by itself
    (shown,) = mailbot("replies", "list", "--json", "--config", town.config_path).rows
    assert (shown["proposed_answer_at"], shown["proposed_answer_from"]) == (None, None)
    assert shown["marked_answered_in"] == "kommunen@by.example"
    assert at("2026-05-12T07:00") <= datetime.fromisoformat(shown["marked_answered_at"]) <= at("2026-05-12T07:01")
    told = mailbot("replies", "show", shown["ref"], "--lang", "sv", "--config", town.config_path).out
    assert f"Stämmer det, skriv\n  mailbot replies answered {shown['ref']} --how mail" in told
    digest = email.message_from_bytes(town.inbox(LARS)[-1], policy=default)
    assert "markerat som besvarat 2026-05-12 i kommunen@by.example" in digest.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    reply(town, digest, f"{shown['ref']} ja", "2026-05-12T09:00", by=LARS)
    town.run("2026-05-12T09:05")
    one = only(town)
    assert (one.state, one.met_at, one.reason) == (
        "answered",
        datetime.fromisoformat(shown["marked_answered_at"]),
        "mail",
    )


def test_an_automatic_mail_or_one_to_somebody_else_is_never_proposed(settled_town: Town) -> None:
    town = settled_town
    officers_mail(town)
    for fields in ({"to": "bo@privat.example", "header_Auto_Submitted": "auto-replied"}, {"to": "per@privat.example"}):
        letter = town.letter("2026-05-12T08:30", "Hej!", from_=ANNA, subject="Re: En fråga", **fields)
        town.deliver_bytes(ANNA, letter.as_bytes(), "2026-05-12T08:30", folder=".Sent")
    town.run("2026-05-12T08:35")
    with town.open() as context:
        assert context.store.obligations.proposed_answers([context.store.obligations.list()[0].ref]) == {}
