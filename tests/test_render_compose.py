"""Finished mail: valid, the same every time, the original untouched, and nothing a stranger wrote becomes a header."""

import email
import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.mail.message import Address
from mailbot.render import Rendered, compose

NOW = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
MAIL = Rendered(subject="Ärendet är mottaget", text="Hej å!\n", html="<p>Hej å!</p>\n", language="sv")
FROM = Address("Bjurholms kommun", "mailbot@bjurholm.example")


def made(rendered: Rendered = MAIL, **values: object) -> bytes:
    arguments: dict[str, object] = {
        "from_": FROM,
        "to": ("bo@privat.example",),
        "message_id": "<mailbot.abc@bjurholm.example>",
        "date": NOW,
        "auto_submitted": "auto-generated",
    }
    return compose(rendered, **{**arguments, **values})


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def test_a_mail_has_text_and_html_and_says_what_it_is():
    raw = made(reply_to="kommunen@bjurholm.example")
    mail = parsed(raw)
    assert mail["Subject"] == "Ärendet är mottaget"
    assert mail["From"].addresses[0].addr_spec == "mailbot@bjurholm.example"
    assert mail["From"].addresses[0].display_name == "Bjurholms kommun"
    assert (mail["To"], mail["Reply-To"]) == ("bo@privat.example", "kommunen@bjurholm.example")
    assert mail["Message-ID"] == "<mailbot.abc@bjurholm.example>"
    assert mail["Date"].datetime == NOW
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert mail["Precedence"] is None
    assert mail["Content-Language"] == "sv"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content() for part in mail.iter_parts()] == ["Hej å!\r\n", "<p>Hej å!</p>\r\n"]
    assert raw.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_automatic_replies_are_marked_as_rfc_3834_and_practice_want():
    mail = parsed(
        made(auto_submitted="auto-replied", in_reply_to="<q@x.example>", references=("<a@x>", "<q@x.example>"))
    )
    assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-replied", "bulk")
    assert (mail["In-Reply-To"], mail["References"]) == ("<q@x.example>", "<a@x> <q@x.example>")


def test_the_same_input_gives_the_same_bytes():
    assert made(original=b"From: a\n\nb\n") == made(original=b"From: a\n\nb\n")
    assert made() != made(message_id="<other@bjurholm.example>")


ORIGINALS = [
    b"From: a@x.example\r\nSubject: hej\r\n\r\nBrev\r\n",
    b"From: a@x.example\nSubject: hej\n\nUnix\n",
    "From: a@x.example\n\nåäö utan deklaration".encode("latin-1"),
    b"no header at all",
    b"From: a\n\n--=_boundary\nFrom here\n.\n..\n\x00\xff\r\r\n",
    b"",
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_original_is_attached_byte_for_byte(original):
    raw = made(original=original, original_name="brev.eml")
    header = b'Content-Disposition: attachment; filename="brev.eml"\r\n\r\n'
    start = raw.index(header) + len(header)
    boundary = parsed_boundary(raw)
    assert raw[start : raw.rindex(b"\r\n--" + boundary + b"--\r\n")] == original
    encoding = b"7bit" if original.isascii() else b"8bit"
    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: " + encoding + b"\r\n" in raw


def parsed_boundary(raw: bytes) -> bytes:
    found = re.search(rb'Content-Type: multipart/mixed; boundary="([^"]+)"', raw)
    assert found is not None
    return found[1]


def test_a_boundary_that_the_original_knows_is_not_used():
    first = parsed_boundary(made(original=b"x"))
    clash = b"Subject: x\n\n--" + first + b"--\n--" + first + b"\nContent-Type: text/html\n\nevil\n"
    raw = made(original=clash)
    assert parsed_boundary(raw) != first
    assert [part.get_content_type() for part in parsed(raw).iter_parts()] == ["multipart/alternative", "message/rfc822"]


def test_standard_parsers_see_text_html_and_the_original():
    inner = EmailMessage()
    inner["Subject"] = "Överklagande"
    inner["From"] = "bo@privat.example"
    inner.set_content("Jag överklagar.\n")
    mail = parsed(made(original=inner.as_bytes()))
    _, attached = mail.iter_parts()
    assert attached.is_attachment()
    original = attached.get_content()
    assert (original["Subject"], original.get_content()) == ("Överklagande", "Jag överklagar.\n")


@pytest.mark.parametrize(
    "name, shown",
    [
        (None, "original.eml"),
        ('a"\r\nX: y.eml', "a-X-y.eml"),
        ("../../etc/passwd", "etc-passwd"),
        ("åäö", "original.eml"),
    ],
)
def test_attachment_names_are_plain(name, shown):
    raw = made(original=b"x", original_name=name)
    assert f'filename="{shown}"'.encode() in raw


FIELDS = [
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "MIME-Version",
    "Content-Language", "Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "Content-Type",
]  # fmt: skip
HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "x\r\nBcc: alla@by.example",
        "x\nBcc: alla@by.example\n\nnytt brev",
        "=?utf-8?q?a=0D=0ABcc:_b@c?=",
        "a@b, c@d",
        '"a\\"@b',
        "<<a@b>>",
        "a" * 3000,
        "å@ä.example",
        "\ud800@x",
        "(kommentar) a@b;",
    ]
)


@settings(deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_a_stranger_wrote_becomes_a_header(subject, address, name, identifier):
    rendered = Rendered(subject=f"x{subject}", text="t\n", html="<p>t</p>\n", language="sv")
    raw = made(
        rendered,
        to=(f"x{address}",),
        from_=Address(name, FROM.email),
        reply_to=f"x{address}",
        in_reply_to=identifier,
        references=("<ok@x>", identifier),
        auto_submitted="auto-replied",
    )
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    names = [line.partition(b":")[0].decode() for line in lines if not line.startswith(b" ")]
    assert [name for name in names if name != "In-Reply-To"] == [name for name in FIELDS if name != "In-Reply-To"]
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", head) is None
    message = email.message_from_bytes(raw)
    assert len(message.get_all("To")) == 1
    assert str(message["References"]).split()[0] == "<ok@x>"


@pytest.mark.parametrize(
    "address, written",
    [
        ("bo@privat.example", "<bo@privat.example>"),
        ('"bo berg"@privat.example', '<"boberg"@privat.example>'),
        ('"a\\"b"@privat.example', '<"a\\"b"@privat.example>'),
        ("bo..berg@privat.example", '<"bo..berg"@privat.example>'),
        ("bo@privat.example>, <alla@by.example", '<"bo@privat.examplealla"@by.example>'),
        ("bo@privat.example, alla@by.example", '<"bo@privat.examplealla"@by.example>'),
        ("bo", "<bo>"),
        ("", '<"">'),
    ],
)
def test_an_address_is_never_more_than_one_mailbox(address, written):
    line = next(line for line in made(to=(address,)).split(b"\r\n") if line.startswith(b"To:"))
    assert line.decode() == f"To: {written}"


@pytest.mark.parametrize("length", [10, 200, 1500])
def test_long_subjects_and_ids_keep_the_line_limit_of_rfc_5322(length):
    raw = made(
        Rendered(subject="ö" * length + " " + "a" * length, text="t\n", html="<p></p>\n"),
        in_reply_to=f"<{'i' * min(length, 880)}@x>",
        references=tuple(f"<{n}{'r' * min(length, 800)}@x>" for n in range(20)),
    )
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert parsed(raw)["Subject"] == "ö" * length + " " + "a" * length
    assert b"=?" not in re.search(rb"In-Reply-To:[^:]*", raw)[0], "ids must not be encoded"
