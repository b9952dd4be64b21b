"""Attached documents, read in a child process that may die without anything being lost."""

import os
import signal
from email.message import EmailMessage

import pytest

from mailbot.mail.message import parse
from mailbot.policy.model import AttachedText
from mailbot.work import document_reader
from mailbot.work.attachment_texts import Limits, attachment_texts
from tests.support import documents

NUMBER = "Det gäller 19811218-9876 som vi talade om."
QUICK = Limits(seconds=1, megabytes=300)


def mail(*files: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@mejl.example", "kommunen@bjurholm.example", "Underlag"
    message.set_content("Se bilaga.\n")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def texts(*files: tuple[str, bytes], limits: Limits = QUICK) -> tuple[AttachedText, ...]:
    raw = mail(*files)
    return attachment_texts(raw, parse(raw), limits)


def test_each_document_has_its_text_or_its_reason() -> None:
    found = texts(
        ("a.docx", documents.docx(NUMBER)),
        ("b.pdf", documents.encrypted_pdf("x", NUMBER)),
        ("c.odt", documents.odt(NUMBER)),
        ("d.jpg", b"\xff\xd8"),
        ("e.doc", b"\xd0\xcf\x11\xe0"),
        limits=Limits(),
    )
    assert [one.unread for one in found] == [None, "encrypted", None, "picture", "format"]
    assert [NUMBER in one.text for one in found] == [True, False, True, False, False]


@pytest.mark.parametrize(
    "hostile", [documents.zip_bomb(), documents.lying_zip_bomb(), documents.billion_laughs(), documents.endless_pdf()]
)
def test_a_hostile_document_costs_the_others_nothing(hostile: bytes) -> None:
    found = texts(("before.docx", documents.docx(NUMBER)), ("hostile", hostile), ("after.odt", documents.odt(NUMBER)))
    assert NUMBER in found[0].text
    assert found[1].unread in ("too_large", "damaged", "gave_up", "format")
    assert NUMBER in found[2].text


def test_a_reader_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # No document we know keeps pypdf busy for ever; a member of 200 MB that may be unpacked takes longer than a second.
    endless = documents.archive({"content.xml": "<a>" + "<p>x</p>" * 4_000_000 + "</a>"})
    found = texts(("endless.odt", endless), ("after.docx", documents.docx(NUMBER)), limits=Limits(seconds=1))
    assert NUMBER in found[1].text


def test_what_is_too_large_is_not_handed_over() -> None:
    found = texts(("big.txt", b"x" * 5000), ("small.txt", b"ok"), limits=Limits(document=1000))
    assert [(one.unread, one.text) for one in found] == [("too_large", ""), (None, "ok")]


def test_pictures_within_the_text_are_left_out() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@mejl.example", "Hej"
    message.set_content("Hej\n")
    message.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="logo.jpg", disposition="inline")
    raw = message.as_bytes()
    assert attachment_texts(raw, parse(raw)) == ()


def test_one_process_serves_many_mails_and_another_takes_its_place() -> None:
    document_reader.close_idle()
    assert NUMBER in texts(("a.docx", documents.docx(NUMBER)))[0].text
    [first] = document_reader._idle
    assert NUMBER in texts(("b.odt", documents.odt(NUMBER)))[0].text
    assert document_reader._idle == [first]
    os.kill(first._process.pid, signal.SIGKILL)
    first._process.wait()
    assert NUMBER in texts(("c.docx", documents.docx(NUMBER)))[0].text
    assert first not in document_reader._idle


def test_a_forked_process_takes_a_reader_of_its_own() -> None:
    texts(("a.txt", b"ett"))
    child = os.fork()
    if child == 0:
        right = texts(("b.txt", b"inne"))[0].text == "inne"
        document_reader.close_idle()
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert texts(("c.txt", b"ute"))[0].text == "ute"
