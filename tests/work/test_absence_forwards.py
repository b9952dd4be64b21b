"""Options B and C where no server forwards: mailbot passes the untouched original on, once, and nothing secret."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from mailbot.platforms.sending import CannotCarry
from mailbot.policy.absence import Absence, Cover, Option
from mailbot.work.absence_upkeep import verify_now
from mailbot.work.passes import one_pass
from tests.support.town import Town, at
from tests.work.scripted_sender import ScriptedSender

TO_LARS = Absence(
    person="anna",
    from_=date(2026, 7, 6),
    back=date(2026, 7, 20),
    option=Option.TO_COLLEAGUE,
    colleague="lars",
    covers=(Cover("2026-W28", "lars"), Cover("2026-W29", "lars")),
)
TO_AUTHORITY = replace(TO_LARS, option=Option.TO_AUTHORITY_MAILBOX, colleague="")
SECRET = "Jag vill göra en orosanmälan. Barnet har blåmärken, personnummer 20120304-2390, och far illa hemma."


def plan(town: Town, absence: Absence = TO_LARS, *, by: str = "person:anna") -> str:
    with town.open() as context:
        return context.store.absences.plan(absence, by=by, now=at("2026-07-03T09:00"))


@pytest.fixture
def away(town: Town) -> Town:
    town.run("2026-07-03T08:00")
    plan(town)
    town.run("2026-07-06T07:00")
    return town


def forwarded(town: Town, to: str = "lars@by.example") -> list[EmailMessage]:
    mails = [message_from_bytes(raw, policy=policy.default) for raw in town.inbox(to)]
    return [mail for mail in mails if _about(mail)]  # type: ignore[misc]


def _about(mail: EmailMessage) -> bool:
    subject = str(mail["Subject"])
    return subject.startswith("Vidarebefordrat") or "väntar i brevlådan" in subject


def originals(mails: Sequence[EmailMessage]) -> list[bytes]:
    found = []
    for mail in mails:
        raw = mail.as_bytes(policy=policy.default.clone(linesep="\n"))
        found.append(raw if any(part.get_content_type() == "message/rfc822" for part in mail.walk()) else b"")
    return found


def test_the_untouched_original_goes_to_the_colleague_once(away: Town) -> None:
    letter = away.letter("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example").as_bytes()
    path = away.deliver_bytes("anna@by.example", letter, "2026-07-07T08:00")
    away.run("2026-07-07T08:05")
    path.rename(away.maildir("anna@by.example") / "cur" / f"{path.name}:2,S")  # read meanwhile: the same mail
    away.run("2026-07-07T08:10")
    away.run("2026-07-07T08:15")
    (mail,) = forwarded(away)
    assert mail["Reply-To"].addresses[0].addr_spec == "bo@privat.example"
    (raw,) = [raw for raw in away.inbox("lars@by.example") if b"Vidarebefordrat" in raw]
    assert letter in raw or letter.replace(b"\n", b"\r\n") in raw, "byte for byte"
    with away.open() as context:
        assert len(context.store.obligations.list(states=("open",))) == 1, "the copy joins it"


def test_option_b_goes_to_the_units_authority_mailbox(town: Town) -> None:
    town.run("2026-07-03T08:00")
    plan(town, TO_AUTHORITY)
    town.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
    for minute in ("05", "10"):
        town.run(f"2026-07-07T08:{minute}")
    assert len(forwarded(town, "kommunen@by.example")) == 1
    with town.open() as context:
        assert len(context.store.obligations.list(states=("open",))) == 1


def test_the_colleagues_answer_settles_the_original(away: Town) -> None:
    away.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
    away.run("2026-07-07T08:05")
    (mail,) = forwarded(away)
    away.answer(
        "2026-07-07T09:00",
        "Hej! Ja, det får du.\n\nMed vänlig hälsning\nLars Lind",
        by="Lars Lind <lars@by.example>",
        to=str(mail["Reply-To"]),
        in_reply_to=str(mail["Message-ID"]),
        subject=f"SV: {mail['Subject']}",
    )
    away.run("2026-07-07T09:05")
    with away.open() as context:
        assert context.store.obligations.list(states=("open",)) == []


def test_what_may_be_secret_is_only_announced(away: Town) -> None:
    away.deliver("2026-07-07T08:00", SECRET, to="anna@by.example", subject="Barnet Kim")
    away.run("2026-07-07T08:05")
    (mail,) = forwarded(away)
    text = mail.as_string()
    assert "väntar i brevlådan" in mail["Subject"]
    for hidden in ("Kim", "blåmärken", "2390", "bo@privat.example"):
        assert hidden not in text
    assert mail["References"] is None
    assert originals([mail]) == [b""]


def test_what_cannot_be_parsed_is_only_announced(away: Town) -> None:
    away.deliver_bytes("anna@by.example", b"\x00\x01 no mail at all", "2026-07-07T08:00")
    away.run("2026-07-07T08:05")
    (mail,) = forwarded(away)
    assert originals([mail]) == [b""]


@pytest.mark.parametrize(
    "fields",
    [
        {"header_Auto_Submitted": "auto-replied", "subject": "Autosvar: Frånvarande"},
        {"to": "anna@by.example, lars@by.example"},
        {"from_": "Lars Lind <lars@by.example>"},
    ],
)
def test_what_is_left_out(away: Town, fields: dict[str, str]) -> None:
    raw = away.letter("2026-07-07T08:00", "Jag är inte på kontoret.", **{"to": "anna@by.example", **fields}).as_bytes()
    away.deliver_bytes("anna@by.example", raw, "2026-07-07T08:00")
    away.run("2026-07-07T08:05")
    assert forwarded(away) == []


def test_only_within_the_window(away: Town) -> None:
    for when in ("2026-07-05T23:59", "2026-07-20T00:00"):
        away.deliver(when, "Hej! Får jag bygga en altan?", to="anna@by.example")
    away.run("2026-07-20T00:05")
    assert forwarded(away) == []


def test_what_came_in_the_last_hour_is_forwarded_too(away: Town) -> None:
    away.deliver("2026-07-19T23:59", "Hej! Får jag bygga en altan?", to="anna@by.example")
    away.run("2026-07-20T00:05")
    assert len(forwarded(away)) == 1


def test_nothing_after_it_was_cancelled_or_in_observe_mode(town: Town) -> None:
    town.mode = "observe"
    town.write_config()
    town.run("2026-07-03T08:00")
    ref = plan(town)
    town.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
    town.run("2026-07-07T08:05")
    town.mode = "enforce"
    town.write_config()
    town.run("2026-07-07T09:05")
    assert forwarded(town) == []
    with town.open() as context:
        context.store.absences.cancel(ref, by="person:anna", now=at("2026-07-07T09:10"))
    town.deliver("2026-07-07T10:00", "Hej igen! Får jag bygga?", to="anna@by.example")
    town.run("2026-07-07T10:05")
    assert forwarded(town) == []


def test_it_is_configured_and_effective(away: Town) -> None:
    with away.open() as context:
        (stored,) = context.store.absences.list()
        found = verify_now(context, stored, at("2026-07-07T08:00"), probe=True)
        assert (found.configured, found.effective, found.problems, found.by_mailbot) == (True, True, (), True)
        assert context.store.absences.get(stored.ref).state == "active"


@pytest.mark.parametrize(
    ("reason", "words"), [("too_large", "större än"), ("eight_bit", "8 bitar"), ("lines", "skriva om dem")]
)
def test_what_no_server_carries_untouched_is_announced(away: Town, reason: str, words: str) -> None:
    class NoForwards(ScriptedSender):
        def prepare(self, mail):  # type: ignore[no-untyped-def]
            if b"message/rfc822" in mail.raw:
                raise CannotCarry("no", reason)  # type: ignore[arg-type]
            return super().prepare(mail)

    away.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
    sender = NoForwards()
    with away.open() as context:
        for minute in ("05", "10"):
            one_pass(replace(context, open_sender=sender.open), at(f"2026-07-07T08:{minute}"))
    mails = [message_from_bytes(one.raw, policy=policy.default) for one in sender.taken]
    (mail,) = [each for each in mails if _about(each)]  # type: ignore[arg-type]
    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert words in text and "anna@by.example" in text and "Bo Berg" not in text


def test_neither_forwards_nor_replies_leave_when_the_circuit_breaker_has_tripped(away: Town) -> None:
    config = away.config_path.read_text(encoding="utf-8") + "\n[policy.storm]\noutgoing_per_hour = 5\n"
    away.config_path.write_text(config, encoding="utf-8")
    for number in range(9):
        text = "Hej! Får jag bygga en altan?"
        away.deliver(f"2026-07-07T08:0{number}", text, to="anna@by.example", from_=f"Bo <b{number}@p.example>")
    for minute in ("10", "15"):
        away.run(f"2026-07-07T08:{minute}")
    replies = [raw for raw in away.outside() if b"auto-replied" in raw]
    assert len(forwarded(away)) + len(replies) == 5


class TestByHeaders:
    """A mailbox of which only headers are read (requirements 0, "Private-use scope")."""

    @pytest.fixture
    def town(self, town: Town) -> Town:
        town.anna_read = "headers"
        town.write_config()
        town.run("2026-07-03T08:00")
        return town

    def letters(self, town: Town) -> list[EmailMessage]:
        town.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
        town.run("2026-07-07T08:05")
        return forwarded(town)

    def test_the_owner_chose_it(self, town: Town) -> None:
        plan(town)
        assert "Vidarebefordrat" in self.letters(town)[0]["Subject"]

    def test_somebody_else_chose_it(self, town: Town) -> None:
        plan(town, by="person:karin")
        assert "väntar i brevlådan" in self.letters(town)[0]["Subject"]

    def test_somebody_else_changed_it(self, town: Town) -> None:
        ref = plan(town, replace(TO_LARS, option=Option.READS_ONESELF, colleague=""))
        with town.open() as context:
            context.store.absences.change(ref, TO_LARS, by="person:karin", now=at("2026-07-03T10:00"))
        assert "väntar i brevlådan" in self.letters(town)[0]["Subject"]

    def test_a_mandate_allows_it(self, town: Town) -> None:
        plan(town, by="person:karin")
        with town.open() as context:
            context.store.mandates.add(
                owner="anna",
                reader="lars",
                from_=date(2026, 7, 1),
                to=None,
                granted_by="anna",
                by="person:it",
                now=at("2026-07-03T10:00"),
            )
        assert "Vidarebefordrat" in self.letters(town)[0]["Subject"]

    def test_before_and_after_only_headers_are_read(self, town: Town) -> None:
        plan(town)
        town.deliver("2026-07-05T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
        town.run("2026-07-06T07:00")
        with town.open() as context:
            (row,) = context.store.messages.received(at("2026-07-05T07:00"), at("2026-07-05T09:00"))
            assert [each.decision.stage for each in context.store.messages.decisions(row.ref)] == ["headers"]


BYGG = """
[[units]]
id = "bygg"
name = "Byggnadsnämnden"
registrars = ["eva"]
mail_officers = ["karin"]
"""


class TestAnotherUnit:
    """The colleague belongs to another board."""

    @pytest.fixture
    def town(self, town: Town) -> Town:
        text = town.config_path.read_text(encoding="utf-8")
        lars = 'address = "lars@by.example"\nserver = "post"\nrole = "personal"\nunit = "ks"\n'
        assert lars in text
        text = text.replace(lars, lars.replace('"ks"', '"bygg"') + 'read = "full"\n').replace(
            "[servers.post]", BYGG + "\n[servers.post]"
        )
        town.config_path.write_text(text, encoding="utf-8")
        town.run("2026-07-03T08:00")
        return town

    def test_mailbots_copy_opens_nothing_there(self, town: Town) -> None:
        plan(town)
        town.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example")
        for minute in ("05", "10"):
            town.run(f"2026-07-07T08:{minute}")
        with town.open() as context:
            assert [each.unit for each in context.store.obligations.list()] == ["ks"]

    @pytest.mark.parametrize("first", ["anna@by.example", "lars@by.example"])
    def test_nor_does_a_copy_that_a_server_forwarded(self, town: Town, first: str) -> None:
        plan(town)
        raw = town.letter("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example").as_bytes()
        second = "lars@by.example" if first.startswith("anna") else "anna@by.example"
        for minute, address in (("05", first), ("10", second)):
            town.deliver_bytes(address, raw, "2026-07-07T08:00")
            town.run(f"2026-07-07T08:{minute}")
        with town.open() as context:
            (only,) = context.store.obligations.list()
            assert (only.unit, only.assignee) == ("ks", "anna")

    def test_mail_to_both_is_each_ones_own(self, town: Town) -> None:
        plan(town)
        to = "anna@by.example, lars@by.example"
        raw = town.letter("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to=to).as_bytes()
        for address in ("anna@by.example", "lars@by.example"):
            town.deliver_bytes(address, raw, "2026-07-07T08:00")
        town.run("2026-07-07T08:05")
        with town.open() as context:
            assert sorted(each.unit for each in context.store.obligations.list()) == ["bygg", "ks"]
