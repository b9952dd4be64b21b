"""People act by answering mail, on a real mail server: submitted with their own login, filed in their own Sent."""

from datetime import timedelta
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from mailbot.daemon import utc_now
from mailbot.store.records import DiaryItem
from tests.servers.dovecot import BARE, FULL, Dovecot
from tests.servers.postfix import Postfix
from tests.support.imap_town import ImapTown
from tests.system.test_imap_working_day import APPEAL, QUESTION, settled

TRUSTED = "mail.bjurholm.example; auth=pass smtp.auth={}; dkim=pass header.d=bjurholm.example"


@pytest.fixture(params=[FULL, BARE], ids=["full", "bare"])
def town(request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    return settled(ImapTown(tmp_path, dovecot, postfix, host=request.param))


@pytest.fixture
def full_town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    return settled(ImapTown(tmp_path, dovecot, postfix))


def forwarded(town: ImapTown) -> Message:
    town.post(town.letter(APPEAL, subject="Mitt bygglov"), town.address("kommunen"))
    town.run()
    return [mail for mail in town.mails("eva") if mail.get_content_type() == "multipart/mixed"][-1]


def answer(town: ImapTown, to: Message, text: str, *, by: str = "eva", html: bool = False) -> EmailMessage:
    message = town.letter(
        text,
        from_=town.address(by),
        to=town.address("mailbot"),
        subject="SV: Att registrera",
        in_reply_to=str(to["Message-ID"]),
    )
    if html:
        message.set_content(f"<html><body><div>{text}</div></body></html>", subtype="html")
    return message


def item(town: ImapTown) -> DiaryItem:
    with town.open() as context:
        (found,) = context.store.diary.list()
    return found


@pytest.mark.parametrize("html", [False, True], ids=["plain", "html"])
def test_a_submitted_answer_counts_once_its_copy_is_in_sent(town: ImapTown, *, html: bool) -> None:
    message = answer(town, forwarded(town), "KS 2026/12", html=html)
    town.submit("eva", message, copy=False)
    town.run()
    assert item(town).state == "forwarded"
    town.lay("eva", message, folder="Sent")

    report = town.run()

    assert (report.answers, item(town).number) == (1, "KS 2026/12")
    assert town.run().answers == 0
    assert town.flags("mailbot") == town.flags("mailbot") and b"\\Seen" not in b"".join(town.flags("mailbot"))


def test_mail_from_outside_in_her_name_changes_nothing_and_she_is_told(full_town: ImapTown) -> None:
    town = full_town
    forward = forwarded(town)
    forged = answer(town, forward, "KS 2026/666")
    forged["Authentication-Results"] = "evil.example; auth=pass smtp.auth=eva"
    town.post(forged, town.address("mailbot"))
    # claims to come from our own server, below a Received that a stranger's server wrote
    deep = answer(town, forward, "KS 2026/667")
    raw = (
        f"Received: from pc by evil.example with ESMTP id 1; Fri, 13 Mar 2026 08:00:00 +0000\n"
        f"Authentication-Results: {TRUSTED.format(town.address('eva'))}\n"
    ).encode() + deep.as_bytes()
    town.dovecot.append(town.accounts["mailbot"], raw)

    town.run()
    later = town.run(utc_now() + timedelta(hours=2))

    assert (later.answers, item(town).state) == (0, "forwarded")
    town.wait_for_delivery()
    told = [mail for mail in town.mails("eva") if str(mail["From"]).endswith(f"<{town.address('mailbot')}>")]
    assert not any(b"666" in mail.as_bytes() or b"667" in mail.as_bytes() for mail in told)
    with town.open() as context:
        assert [row.reason for row in context.store.answers.settled_since(utc_now(), ("refused",))] == ["unproved"] * 2
        assert [one.kind for one in context.store.outbox.list() if "unproved" in one.dedup_key] == ["notice"]


def test_our_own_server_vouches_for_what_it_took(full_town: ImapTown) -> None:
    """Where the server writes Authentication-Results, nobody waits for the copy in Sent."""
    town = full_town
    message = answer(town, forwarded(town), "KS 2026/12")
    raw = f"Authentication-Results: {TRUSTED.format(town.address('eva'))}\n".encode() + message.as_bytes()
    town.dovecot.append(town.accounts["mailbot"], raw)
    town.run()
    assert item(town).number == "KS 2026/12"


def test_a_colleague_logged_in_as_themselves_is_not_her(full_town: ImapTown) -> None:
    town = full_town
    message = answer(town, forwarded(town), "KS 2026/12")
    raw = f"Authentication-Results: {TRUSTED.format(town.address('lars'))}\n".encode() + message.as_bytes()
    town.dovecot.append(town.accounts["mailbot"], raw)
    own = answer(town, forwarded_again(town), "KS 2026/12", by="lars")
    town.submit("lars", own)
    town.run()
    town.run(utc_now() + timedelta(hours=2))
    assert item(town).state == "forwarded"


def forwarded_again(town: ImapTown) -> Message:
    return [mail for mail in town.mails("eva") if mail.get_content_type() == "multipart/mixed"][-1]


def test_absence_replies_reports_and_strangers_start_no_conversation(full_town: ImapTown) -> None:
    town = full_town
    forward = forwarded(town)
    before = len(town.mails("eva"))
    away = answer(town, forward, "KS 2026/1. Jag är på semester.")
    away["Auto-Submitted"] = "auto-replied"
    town.submit("eva", away)
    town.post(town.letter(QUESTION, to=town.address("mailbot")), town.address("mailbot"))
    town.run()
    town.run(utc_now() + timedelta(hours=2))
    with town.open() as context:
        reasons = [
            row.reason for row in context.store.answers.settled_since(utc_now() - timedelta(1), ("refused", "ignored"))
        ]
    assert sorted(str(reason) for reason in reasons) == ["automatic", "citizen"]
    assert item(town).state == "forwarded"
    # the morning's digests may have come; nothing answers an answer
    assert all("SV:" not in str(mail["Subject"]) for mail in town.mails("eva")[before:])
    assert town.mails(town.citizen) == []


def test_an_answer_that_somebody_files_in_a_folder_is_found_there(full_town: ImapTown) -> None:
    town = full_town
    message = answer(town, forwarded(town), "KS 2026/12")
    town.submit("eva", message, copy=False)
    town.run()
    town.move("mailbot", 0, "Arkiv")
    town.lay("eva", message, folder="Sent")
    town.run()
    assert item(town).number == "KS 2026/12"
