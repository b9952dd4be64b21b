"""One question's way through the house: read, decided, handed over, answered. Real Maildirs and SQLite."""

import email
from email.message import Message
from email.utils import parseaddr

from mailbot.work.passes import one_pass
from mailbot.work.passing_on import proposed_text
from mailbot.work.reading_round import BackOff
from tests.support.documents import docx
from tests.support.town import Town, at

APPEAL = """Hej!

Jag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det så att jag får bygga min altan.

Med vänlig hälsning
Bo Berg
"""
QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"


def parsed(raw: bytes) -> Message:
    return email.message_from_bytes(raw)


def subjects(raws: list[bytes]) -> list[str]:
    return [str(parsed(raw)["Subject"]) for raw in raws]


def test_an_appeal_reaches_the_registrar_as_the_untouched_original(settled_town: Town) -> None:
    town = settled_town
    original = town.letter("2026-05-11T09:00", APPEAL, subject="Mitt bygglov")
    town.deliver_bytes("kommunen@by.example", original.as_bytes(), "2026-05-11T09:00")

    town.run("2026-05-11T12:30")

    forwarded = [raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]
    assert len(forwarded) == 1
    assert original.as_bytes().rstrip(b"\n") in forwarded[0]
    with town.open() as context:
        (item,) = context.store.diary.list(states=("forwarded",))
        (obligation,) = context.store.obligations.list()
    assert (item.unit, item.kind, item.title) == ("ks", "appeal", "Mitt bygglov")
    assert str(obligation.due_on) == "2026-05-15"  # Thursday 14 May 2026 is Kristi himmelsfärdsdag


def test_a_second_pass_changes_nothing(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL)
    town.run("2026-05-11T12:30")
    before = town.inbox("eva@by.example")
    town.run("2026-05-11T12:33")  # finds what the first pass sent to staff

    report = town.run("2026-05-11T12:35")

    assert (report.new_messages, report.sent, report.alarms) == (0, 0, ())
    assert town.inbox("eva@by.example") == before


def test_an_unanswered_question_gets_one_holding_reply_on_the_due_date(settled_town: Town) -> None:
    town = settled_town
    message_id = town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T12:30")
    assert town.outside() == []

    town.run("2026-05-15T15:30")
    town.run("2026-05-15T15:35")

    (reply,) = map(parsed, town.outside())
    assert parseaddr(reply["To"])[1] == "bo@privat.example"
    assert reply["In-Reply-To"] == message_id
    assert parseaddr(reply["Reply-To"])[1] == "kommunen@by.example"
    assert str(reply["Auto-Submitted"]).startswith("auto-replied")
    with town.open() as context:
        (obligation,) = context.store.obligations.list()
    assert obligation.state == "open"
    assert obligation.acknowledged_at == at("2026-05-15T15:30")
    assert str(obligation.follow_up_on) == "2026-05-22"


def test_an_answer_from_a_colleague_closes_the_obligation_and_no_holding_reply_goes_out(settled_town: Town) -> None:
    town = settled_town
    question = town.deliver("2026-05-11T09:00", QUESTION)
    town.run("2026-05-11T12:30")
    town.answer(
        "2026-05-12T10:00", "Hej!\n\nMellan 10 och 18.\n", by="anna@by.example", to="bo@privat.example",
        in_reply_to=question,
    )  # fmt: skip
    town.run("2026-05-12T12:30")
    town.run("2026-05-15T15:30")

    with town.open() as context:
        (obligation,) = context.store.obligations.list(states=("answered",))
        assert context.store.obligations.list() == []
    assert obligation.met_at is not None
    assert town.outside() == []


def test_an_answer_that_was_read_before_the_question_counts_too(settled_town: Town) -> None:
    """The authority mailbox was out of reach while the answer in a colleague's Sent folder was read."""
    town = settled_town
    question = town.letter("2026-05-11T09:00", QUESTION)
    town.answer(
        "2026-05-11T10:00", "Mellan 10 och 18.", by="anna@by.example", to="bo@privat.example",
        in_reply_to=str(question["Message-ID"]),
    )  # fmt: skip
    town.run("2026-05-11T12:30")
    town.deliver_bytes("kommunen@by.example", question.as_bytes(), "2026-05-11T09:00")
    town.run("2026-05-11T15:30")

    with town.open() as context:
        assert context.store.obligations.list() == []


def test_an_automatic_reply_never_answers_a_question(settled_town: Town) -> None:
    town = settled_town
    question = town.deliver("2026-05-11T09:00", QUESTION)
    town.answer(
        "2026-05-11T09:01", "Jag är inte på kontoret.", by="kommunen@by.example", to="bo@privat.example",
        in_reply_to=question, subject="Automatiskt svar: En fråga", header_Auto_Submitted="auto-replied",
    )  # fmt: skip
    town.run("2026-05-11T12:30")

    with town.open() as context:
        assert [one.state for one in context.store.obligations.list()] == ["open"]


def test_confidential_mail_is_announced_without_its_content(settled_town: Town) -> None:
    town = settled_town
    town.deliver(
        "2026-05-11T09:00",
        "Hej, jag är orolig för grannens pojke Kalle. Han kommer ofta hungrig till oss, har blåmärken och säger att "
        "pappa slår honom när han druckit. Kan ni göra något?\n",
        subject="Orolig för Kalle Svartfot",
    )
    town.run("2026-05-11T12:30")
    town.run("2026-05-12T07:00")

    for address in ("eva@by.example", "lars@by.example", "karin@by.example"):
        for raw in town.inbox(address):
            message = parsed(raw)
            text = str(message) + "".join(
                part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()
            )
            assert "Svartfot" not in text
            assert "blåmärken" not in text
    with town.open() as context:
        (item,) = context.store.diary.list()
        assert item.confidential
        assert item.title is None
    assert any(item.ref.encode() in raw for raw in town.inbox("eva@by.example"))
    database = (town.root / "mailbot.db").read_bytes() + b"".join(
        path.read_bytes() for path in town.root.glob("mailbot.db-*")
    )
    assert b"Svartfot" not in database


def test_a_secret_in_an_attached_document_is_kept_like_one_in_the_mail(settled_town: Town) -> None:
    town = settled_town
    letter = town.letter("2026-05-11T09:00", "Hej, vilka öppettider har biblioteket? Intyget kommer med.\n")
    intyg = docx("Patienten Kalle Svartfot lider av schizofreni.", "Personnummer 19811218-9876")
    letter.add_attachment(intyg, maintype="application", subtype="octet-stream", filename="intyg.docx")
    town.deliver_bytes("kommunen@by.example", letter.as_bytes(), "2026-05-11T09:00")
    town.run("2026-05-11T12:30")

    with town.open() as context:
        (item,) = context.store.diary.list()
        assert item.confidential
    for raw in town.inbox("eva@by.example"):
        assert b"Svartfot" not in raw
        assert b"intyg" not in raw
    database = b"".join(path.read_bytes() for path in town.root.glob("mailbot.db*"))
    assert b"Svartfot" not in database
    assert b"1218-9876" not in database  # four digits alone stand in many a time stamp


def test_another_authoritys_affair_is_proposed_to_be_passed_on_and_still_answered(settled_town: Town) -> None:
    town = settled_town
    town.deliver(
        "2026-05-11T09:00",
        "Hej Skatteverket! Min deklaration saknar ränteavdraget. Kan ni ändra det innan den 12 maj?\n",
        subject="Deklarationen",
    )
    town.run("2026-05-11T12:30")
    town.run("2026-05-12T07:00")

    with town.open() as context:
        (owed,) = context.store.obligations.list()
        text = proposed_text(context, owed)
    assert owed.due_on is not None
    assert text is not None
    assert text.subject == "Ditt meddelande rör en annan myndighet"
    assert owed.ref in text.text
    texts = [part.get_payload(decode=True).decode() for raw in town.inbox("lars@by.example")
             for part in parsed(raw).walk() if part.get_content_type() == "text/plain"]  # fmt: skip
    assert any("Rör troligen en annan myndighet" in " ".join(text.split()) for text in texts)


def test_unparsable_bytes_reach_the_registrar_and_stop_nobody(settled_town: Town) -> None:
    town = settled_town
    town.deliver_bytes("kommunen@by.example", b"\x00\x01\x02 no mail at all", "2026-05-11T08:00")
    town.deliver("2026-05-11T09:00", QUESTION)

    report = town.run("2026-05-11T12:30")

    assert report.new_messages == 2
    with town.open() as context:
        (unparsable,) = [item for item in context.store.diary.list() if item.unparsable]
        assert unparsable.mailbox == "kommunen@by.example"
        assert len(context.store.obligations.list()) == 1
    assert any(unparsable.ref.encode() in raw for raw in town.inbox("eva@by.example"))


def test_what_mailbot_itself_sends_starts_no_clocks(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL)
    for when in ("2026-05-11T12:30", "2026-05-11T15:30", "2026-05-12T07:00", "2026-05-12T12:30"):
        town.run(when)
    with town.open() as context:
        assert len(context.store.obligations.list()) == 1
        assert len(context.store.diary.list()) == 1


def test_one_message_to_two_mailboxes_is_one_duty(settled_town: Town) -> None:
    town = settled_town
    letter = town.letter("2026-05-11T09:00", APPEAL, to="kommunen@by.example, anna@by.example").as_bytes()
    town.deliver_bytes("kommunen@by.example", letter, "2026-05-11T09:00")
    town.deliver_bytes("anna@by.example", letter, "2026-05-11T09:00")
    town.run("2026-05-11T12:30")

    with town.open() as context:
        assert len(context.store.obligations.list()) == 1
        assert len(context.store.diary.list()) == 1
    assert len([raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]) == 1


def test_a_moved_message_is_not_judged_again(settled_town: Town) -> None:
    town = settled_town
    message = town.letter("2026-05-11T09:00", APPEAL)
    path = town.deliver_bytes("kommunen@by.example", message.as_bytes(), "2026-05-11T09:00")
    town.run("2026-05-11T12:30")
    folder = town.maildir("kommunen@by.example") / ".Projekt"
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    path.rename(folder / "cur" / f"{path.name}:2,S")

    town.run("2026-05-11T15:30")

    with town.open() as context:
        (item,) = context.store.diary.list()
        places = context.store.messages.deliveries(item.message_ref)
        assert len(context.store.obligations.list()) == 1
    assert [place.folder for place in places] == [".Projekt"]


def test_mail_in_the_junk_folder_has_legally_arrived(settled_town: Town) -> None:
    town = settled_town
    message = town.letter("2026-05-11T09:00", APPEAL)
    town.deliver_bytes("kommunen@by.example", message.as_bytes(), "2026-05-11T09:00", folder=".Junk")
    town.run("2026-05-11T12:30")
    with town.open() as context:
        assert len(context.store.diary.list()) == 1


def test_one_unreachable_mailbox_is_an_alarm_and_delays_nobody(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    town.maildir("anna@by.example").rename(town.root / "elsewhere")

    report = town.run("2026-05-11T12:30")

    assert report.alarms == ("mailbox_not_read",)
    assert [one.mailbox for one in report.unread] == ["anna@by.example"]
    with town.open() as context:
        assert len(context.store.obligations.list()) == 1


def test_mail_that_begins_with_an_empty_line_is_read_like_any_other(settled_town: Town) -> None:
    """The header block that a mailbox hands out ends at the first empty line; two such mails are not one."""
    town = settled_town
    for number in (1, 2):
        letter = town.letter(f"2026-05-11T09:0{number}", QUESTION, subject=f"Fråga {number}").as_bytes()
        town.deliver_bytes("kommunen@by.example", b"\n" + letter, f"2026-05-11T09:0{number}")
    town.run("2026-05-11T12:30")
    with town.open() as context:
        assert {one.subject for one in context.store.obligations.list()} == {"Fråga 1", "Fråga 2"}
        assert not [item for item in context.store.diary.list() if item.unparsable]


def test_one_unreadable_folder_keeps_no_other_from_being_read(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", QUESTION)
    broken = town.maildir("kommunen@by.example") / ".Arkiv"
    for part in ("new", "cur"):  # no tmp: not a Maildir
        (broken / part).mkdir(parents=True)
    junk = town.letter("2026-05-11T09:05", APPEAL).as_bytes()
    town.deliver_bytes("kommunen@by.example", junk, "2026-05-11T09:05", folder=".Junk")
    (broken / "cur").rmdir()
    (broken / "cur").write_text("a file where a folder should be")
    town.run("2026-05-11T12:30")
    with town.open() as context:
        assert len(context.store.obligations.list()) == 2


def test_mail_in_a_folder_that_disappears_is_gone_and_recognised_when_it_comes_back(settled_town: Town) -> None:
    town = settled_town
    folder = town.maildir("kommunen@by.example") / ".Projekt"
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    town.deliver_bytes(
        "kommunen@by.example", town.letter("2026-05-11T09:00", APPEAL).as_bytes(), "2026-05-11T09:00", folder=".Projekt"
    )
    town.run("2026-05-11T12:30")
    elsewhere = folder.rename(town.root / "elsewhere")
    town.run("2026-05-11T15:30")
    with town.open() as context:
        (item,) = context.store.diary.list()
        assert context.store.messages.deliveries(item.message_ref) == []
    elsewhere.rename(folder)
    town.run("2026-05-11T15:35")
    with town.open() as context:
        (item,) = context.store.diary.list()
        assert [place.folder for place in context.store.messages.deliveries(item.message_ref)] == [".Projekt"]
    assert len([raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]) == 1


def test_the_morning_mails_wait_for_the_morning_also_where_mail_is_polled_at_night(settled_town: Town) -> None:
    town = settled_town
    with town.open() as context:
        written = [
            one_pass(context, at(f"2026-05-11T{clock}"), back_off=BackOff()).digests
            for clock in ("00:03", "06:59", "07:00", "07:05")
        ]
    assert written[:2] == [0, 0] and written[2] > 0 and written[3] == 0
    assert town.run("2026-05-12T05:30").digests > 0, "a single pass was asked for"
