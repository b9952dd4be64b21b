"""Whole messages: which text is read, what is attached, and which bytes are no message at all."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.identity import content_key
from mailbot.mail.message import (
    Address,
    Body,
    Message,
    UnparsableMessage,
    attachment_content,
    parse,
    parse_headers,
)

TOP = "From: Anna <anna@x.example>\nTo: kommunen@bjurholm.example\nSubject: x\n"


def body(text: str | bytes) -> Body:
    raw = (TOP.encode() + text) if isinstance(text, bytes) else (TOP + text).encode()
    found = parse(raw).body
    assert found is not None
    assert "".join(found.text[span.start : span.end] for span in found.spans) == found.text
    return found


def multipart(subtype: str, *parts: str) -> str:
    """The header and body of a multipart; its boundary is made of its depth, so that they nest."""
    mark = f"{subtype}-{sum(map(len, parts))}"
    inner = "".join(f"--{mark}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{mark}"\n\n{inner}--{mark}--\n'


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nHej från texten"
HTML = "Content-Type: text/html; charset=utf-8\n\n<p>Hej från HTML</p>"
PDF = 'Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERg=='
IMAGE = "Content-Type: image/png\nContent-ID: <1@x>\nContent-Transfer-Encoding: base64\n\nJVBERg=="
NOTE = 'Content-Type: text/plain\nContent-Disposition: attachment; filename="note.txt"\n\nbilagd'
CALENDAR = "Content-Type: text/calendar; method=request\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR"


def test_every_field_of_a_message() -> None:
    raw = (
        b"Message-ID: <1@x.example>\r\nIn-Reply-To: <0@x.example>\r\nReferences: <a@x.example>\r\n <0@x.example>\r\n"
        b"From: =?utf-8?q?=C3=85sa?= <Asa@X.example>\r\nSender: s@x.example\r\nReply-To: r@x.example\r\n"
        b"To: kommunen@bjurholm.example\r\nTo: b@x.example\r\nCc: c@x.example\r\n"
        b"Subject: =?utf-8?q?=C3=96verklagande?=\r\nDate: Fri, 13 Mar 2026 10:00:00 +0100\r\n\r\nHej!\r\n"
    )
    message = parse(raw)
    assert message.message_id == "<1@x.example>"
    assert message.in_reply_to == ("<0@x.example>",)
    assert message.references == ("<a@x.example>", "<0@x.example>")
    assert message.author == Address("Åsa", "asa@x.example")
    assert message.sender == Address("", "s@x.example")
    assert message.asker == Address("", "r@x.example")
    assert [address.email for address in message.recipients] == [
        "kommunen@bjurholm.example", "b@x.example", "c@x.example",
    ]  # fmt: skip
    assert message.subject == "Överklagande"
    assert message.date == datetime(2026, 3, 13, 9, tzinfo=UTC)
    assert message.size == len(raw)
    assert message.body is not None
    assert message.body.text == "Hej!\n"
    assert message.defects == ("header_repeated",)


def test_headers_alone() -> None:
    raw = (TOP + "\nHej!").encode()
    message = parse_headers(raw)
    assert message.body is None
    assert message.size == raw.index(b"Hej!")
    assert message.subject == "x"
    assert parse_headers(TOP.encode()).subject == "x"


@pytest.mark.parametrize(
    ("content", "text", "source", "attached"),
    [
        (PLAIN, "Hej från texten", "plain", []),
        (HTML, "Hej från HTML", "html", []),
        (multipart("alternative", PLAIN, HTML), "Hej från texten", "plain", []),
        (multipart("alternative", HTML, PLAIN), "Hej från texten", "plain", []),
        (multipart("alternative", "Content-Type: text/plain\n\n \n\n", HTML), "Hej från HTML", "html", []),
        (multipart("mixed", multipart("alternative", PLAIN, HTML), PDF), "Hej från texten", "plain", ["a.pdf"]),
        (multipart("alternative", PLAIN, multipart("related", HTML, IMAGE)), "Hej från texten", "plain", [None]),
        # Apple Mail: the HTML side holds the attachment
        (multipart("alternative", PLAIN, multipart("mixed", HTML, PDF, HTML)), "Hej från texten", "plain", ["a.pdf"]),
        (multipart("mixed", PLAIN, PDF, "\nListans fot"), "Hej från texten\nListans fot", "plain", ["a.pdf"]),
        (multipart("mixed", PLAIN, HTML), "Hej från texten\nHej från HTML", "plain", []),
        # both forms side by side, though they ought to be an alternative
        (multipart("mixed", PLAIN, HTML.replace("HTML", "texten")), "Hej från texten", "plain", []),
        (multipart("mixed", NOTE, PLAIN), "Hej från texten", "plain", ["note.txt"]),
        (multipart("mixed", NOTE), "", "none", ["note.txt"]),
        (NOTE, "", "none", ["note.txt"]),
        (
            multipart("mixed", PLAIN, "Content-Type: message/rfc822\n\nSubject: y\n\nInre"),
            "Hej från texten",
            "plain",
            [None],
        ),
        (
            multipart("alternative", PLAIN, "Content-Type: text/x-amp-html\n\n<p>x", HTML),
            "Hej från texten",
            "plain",
            [],
        ),
        (PDF, "", "none", ["a.pdf"]),
        ("\n", "", "none", []),
        ("", "", "none", []),
    ],
)
def test_which_text_is_read(content: str, text: str, source: str, attached: list[str | None]) -> None:
    found = body(content)
    assert found.text.strip() == text
    assert found.text_source == source
    assert [attachment.filename for attachment in found.attachments] == attached


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("\nen\r\ntvå\rtre\nfyra", "en\ntvå\ntre\nfyra"),
        ("\nen\x00två\x1b[31m\ttre", "entvå[31m\ttre"),
        ("Content-Type: text/plain; format=flowed\n\nen \nrad", "en rad"),
        ("Content-Transfer-Encoding: quoted-printable\n\nh=C3=A5=\nll", "håll"),
        ("Content-Transfer-Encoding: base64\n\nSGVq", "Hej"),
    ],
)
def test_text_is_clean(content: str, text: str) -> None:
    assert body(content).text == text


@pytest.mark.parametrize(
    ("content", "protection"),
    [
        (PLAIN, "none"),
        (multipart("signed", PLAIN, "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nMII="), "signed"),
        (multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1"), "encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nMII=", "encrypted"),
        ("Content-Type: application/x-pkcs7-mime; smime-type=authEnveloped-data\n\nMII=", "encrypted"),
        ("Content-Type: application/pkcs7-mime; name=smime.p7m\n\nMII=", "encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nMII=", "signed"),
        ("\nHej\n-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n", "encrypted"),
        ("\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHej\n", "signed"),
        ("\nHej\n> -----BEGIN PGP MESSAGE-----\n", "none"),
    ],
)
def test_protection(content: str, protection: str) -> None:
    assert body(content).protection == protection


@pytest.mark.parametrize(
    ("content", "method"),
    [
        (PLAIN, None),
        (CALENDAR, "REQUEST"),
        (multipart("alternative", PLAIN, CALENDAR), "REQUEST"),
        ("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:cancel\nEND:VCALENDAR", "CANCEL"),
        ("Content-Type: text/calendar\n\nBEGIN:VCALENDAR", None),
    ],
)
def test_calendar_method(content: str, method: str | None) -> None:
    assert body(content).calendar_method == method


def test_a_report_says_of_what() -> None:
    content = multipart("report", PLAIN, "Content-Type: message/delivery-status\n\nAction: failed")
    found = body(content.replace("multipart/report;", "multipart/report; report-type=Delivery-Status;"))
    assert found.is_report
    assert found.report_type == "delivery-status"
    assert not body(PLAIN).is_report
    assert body(multipart("report", PLAIN)).report_type is None


def test_winmail_dat_is_an_attachment() -> None:
    found = body("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+Ig==")
    assert found.text_source == "none"
    assert found.attachments[0].content_type == "application/ms-tnef"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_attachments_come_back_whatever_ends_the_lines(line_end: bytes) -> None:
    content = bytes(range(256)) * 40
    encoded = base64.encodebytes(content).decode()
    raw = (TOP + multipart("mixed", PLAIN, PDF.replace("JVBERg==", encoded))).encode().replace(b"\n", line_end)
    message = parse(raw)
    assert message.body is not None
    (attachment,) = message.body.attachments
    assert attachment_content(raw, attachment) == content
    assert abs(attachment.size - len(content)) <= 3
    assert message.body.text == "Hej från texten"


@pytest.mark.parametrize("disposition", ["inline; filename=a.png", "inline"])
def test_inline_parts_say_so(disposition: str) -> None:
    image = IMAGE.replace("Content-ID: <1@x>", f"Content-Disposition: {disposition}")
    assert body(multipart("mixed", PLAIN, image)).attachments[0].inline
    assert not body(multipart("mixed", PLAIN, PDF)).attachments[0].inline


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"Hej!\nDet blev fel.\n", "no header field of a mail message"),
        (b"X-Only: 1\n\nHej", "no header field of a mail message"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no header field of a mail message"),
        ("From: a@x.example\n\n".encode("utf-16"), "no header field of a mail message"),
    ],
)
def test_bytes_that_are_no_message(raw: bytes, why: str) -> None:
    for read in (parse, parse_headers):
        with pytest.raises(UnparsableMessage) as caught:
            read(raw)
        assert str(caught.value) == why


@pytest.mark.parametrize(
    ("raw", "defects"),
    [
        (b"From: a@x.example\nDate: 13 Mar 2026 10:00\nMessage-ID: <1@x>\n\nhej", ()),
        (b"Subject: x\n\nhej", ("date", "from", "message_id")),
        (b"From: a@x.example\nDate: never\nMessage-ID: <>\n\nhej", ("date", "message_id")),
        (b"From: a@x.example\nDate: 13 Mar 2026 10:00\nMessage-ID: <1@x>\nbroken\nTo: b\n\nhej", ("header_line",)),
        ("From: a@x.example\nDate: 13 Mar 2026 10:00\nMessage-ID: <1@x>\n\nhå".encode("latin-1"), ("charset",)),
    ],
)
def test_defects_are_named(raw: bytes, defects: tuple[str, ...]) -> None:
    assert parse(raw).defects == defects


def test_long_texts_are_cut_and_say_so() -> None:
    found = parse((TOP + "\n" + "å" * 1_500_000).encode())
    assert found.body is not None
    assert len(found.body.text) == 1_000_000
    assert "truncated" in found.defects


FIELDS = ("From", "To", "Subject", "Date", "Content-Type", "References", "Content-Transfer-Encoding")
SHARDS = (
    *(f"{name}: " for name in FIELDS),
    *(
        "\r\n",
        "\n",
        "\r\n\r\n",
        "\r",
        " ",
        "--b",
        "--b--",
        "--c\n",
        "=?utf-8?q?=C3",
        "?=",
        '"',
        "<",
        ">",
        "@",
        "(",
        ",",
    ),
    *("multipart/mixed; boundary=b", "text/html", "base64", "charset=utf-16", "quoted-printable", "format=flowed"),
    "Content-Type: multipart/alternative; boundary=c\n\n",
    "Content-Type: text/plain; format=flowed; charset=idna\n\n",
)
fragments = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(SHARDS).map(str.encode)), max_size=40).map(
    b"".join
)


@given(fragments)
def test_any_bytes_are_a_message_or_unparsable(raw: bytes) -> None:
    with_field = b"From: a@x.example\n" + raw
    check(with_field, parse(with_field))  # one field is enough
    try:
        message = parse(raw)
    except UnparsableMessage:
        return
    check(raw, message)


def check(raw: bytes, message: Message) -> None:
    """What holds for every message that could be read."""
    assert message.body is not None
    assert content_key(message) == content_key(parse_headers(raw))
    assert "".join(message.body.text[span.start : span.end] for span in message.body.spans) == message.body.text
    assert not set(message.body.text) & set("\r\x00\x1b")
    for text in (message.body.text, message.subject, *(address.name for address in message.from_)):
        text.encode("utf-8")
    for attachment in message.body.attachments:
        attachment_content(raw, attachment)
