"""The words of attached documents."""

import pytest

from mailbot.mail.documents import UnreadableDocument, form, text_of
from tests.support import documents


@pytest.mark.parametrize(
    ("filename", "content_type", "expected"),
    [
        ("brev.docx", "application/octet-stream", "ooxml"),
        ("brev.odt", "application/vnd.oasis.opendocument.text", "odf"),
        ("BESLUT.PDF", "application/octet-stream", "pdf"),
        (None, "application/pdf", "pdf"),
        ("anteckning.txt", "text/plain", "text"),
        ("IMG_1.JPG", "application/octet-stream", "picture"),
        (None, "image/png", "picture"),
        (None, "message/rfc822", "mail"),
        ("allt.zip", "application/zip", "unknown"),
        ("gammal.doc", "application/msword", "unknown"),
    ],
)
def test_form_by_name_and_type(filename: str | None, content_type: str, expected: str) -> None:
    assert form(filename, content_type) == expected


LINES = ("Personnummer 19811218-9876", "Hon mår inte bra.")


@pytest.mark.parametrize(
    ("content", "as_form"),
    [
        ("\n".join(LINES).encode(), "text"),
        ("\n".join(LINES).encode("cp1252"), "text"),
        ("<p>Personnummer 19811218-9876</p><p>Hon mår inte bra.</p>".encode(), "html"),
        (documents.docx(*LINES), "ooxml"),
        (documents.odt(*LINES), "odf"),
        (documents.pdf(*LINES), "pdf"),
        # a wrong name, or none, does not hide a document from those who look at its first octets
        (documents.docx(*LINES), "unknown"),
        (documents.pdf(*LINES), "text"),
        (b"Subject: Re\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "\r\n".join(LINES).encode(), "mail"),
    ],
)
def test_text(content: bytes, as_form: str) -> None:
    text = text_of(content, as_form)
    assert all(line in text for line in LINES)


def test_words_of_a_paragraph_are_not_joined_with_the_next() -> None:
    assert "Lönn\n" in text_of(documents.docx("Albin Lönn", "Klass 4"), "ooxml")


@pytest.mark.parametrize(
    ("content", "as_form", "reason"),
    [
        (documents.encrypted_pdf("hemligt", "Text"), "pdf", "encrypted"),
        (documents.scanned_pdf(), "pdf", "picture"),
        (b"%PDF-1.4 and nothing more", "pdf", "damaged"),
        (b"\xd0\xcf\x11\xe0 old Word, or a new one with a password", "ooxml", "format"),
        (b"PK\x03\x04 cut off", "ooxml", "damaged"),
        (documents.archive({"foton/1.jpg": b"x"}), "unknown", "format"),
        (documents.billion_laughs(), "ooxml", "damaged"),
        (b"\xff\xd8\xff", "picture", "picture"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, as_form: str, reason: str) -> None:
    with pytest.raises(UnreadableDocument) as raised:
        text_of(content, as_form)
    assert raised.value.reason == reason


def test_an_encrypted_pdf_that_anybody_may_read_is_read() -> None:
    assert "Bara utskrift är spärrad" in text_of(documents.encrypted_pdf("", "Bara utskrift är spärrad"), "pdf")


def test_what_unfolds_too_far_is_not_unfolded() -> None:
    with pytest.raises(UnreadableDocument) as raised:
        text_of(documents.zip_bomb(), "ooxml")
    assert raised.value.reason == "too_large"
