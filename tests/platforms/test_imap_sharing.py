"""Whether a colleague may open an inbox, from what the server says about rights (RFC 4314)."""

import pytest

from mailbot.platforms.imap.sharing import readable_by


@pytest.mark.parametrize(
    ("answer", "may"),
    [
        (b"INBOX anna@by.example lrswipkxtecda", False),
        (b"INBOX anna@by.example lrs bo@by.example lr", True),
        (b"INBOX bo lrs", True),
        (b'"INBOX" "user=bo" "lrs"', True),
        (b"INBOX bo l", False),
        (b"INBOX bo lrs -bo r", False),
        (b"INBOX anyone lr", True),
        (b"INBOX $kansli lrs", None),
        (b"INBOX group=kansli lrs", None),
        (b"INBOX", False),
        (b"", False),
        (b'INBOX "bo \\"b\\"" lrs', False),
    ],
)
def test_rights(answer: bytes, may: bool | None) -> None:
    assert readable_by(answer, ["bo", "bo@by.example"]) is may
