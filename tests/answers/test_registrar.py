"""The registrar decides by answering mail: what is provably theirs counts, once, and nothing else does."""

import email
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default

import pytest

from mailbot.store.records import DiaryItem
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL

EVA = "eva@by.example"
MAILBOT = "mailbot@by.example"


def forwarded(town: Town, when: str = "2026-05-11T09:00", **fields: str) -> Message:
    """An appeal has come and gone on to the registrar: the mail that she gets."""
    town.deliver(when, APPEAL, subject="Mitt bygglov", **fields)
    town.run(when.replace("09:00", "12:30"))
    return [email.message_from_bytes(raw) for raw in town.inbox(EVA) if b"message/rfc822" in raw][-1]


def reply(
    town: Town, to: Message, text: str, when: str, *, by: str = EVA, sent: bool = True, **fields: str
) -> EmailMessage:
    """`by` answers a mail of mailbot's; with `sent` it lies in their Sent folder too."""
    subject = "".join(str(make_header(decode_header(to["Subject"]))).splitlines())
    message = town.letter(
        when, text, from_=by, to=MAILBOT, subject=f"SV: {subject}", in_reply_to=to["Message-ID"], **fields
    )
    town.deliver_bytes(MAILBOT, message.as_bytes(), when)
    if sent:
        town.deliver_bytes(by, message.as_bytes(), when, folder=".Sent")
    return message


def item(town: Town) -> DiaryItem:
    with town.open() as context:
        (found,) = context.store.diary.list()
    return found


def reports(town: Town, to: str = EVA) -> list[str]:
    found = [email.message_from_bytes(raw, policy=default) for raw in town.inbox(to)]
    return [
        one.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for one in found
        if "mailbot" in one["Subject"] or "namn" in one["Subject"]
    ]


def test_a_number_in_reply_to_the_forwarded_mail_registers_it(settled_town: Town) -> None:
    reply(settled_town, forwarded(settled_town), "KS 2026/123\n\nMvh Eva\n", "2026-05-11T12:40")

    report = settled_town.run("2026-05-11T12:45")

    found = item(settled_town)
    assert (found.state, found.number, found.settled_by) == ("registered", "KS 2026/123", "person:eva (mail)")
    assert report.answers == 1 and reports(settled_town) == []


@pytest.mark.parametrize(
    ("text", "state", "number", "reason"),
    [
        ("ks 2026/123", "registered", "KS 2026/123", None),
        ("Registrerad som KS 2026/123.", "registered", "KS 2026/123", None),
        ("dnr KS-2026/7", "registered", "KS-2026/7", None),
        ("nej kännedom", "dismissed", None, "kännedom"),
        ("Nei, til orientering", "dismissed", None, "til orientering"),
        ("no advertising", "dismissed", None, "advertising"),
        ("nej", "dismissed", None, "nej"),
        # not this unit's number, no number, contradictions, sentences
        ("BUN 2026/123", "forwarded", None, None),
        ("2026/124", "forwarded", None, None),
        ("nej, det är KS 2026/123", "forwarded", None, None),
        ("Jag tittar på det i eftermiddag", "forwarded", None, None),
        ("ja", "forwarded", None, None),
    ],
)
def test_words(settled_town: Town, text: str, state: str, number: str | None, reason: str | None) -> None:
    reply(settled_town, forwarded(settled_town), text, "2026-05-11T12:40")
    settled_town.run("2026-05-11T12:45")
    found = item(settled_town)
    assert (found.state, found.number, found.reason) == (state, number, reason)
    # what is unclear is told, and without repeating what was written
    assert len(reports(settled_town)) == (state == "forwarded")
    assert all(text not in one for one in reports(settled_town))


def test_without_proof_nothing_changes_and_the_person_is_told_once(settled_town: Town) -> None:
    forward = forwarded(settled_town)
    reply(settled_town, forward, "KS 2026/666", "2026-05-11T12:40", sent=False)
    reply(settled_town, forward, "KS 2026/667", "2026-05-11T12:41", sent=False)
    for when in ("2026-05-11T12:45", "2026-05-11T13:50", "2026-05-11T13:55"):
        settled_town.run(when)
    assert item(settled_town).state == "forwarded"
    (told,) = reports(settled_town)
    assert "666" not in told and "667" not in told


def test_the_copy_in_sent_may_come_later(settled_town: Town) -> None:
    message = reply(settled_town, forwarded(settled_town), "KS 2026/123", "2026-05-11T12:40", sent=False)
    settled_town.run("2026-05-11T12:45")
    assert item(settled_town).state == "forwarded"
    settled_town.deliver_bytes(EVA, message.as_bytes(), "2026-05-11T12:50", folder=".Sent")
    settled_town.run("2026-05-11T12:55")
    assert item(settled_town).number == "KS 2026/123"
    assert reports(settled_town) == []


def test_a_mail_of_hers_cannot_be_dressed_up_as_another(settled_town: Town) -> None:
    """Whoever got mail from her knows its Message-ID and date: what it says must be the same too."""
    forward = forwarded(settled_town)
    genuine = reply(settled_town, forward, "Jag ser på det i morgon", "2026-05-11T12:40")
    forged = EmailMessage()
    for name, value in genuine.items():
        if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version"):
            forged[name] = value
    forged.set_content("KS 2026/666")
    for path in (settled_town.maildir(MAILBOT) / "new").iterdir():
        path.unlink()
    settled_town.deliver_bytes(MAILBOT, forged.as_bytes(), "2026-05-11T12:41")
    for when in ("2026-05-11T12:45", "2026-05-11T13:50"):
        settled_town.run(when)
    assert item(settled_town).state == "forwarded"


def test_a_colleague_cannot_use_her_ticket(settled_town: Town) -> None:
    reply(settled_town, forwarded(settled_town), "KS 2026/123", "2026-05-11T12:40", by="anna@by.example")
    settled_town.run("2026-05-11T12:45")
    assert item(settled_town).state == "forwarded"
    assert len(reports(settled_town, "anna@by.example")) == 1


def test_an_absence_reply_is_not_read(settled_town: Town) -> None:
    forward = forwarded(settled_town)
    reply(settled_town, forward, "KS 2026/1", "2026-05-11T12:40", **{"header_Auto_Submitted": "auto-replied"})
    settled_town.run("2026-05-11T12:45")
    assert item(settled_town).state == "forwarded" and reports(settled_town) == []


def test_what_stands_is_not_overwritten_but_can_be_undone(settled_town: Town) -> None:
    forward = forwarded(settled_town)
    reply(settled_town, forward, "KS 2026/1", "2026-05-11T12:40")
    settled_town.run("2026-05-11T12:45")
    reply(settled_town, forward, "KS 2026/2", "2026-05-11T12:50")
    settled_town.run("2026-05-11T12:55")
    assert item(settled_town).number == "KS 2026/1" and len(reports(settled_town)) == 1
    reply(settled_town, forward, "ångra", "2026-05-11T13:00")
    reply(settled_town, forward, "KS 2026/2", "2026-05-11T13:01")
    settled_town.run("2026-05-11T13:05")
    assert item(settled_town).number == "KS 2026/2"


def test_a_second_copy_brings_nothing_about(settled_town: Town) -> None:
    message = reply(settled_town, forwarded(settled_town), "KS 2026/1", "2026-05-11T12:40")
    settled_town.run("2026-05-11T12:45")
    with settled_town.open() as context:
        context.store.diary.reopen(
            item_ref := context.store.diary.list()[0].ref, by="person:eva", now=at("2026-05-11T12:50")
        )
    settled_town.deliver_bytes(MAILBOT, message.as_bytes(), "2026-05-11T12:55")
    settled_town.run("2026-05-11T13:00")
    assert (item(settled_town).ref, item(settled_town).state) == (item_ref, "forwarded")


def test_a_digest_is_answered_item_by_item(settled_town: Town) -> None:
    town = settled_town
    for number in range(4):
        town.deliver(f"2026-05-11T09:0{number}", APPEAL, subject=f"Bygglov {number} KS 2026/99")
    town.run("2026-05-11T12:30")
    town.run("2026-05-12T07:00")
    digest = [one for raw in town.inbox(EVA) if "Diariet" in (one := email.message_from_bytes(raw))["Subject"]][-1]
    with town.open() as context:
        refs = [one.ref for one in context.store.diary.list()]
    quoted = "\n".join(
        f"> - {ref} Bygglov KS 2026/99" + (f"\nKS 2026/{n}" if n == 3 else "") for n, ref in enumerate(refs)
    )
    text = f"Hej!\n\n{refs[0].lower()}: KS 2026/10\n{refs[1]} nej, reklam\nKS 2026/44\n\nMvh Eva\n\n{quoted}\n"
    reply(town, digest, text, "2026-05-12T08:00")
    town.run("2026-05-12T08:05")
    with town.open() as context:
        found = {one.ref: (one.state, one.number) for one in context.store.diary.list()}
    assert found == {
        refs[0]: ("registered", "KS 2026/10"),
        refs[1]: ("dismissed", None),
        refs[2]: ("forwarded", None),
        refs[3]: ("registered", "KS 2026/3"),
    }
    (told,) = reports(town)
    assert "Vilket ärende" in told
