"""Attached documents, read in a child process that may die without anything being lost."""

import base64
import os
import signal
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbot.mail.left_out import LEFT_OUT
from mailbot.mail.message import parse
from mailbot.policy.model import AttachedText
from mailbot.work import attachment_texts as attachment_texts_module
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
    children = Path(f"/proc/{first._process.pid}/task/{first._process.pid}/children").read_text("ascii")
    assert children == ""  # it reads them itself
    os.kill(first._process.pid, signal.SIGKILL)
    first._process.wait()
    assert NUMBER in texts(("c.docx", documents.docx(NUMBER)))[0].text
    assert first not in document_reader._idle


def test_a_text_file_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment_texts_module, "lent", None)
    assert texts(("a.txt", NUMBER.encode("cp1252")), ("b.csv", b""))[0].text == NUMBER


def test_what_only_calls_itself_text_is_read_as_what_it_is() -> None:
    assert NUMBER in texts(("a.txt", documents.docx(NUMBER)))[0].text


@pytest.mark.parametrize("limit", ["_MOST_DOCUMENTS", "_MOST_RESIDENT"])
def test_a_reader_that_is_worn_is_replaced(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    document_reader.close_idle()
    monkeypatch.setattr(document_reader, limit, 1)
    assert NUMBER in texts(("a.docx", documents.docx(NUMBER)))[0].text
    assert document_reader._idle == []


def test_a_reader_that_ran_out_of_memory_is_replaced() -> None:
    document_reader.close_idle()
    assert texts(("bomb.docx", documents.zip_bomb()))[0].unread == "too_large"
    assert document_reader._idle == []


def test_the_time_of_one_mail_is_not_that_of_those_before() -> None:
    reader = document_reader.DocumentReader(300)
    words = "".join(f"<p>{number * 7919}</p>" for number in range(60_000))
    busy = document_reader.Document(0, "odf", documents.archive({"content.xml": f"<a>{words}</a>"}))
    try:
        while _processor_seconds(reader) < 1.5:
            assert [set(answer) for answer in reader.read([busy], seconds=1)] == [{"text"}]
    finally:
        reader.close()


def _processor_seconds(reader: document_reader.DocumentReader) -> float:
    """proc(5): user and system time are the 14th and 15th field of stat; the name before them may hold anything."""
    fields = Path(f"/proc/{reader._process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_answer_without_end_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reader, "_MOST_ANSWER", 100)
    assert texts(("a.docx", documents.docx(NUMBER * 10)))[0].unread == "gave_up"


def test_a_forked_process_takes_a_reader_of_its_own() -> None:
    texts(("a.odt", documents.odt("ett")))
    child = os.fork()
    if child == 0:
        right = texts(("b.odt", documents.odt("inne")))[0].text.strip() == "inne"
        document_reader.close_idle()
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert texts(("c.odt", documents.odt("ute")))[0].text.strip() == "ute"


def test_what_a_server_was_not_asked_for_is_no_empty_file() -> None:
    raw = mail(("large.pdf", LEFT_OUT), ("photo.jpg", LEFT_OUT), ("empty.txt", b""))
    raw = raw.replace(base64.b64encode(LEFT_OUT) + b"\n", LEFT_OUT)
    found = attachment_texts(raw, parse(raw))
    assert [one.unread for one in found] == ["too_large", "picture", None]
