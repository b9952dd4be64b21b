"""Observe before enforce, no storms, nothing twice (design section 4, invariants 2 to 4)."""

import pytest

from mailbot.errors import UserError
from mailbot.work.passes import one_pass
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION


def everything_that_left(town: Town) -> list[str]:
    left = [mailbox.address for mailbox in town.config.mailboxes for _ in town.inbox(mailbox.address)]
    return left + ["outside"] * len(town.outside())


def test_observing_sends_nothing_but_the_operators_digest(town: Town) -> None:
    town.mode = "observe"
    town.write_config()
    town.run("2026-05-08T07:00")
    letter = town.letter("2026-05-11T09:00", APPEAL).as_bytes()
    town.deliver_bytes("kommunen@by.example", letter, "2026-05-11T09:00", folder=".Junk")
    for when in ("2026-05-11T12:30", "2026-05-12T07:00", "2026-05-15T15:30", "2026-05-18T07:00"):
        town.run(when)

    assert set(everything_that_left(town)) <= {"it@by.example"}
    with town.open() as context:
        assert [item.state for item in context.store.diary.list()] == ["proposed"]
        assert len(context.store.obligations.list()) == 1


def test_switching_to_enforce_sends_nothing_that_has_piled_up(town: Town) -> None:
    town.mode = "observe"
    town.write_config()
    town.run("2026-05-08T07:00")
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.mode = "enforce"
    town.write_config()
    for when in ("2026-05-15T12:30", "2026-05-15T15:30", "2026-05-18T15:30"):
        town.run(when)
    assert town.outside() == []

    town.deliver("2026-05-18T16:00", QUESTION, subject="Ny fråga", from_="Ny Person <ny@privat.example>")
    town.run("2026-05-21T15:30")
    assert len(town.outside()) == 1


def test_the_first_reading_starts_clocks_but_holds_automatic_replies(town: Town) -> None:
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T15:30")

    assert town.outside() == []
    with town.open() as context:
        (held,) = context.store.outbox.list(states=("held",))
        context.store.outbox.release(held.ref, by="person:it", now=at("2026-05-15T15:40"))
        one_pass(context, at("2026-05-15T15:45"))
    assert len(town.outside()) == 1


def test_one_sender_gets_at_most_three_holding_replies_a_day(settled_town: Town) -> None:
    town = settled_town
    for number in range(5):
        town.deliver(f"2026-05-11T09:0{number}", QUESTION, subject=f"Fråga {number}")
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T15:30")

    assert len(town.outside()) == 3
    with town.open() as context:
        assert len(context.store.outbox.list(states=("held",))) == 2


def test_the_circuit_breaker_stops_everything_until_a_person_resumes(settled_town: Town) -> None:
    town = settled_town
    config = town.config_path.read_text(encoding="utf-8") + "\n[policy.storm]\noutgoing_per_hour = 5\n"
    town.config_path.write_text(config, encoding="utf-8")
    for number in range(9):
        town.deliver(f"2026-05-11T09:0{number}", APPEAL, subject=f"Mitt bygglov {number}", from_=f"b{number}@p.example")

    report = town.run("2026-05-11T12:30")

    assert report.alarms == ("circuit_breaker",)
    with town.open() as context:
        waiting = len(context.store.outbox.list(states=("pending",)))
        assert waiting > 0
        assert one_pass(context, at("2026-05-11T15:30")).sent == 0
        context.store.installation.resume(by="person:it", now=at("2026-05-11T15:40"))
        assert one_pass(context, at("2026-05-11T15:45")).sent > 0


def test_nothing_leaves_while_paused_but_reading_goes_on(settled_town: Town) -> None:
    town = settled_town
    with town.open() as context:
        context.store.installation.pause(by="person:it", reason="mall fel", now=at("2026-05-11T08:00"))
    letter = town.letter("2026-05-11T09:00", APPEAL).as_bytes()
    town.deliver_bytes("kommunen@by.example", letter, "2026-05-11T09:00", folder=".Junk")
    report = town.run("2026-05-11T12:30")

    assert report.new_messages == 1
    assert report.alarms == ()
    assert everything_that_left(town) == []


def test_mail_older_than_the_start_is_left_alone(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-04-20T09:00", APPEAL)
    town.run("2026-05-11T12:30")
    with town.open() as context:
        assert context.store.obligations.list() == []
        assert context.store.diary.list() == []


def test_a_second_daemon_on_the_same_database_is_refused(settled_town: Town) -> None:
    with settled_town.open(), pytest.raises(UserError), settled_town.open():
        pass


def test_replies_stay_held_over_all_batches_of_a_folder_that_is_listed_anew(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recreated folder comes in several batches, of which only the first says so."""
    from functools import partialmethod

    from mailbot.platforms.maildir.mailbox import MaildirMailbox

    town = settled_town
    monkeypatch.setattr(MaildirMailbox, "changes", partialmethod(MaildirMailbox.changes, limit=2))
    inbox = town.maildir("kommunen@by.example")
    inbox.rename(town.root / "before")
    for part in ("tmp", "new", "cur"):
        (inbox / part).mkdir(parents=True)
    for number in range(5):
        town.deliver(f"2026-05-11T09:0{number}", QUESTION, from_=f"Nr {number} <nr{number}@privat.example>")
    town.run("2026-05-11T12:30")
    with town.open() as context:
        assert [one.hold_replies for one in context.store.obligations.list()] == [True] * 5


def test_upper_case_in_a_local_address_is_no_hindrance(settled_town: Town) -> None:
    town = settled_town
    people = (town.root / "people.toml").read_text(encoding="utf-8").replace('"eva@by.example"', '"Eva@By.example"')
    (town.root / "people.toml").write_text(people, encoding="utf-8")
    town.deliver("2026-05-11T09:00", APPEAL)
    town.run("2026-05-11T12:30")
    assert any(b"message/rfc822" in raw for raw in town.inbox("eva@by.example"))


def test_mail_from_before_the_switch_that_is_read_after_it_is_not_forwarded(town: Town) -> None:
    town.mode = "observe"
    town.write_config()
    town.run("2026-05-08T07:00")
    town.mode = "enforce"
    town.write_config()
    town.run("2026-05-12T07:00")
    town.deliver("2026-05-11T09:00", APPEAL, subject="Före bytet")
    town.deliver("2026-05-12T09:00", APPEAL, subject="Efter bytet", from_="Ny <ny@privat.example>")
    town.run("2026-05-12T12:30")
    forwarded = [raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]
    assert len(forwarded) == 1
    with town.open() as context:
        assert sorted(str(item.title) for item in context.store.diary.list()) == ["Efter bytet", "Före bytet"]


def test_a_message_id_of_ours_in_a_forged_sender_does_not_silence_a_mail(settled_town: Town) -> None:
    """Whoever got a holding reply knows its Message-ID, and may write From: a colleague."""
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T15:30")
    with town.open() as context:
        (reply,) = [item for item in context.store.outbox.list() if item.kind == "holding_reply"]
    town.deliver("2026-05-18T09:00", APPEAL, from_="Anna Ek <anna@by.example>", message_id=reply.message_id)
    town.run("2026-05-18T12:30")
    with town.open() as context:
        assert len(context.store.diary.list()) == 1


def test_a_clock_that_was_a_year_ahead_does_not_stop_forgetting(settled_town: Town) -> None:
    town = settled_town
    town.run("2027-05-11T07:00")
    town.run("2026-05-11T07:00")
    with town.open() as context:
        purged_at = context.store.installation.get("purged_at")
    assert purged_at is not None
    assert purged_at.startswith("2026-05-11")


def test_secrets_in_what_is_passed_on_below_are_not_forwarded(settled_town: Town) -> None:
    town = settled_town
    text = APPEAL + (
        "\n-----Ursprungligt meddelande-----\nFrån: Mia Ek <mia@privat.example>\nSkickat: den 4 maj 2026 10:12\n"
        "Till: Bo Berg\nÄmne: Pojken\n\nMin son Kalle Ek har fått diagnosen ADHD och går på BUP, han mår väldigt "
        "dåligt och har försökt ta livet av sig.\n"
    )
    town.deliver("2026-05-11T09:00", text, subject="VB: Pojken")
    town.run("2026-05-11T12:30")
    assert not [raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]
    with town.open() as context:
        (item,) = context.store.diary.list()
    assert item.confidential
