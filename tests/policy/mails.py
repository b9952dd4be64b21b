"""Short ways to write a mail in a test; what comes out went through the real parser."""

from collections.abc import Mapping

from mailbot.mail.message import Message, parse, parse_headers
from mailbot.policy.model import Facts

MAILBOX = "kommunen@bjurholm.example"
#: a mail in the authority mailbox of the sample municipality
FACTS = Facts(
    own_domains=frozenset({"bjurholm.example"}),
    mailbox=MAILBOX,
    mailbox_role="authority",
    mailbox_addresses=frozenset({MAILBOX}),
    unit="ks",
    diary_patterns={"ks": r"KS[ -]\d{4}/\d+"},
    web_form_senders=frozenset({"formular@bjurholm.example"}),
)

_DEFAULTS = {
    "From": "Anna Berg <anna.berg@gmail.example>",
    "To": MAILBOX,
    "Subject": "Hej",
    "Date": "Mon, 9 Mar 2026 10:00:00 +0100",
    "Message-ID": "<1@gmail.example>",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
}


def raw(text: str = "", headers: Mapping[str, str | None] | None = None) -> bytes:
    """The bytes of a plain mail; a header set to None is left out."""
    fields = {**_DEFAULTS, **(headers or {})}
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return (block + "\r\n" + text.replace("\n", "\r\n")).encode()


def mail(text: str = "", headers: Mapping[str, str | None] | None = None) -> Message:
    return parse(raw(text, headers))


def headers_of(headers: Mapping[str, str | None] | None = None) -> Message:
    """The same mail with only its headers read."""
    return parse_headers(raw("", headers))
