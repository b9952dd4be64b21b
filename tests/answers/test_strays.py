"""A citizen's mail in mailbot's own mailbox is mail to the organisation: judged, owed, registered, passed on, once."""

import email
import shutil
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path

import pytest

from mailbot.store.answers import Answers
from mailbot.store.outbox import Outbox
from mailbot.store.records import Obligation
from mailbot.work.passes import news_pass
from mailbot.work.reading_round import BackOff
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL

MAILBOT, OFFICE, EVA, ANNA = "mailbot@by.example", "kommunen@by.example", "eva@by.example", "anna@by.example"
QUESTION = "Hej!\n\nVilka tider har simhallen öppet i sommar? Tacksam för svar.\n\nBo Berg"
SECRET = "Vi är oroliga för grannens barn och vill göra en orosanmälan. Barnet far illa."


def owed(town: Town) -> list[Obligation]:
    with town.open() as context:
        return context.store.obligations.list(states=("open",))


def parsed(raws: list[bytes]) -> list[EmailMessage]:
    return [email.message_from_bytes(raw, policy=default) for raw in raws]  # type: ignore[misc]


def passed_on(town: Town, to: str = OFFICE) -> list[Message]:
    return [one for one in parsed(town.inbox(to)) if MAILBOT in one["From"]]


def states(town: Town) -> list[tuple[str, str | None]]:
    with town.open() as context:
        rows = context.store.answers.settled_since(at("2026-05-01"), ("done", "unclear", "refused", "ignored"))
    return [(row.state, row.reason) for row in rows]


def test_a_question_is_owed_an_answer_by_the_authority_mailbox_and_passed_on_to_it(settled_town: Town) -> None:
    asked = settled_town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT, subject="Simhallen")
    settled_town.run("2026-05-11T09:05")
    settled_town.run("2026-05-11T09:10")
    (one,) = owed(settled_town)
    assert (one.mailbox, one.unit, one.assignee, one.asker) == (OFFICE, "ks", "", "bo@privat.example")
    (note,) = passed_on(settled_town)
    assert note["Reply-To"] == "bo@privat.example" and "Simhallen" in note["Subject"]
    assert asked in note["References"] and b"simhallen" in note.as_bytes().lower()
    assert states(settled_town) == [("ignored", "citizen")]


def test_an_answer_to_what_was_passed_on_is_the_answer(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT, subject="Simhallen")
    settled_town.run("2026-05-11T09:05")
    (note,) = passed_on(settled_town)
    reply = settled_town.letter("2026-05-11T10:00", "Klockan 9-20.", from_=OFFICE, to="bo@privat.example", subject="SV")
    reply["In-Reply-To"], reply["References"] = note["Message-ID"], f"{note['References']} {note['Message-ID']}"
    settled_town.deliver_bytes(OFFICE, reply.as_bytes(), "2026-05-11T10:00", folder=".Sent")
    settled_town.run("2026-05-11T10:05")
    assert owed(settled_town) == []


def test_the_same_mail_in_the_authority_mailbox_is_one_obligation(settled_town: Town) -> None:
    for first, second in ((MAILBOT, OFFICE), (OFFICE, MAILBOT)):
        letter = settled_town.letter("2026-05-11T09:00", QUESTION, to=f"{OFFICE}, {MAILBOT}", subject="Simhallen")
        for minute, address in enumerate((first, second)):
            settled_town.deliver_bytes(address, letter.as_bytes(), f"2026-05-11T09:0{minute}")
            settled_town.run(f"2026-05-11T09:0{minute}")
    assert [one.mailbox for one in owed(settled_town)] == [OFFICE] * 2
    assert len(passed_on(settled_town)) == 1, "what the mailbox has got itself is not passed on to it"


def test_it_is_answered_by_whoever_has_the_conversation(settled_town: Town) -> None:
    asked = settled_town.deliver("2026-05-11T09:00", QUESTION, subject="Simhallen")
    settled_town.run("2026-05-11T09:05")
    with settled_town.open() as context:
        (one,) = context.store.obligations.list()
        context.store.obligations.assign(one.ref, "anna", by="person:lars", now=at("2026-05-11T09:06"))
        context.store.obligations.answered(one.ref, how="telephone", by="person:anna", now=at("2026-05-11T09:07"))
    again = "Tack! Men när öppnar ni på lördagar? Tacksam för svar."
    settled_town.deliver("2026-05-11T10:00", again, to=MAILBOT, subject="Re: Simhallen", in_reply_to=asked)
    settled_town.run("2026-05-11T10:05")
    assert [(one.mailbox, one.assignee) for one in owed(settled_town)] == [(OFFICE, "anna")]


def test_an_answer_to_our_holding_reply_belongs_to_the_question(settled_town: Town) -> None:
    """However little the citizen's program says: the holding reply's Message-ID alone ties it."""
    settled_town.deliver("2026-05-11T09:00", SECRET, subject="Oro")
    settled_town.run("2026-05-11T09:05")
    (before,) = owed(settled_town)
    settled_town.run(f"{before.due_on}T17:00")
    (holding,) = [one for one in parsed(settled_town.outside()) if one["To"] == "bo@privat.example"]
    text = "Tack. När får jag besked om det jag frågade om?"
    settled_town.deliver(f"{before.due_on}T17:10", text, to=MAILBOT, subject="Re", in_reply_to=holding["Message-ID"])
    settled_town.run(f"{before.due_on}T17:15")
    assert [one.ref for one in owed(settled_town)] == [before.ref] and owed(settled_town)[0].confidential
    staff = [raw for address in (EVA, OFFICE) for raw in settled_town.inbox(address) if MAILBOT.encode() in raw]
    assert not any(b"besked" in raw for raw in staff)


def test_an_appeal_goes_to_the_registrar_and_a_secret_is_only_announced(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", APPEAL, to=MAILBOT, subject="Mitt bygglov")
    settled_town.deliver("2026-05-11T09:01", SECRET, to=MAILBOT, subject="Oro för barn")
    settled_town.run("2026-05-11T09:05")
    with settled_town.open() as context:
        items = context.store.diary.list()
    assert sorted((item.mailbox, item.unit, item.confidential) for item in items) == [
        (OFFICE, "ks", False), (OFFICE, "ks", True),
    ]  # fmt: skip
    eva = parsed(settled_town.inbox(EVA))
    assert sum("message/rfc822" in raw.as_string() for raw in eva) == 1
    everything = b"".join(settled_town.inbox(EVA) + settled_town.inbox(OFFICE))
    assert b"grannens" not in everything and b"Oro f" not in everything
    secret = [one for one in passed_on(settled_town) if "sekretess" in one["Subject"]]
    assert len(secret) == 1 and secret[0]["Reply-To"] is None


def test_programs_bounces_and_our_own_people_stay_as_they_were(settled_town: Town) -> None:
    for number, fields in enumerate((
        {"header_Auto_Submitted": "auto-replied", "subject": "Autosvar: Jag är på semester"},
        {"from_": "<MAILER-DAEMON@mx.privat.example>", "subject": "Undelivered Mail Returned to Sender"},
        {"from_": "Mailbot <mailbot@by.example>"},
        {"from_": "Okänd <okand@by.example>"},
    )):  # fmt: skip
        settled_town.deliver(f"2026-05-11T09:0{number}", "Jag är på semester. Kan ni svara?", to=MAILBOT, **fields)
    settled_town.run("2026-05-11T09:05")
    assert owed(settled_town) == [] and passed_on(settled_town) == []
    assert sorted(map(str, states(settled_town))) == sorted(
        map(str, [("ignored", "automatic")] * 3 + [("refused", "stranger")])
    )


def test_nothing_leaves_in_observe_mode_and_everything_is_recorded(tmp_path: Path) -> None:
    town = Town(tmp_path, mode="observe")
    town.run("2026-05-08T07:00")
    town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT)
    town.run("2026-05-11T09:05")
    town.run(f"{owed(town)[0].due_on}T17:00")
    assert [one.mailbox for one in owed(town)] == [OFFICE]
    assert passed_on(town) == [] and town.outside() == []


def test_a_first_reading_holds_the_automatic_replies(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.deliver("2026-05-07T09:00", QUESTION, to=MAILBOT)
    town.run("2026-05-08T07:00")
    with town.open() as context:
        assert [one.hold_replies for one in context.store.obligations.list()] == [True]


class Died(BaseException):
    """Not an error that anybody catches."""


@pytest.mark.parametrize(("family", "method"), [(Answers, "settle_as_mail"), (Answers, "record"), (Outbox, "claim")])
def test_a_pass_that_dies_is_finished_by_the_next(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch, family: type, method: str
) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT)
    with monkeypatch.context() as patch:

        def dies(*_: object, **__: object) -> None:
            raise Died

        patch.setattr(family, method, dies)
        with pytest.raises(Died):
            settled_town.run("2026-05-11T09:05")
    settled_town.run("2026-05-11T09:10")
    settled_town.run("2026-05-11T09:15")
    assert len(owed(settled_town)) == 1 and len(passed_on(settled_town)) == 1


def test_a_restored_database_finds_it_again_and_sends_nothing_twice(settled_town: Town, tmp_path: Path) -> None:
    town = settled_town
    backup = tmp_path / "backup.db"
    shutil.copy(town.root / "mailbot.db", backup)
    town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT)
    town.run("2026-05-11T09:05")
    town.run(f"{owed(town)[0].due_on}T17:00")
    before, sent = owed(town), len(town.outside())
    for path in town.root.glob("mailbot.db*"):
        path.unlink()
    shutil.copy(backup, town.root / "mailbot.db")
    with town.open() as context:
        context.store.lineage.mark_restored()
    for when in (f"{before[0].due_on}T17:10", f"{before[0].due_on}T17:20"):
        town.run(when)
    assert [one.ref for one in owed(town)] == [one.ref for one in before]
    assert len(passed_on(town)) == 1 and len(town.outside()) == sent == 1


def test_news_in_mailbots_own_mailbox_is_acted_upon_at_once(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, to=MAILBOT)
    with settled_town.open() as context:
        assert news_pass(context, at("2026-05-11T09:01"), {MAILBOT}, BackOff()) == 1
    assert len(owed(settled_town)) == 1 and len(passed_on(settled_town)) == 1
