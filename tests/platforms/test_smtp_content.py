"""What goes over the wire: our own parts may be encoded anew, an attached original never."""

import email
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.errors import PermanentError
from mailbot.mail.message import Address
from mailbot.platforms.imap.smtp_content import Offer, carriage, stuffed
from mailbot.platforms.sending import CannotCarry, OutgoingMail
from mailbot.render import compose
from mailbot.render.templates import Rendered

FULL = Offer(eight_bit=True, utf8=True, size_limit=10_000_000)
SEVEN = Offer()
CRLF_ORIGINAL = b"Subject: hej\r\n\r\nHej\r\n"


def mail(raw: bytes, *to: str) -> OutgoingMail:
    return OutgoingMail(
        message_id="<1@x.example>", raw=raw, envelope_from="m@x.example", recipients=to or ("a@x.example",)
    )


def forward(original: bytes) -> bytes:
    rendered = Rendered(subject="Att registrera", text="Hej å\n", html="<p>Hej å</p>", language="sv")
    return compose(
        rendered, from_=Address("Byn", "m@x.example"), to=("a@x.example",), message_id="<1@x.example>",
        date=datetime(2026, 5, 11, tzinfo=UTC), auto_submitted="auto-generated", original=original,
    )  # fmt: skip


@pytest.mark.parametrize("offer", [FULL, SEVEN])
def test_a_plain_forward_stays_as_it_was_rendered(offer: Offer) -> None:
    raw = forward(CRLF_ORIGINAL)
    assert carriage(mail(raw), offer).content == raw


def test_an_original_with_unix_line_ends_gets_those_of_the_wire() -> None:
    content = carriage(mail(forward(CRLF_ORIGINAL.replace(b"\r\n", b"\n"))), FULL).content
    assert content == forward(CRLF_ORIGINAL)


@pytest.mark.parametrize(
    ("original", "offer", "reason"),
    [
        (b"Subject: \xe5\r\n\r\nHej\r\n", SEVEN, "eight_bit"),
        (b"Subject: hej\r\n\r\nHej\n\r\n", FULL, "line_ends"),
        (b"Subject: hej\r\n\r\nHej\rhopp\r\n", FULL, "line_ends"),
        (b"Subject: hej\n\nHej\rhopp\n", FULL, "line_ends"),
        (b"Subject: hej\r\n\r\n" + b"x" * 999 + b"\r\n", FULL, "line_ends"),
        (b"Subject: hej\r\n\r\n" + b"hej\r\n" * 2000, Offer(eight_bit=True, size_limit=10_000), "too_large"),
    ],
)
def test_what_cannot_go_unaltered_does_not_go(original: bytes, offer: Offer, reason: str) -> None:
    with pytest.raises(CannotCarry) as caught:
        carriage(mail(forward(original)), offer)
    assert caught.value.reason == reason


def test_our_own_parts_are_encoded_anew_for_seven_bits() -> None:
    raw = (
        'Content-Type: multipart/mixed; boundary="b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding:\r\n 8bit\r\n\r\n"
        "Hej å = ö \r\n.\r\n--b\r\n"
        "Content-Type: application/x; name=x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u00e5\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nHej\r\n--b--\r\n"
    ).encode()
    sent = carriage(mail(raw), SEVEN)
    assert sent.content.isascii() and not sent.eight_bit
    before, after = email.message_from_bytes(raw), email.message_from_bytes(sent.content)
    for old, new in zip(before.walk(), after.walk(), strict=True):
        assert new.get_content_type() == old.get_content_type()
        if not old.is_multipart():
            assert new.get_payload(decode=True).split() == old.get_payload(decode=True).split()
    assert carriage(mail(raw), FULL).content == raw


def test_a_local_part_outside_ascii_needs_a_server_that_takes_it() -> None:
    with pytest.raises(PermanentError, match="SMTPUTF8") as caught:
        carriage(mail(forward(CRLF_ORIGINAL), "åsa@x.example"), SEVEN)
    assert "åsa" not in str(caught.value)


def test_parameters_say_what_is_used() -> None:
    eight = carriage(mail(forward(b"Subject: \xe5\r\n\r\n")), FULL)
    assert eight.parameters(FULL) == f" SIZE={len(eight.content)} BODY=8BITMIME"
    assert carriage(mail(forward(CRLF_ORIGINAL)), SEVEN).parameters(SEVEN) == ""


@given(st.lists(st.sampled_from([b".", b"..", b"", b"hej", b".hej", b"a.b"])))
def test_stuffing_is_undone_by_every_server(lines: list[bytes]) -> None:
    content = b"\r\n".join([*lines, b""])
    wire = stuffed(content)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    back = [line[1:] if line.startswith(b".") else line for line in wire.split(b"\r\n")]
    assert b"\r\n".join(back) == (content or b"\r\n")
