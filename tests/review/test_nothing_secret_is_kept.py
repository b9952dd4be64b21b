"""What nobody judged, and what stands beside the new text, must not get into mail or database (invariant 6)."""

import pytest

from tests.support.town import Town
from tests.work.test_working_day import APPEAL

NUMBER = "121212-1212"  # an invented number with a valid check digit


def written_by_mailbot(town: Town) -> bytes:
    """Database with its log, everything that was sent, and nothing of the citizens' own mail."""
    parts = [path.read_bytes() for path in sorted(town.root.glob("mailbot.db*"))]
    return b"".join(
        [*parts, *(raw for one in town.config.mailboxes for raw in town.inbox(one.address) if b"mailbot@" in raw)]
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{APPEAL}{NUMBER}\n",
        f"{APPEAL}\nDen 3 maj 2026 skrev Eva Holm <eva@by.example>:\n> Vi behöver ditt personnummer.\n> {NUMBER}\n",
    ],
    ids=["signature", "quotation"],
)
def test_an_identity_number_outside_the_new_text_is_not_sent_on(settled_town: Town, text: str) -> None:
    settled_town.deliver("2026-05-11T09:00", text, subject="Mitt bygglov")
    settled_town.run("2026-05-11T12:30")

    assert NUMBER.encode() not in written_by_mailbot(settled_town)
    with settled_town.open() as context:
        (item,) = context.store.diary.list()
        kinds = [mail.kind for mail in context.store.outbox.list() if mail.kind != "digest"]
    assert (item.confidential, item.title, kinds) == (True, None, ["announcement"])


def test_an_identity_number_in_the_senders_name_or_a_file_name_is_not_sent_on(settled_town: Town) -> None:
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL, from_=f"Bo {NUMBER} <bo@privat.example>")
    attached = town.letter("2026-05-11T09:10", APPEAL)
    attached.add_attachment("Ritning", filename=f"{NUMBER}.txt")
    town.deliver_bytes("kommunen@by.example", attached.as_bytes(), "2026-05-11T09:10")
    town.run("2026-05-11T12:30")

    assert NUMBER.encode() not in written_by_mailbot(town)
    with town.open() as context:
        assert [item.confidential for item in context.store.diary.list()] == [True, True]


def test_the_subject_of_mail_that_nobody_judged_is_not_kept(settled_town: Town) -> None:
    """Its way through our hosts is older than `start_from`, though it was filed later: no clock, no judgment."""
    settled_town.deliver(
        "2026-05-11T09:00",
        APPEAL,
        subject="Grannens sjukdom",
        from_="Bo Grannen <bo@privat.example>",
        header_Received="from a.example by mail.by.example; Wed, 15 Apr 2026 10:00:00 +0200",
    )
    settled_town.run("2026-05-11T12:30")
    kept = written_by_mailbot(settled_town)
    assert b"Grannens sjukdom" not in kept
    assert b"Bo Grannen" not in kept


def test_the_subject_of_mail_that_could_not_be_judged_is_not_kept(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("Grannens sjukdom")

    monkeypatch.setattr("mailbot.work.judging_steps.decide", broken)
    settled_town.deliver("2026-05-11T09:00", APPEAL, subject="Grannens sjukdom")
    settled_town.run("2026-05-11T12:30")
    assert b"Grannens sjukdom" not in written_by_mailbot(settled_town)


CONCERN = "Jag oroar mig för min son Kalle. Han har adhd och blir slagen hemma av sin pappa."
SUBJECT = "Kalle Svensson, 4B"


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_what_follows_a_confidential_message_is_kept_secret_too(settled_town: Town, in_one_batch: bool) -> None:
    town = settled_town
    asked = town.deliver("2026-05-11T09:00", CONCERN, subject=SUBJECT)
    if not in_one_batch:
        town.run("2026-05-11T12:30")
    town.deliver("2026-05-12T09:00", "Har ni fått mitt mejl?", subject=f"SV: {SUBJECT}", in_reply_to=asked)
    town.deliver("2026-05-12T09:10", f"{APPEAL}\n> {CONCERN}\n", subject=f"SV: {SUBJECT}", in_reply_to=asked)
    town.run("2026-05-12T12:30")
    reply = {"by": "kommunen@by.example", "to": "bo@privat.example", "in_reply_to": asked}
    town.answer("2026-05-13T10:00", "Beslut: din ansökan avslås.", subject=f"SV: {SUBJECT}", **reply)
    town.run("2026-05-13T12:30")
    town.run("2026-05-14T07:00")

    written = written_by_mailbot(town)
    assert SUBJECT.encode() not in written
    assert b"adhd" not in written
    with town.open() as context:
        assert all(item.confidential for item in context.store.diary.list())
        assert {mail.kind for mail in context.store.outbox.list()} <= {"announcement", "digest", "holding_reply"}
