"""Which mail came back, and why, in the forms in which mail systems say so."""

import pytest

from mailbot.mail.message import parse
from mailbot.mail.undelivered import Undelivered, undelivered

OURS = "<abc.123@by.example>"

REPORT = """\
From: MAILER-DAEMON@mail.example
To: mailbot@by.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

{text}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

{groups}
--b
Content-Type: {returned}

From: mailbot@by.example
Message-ID: {ours}
Subject: Att registrera

--b--
"""
FAILED = "Final-Recipient: rfc822; eva@by.example\nAction: failed\nStatus: 5.1.1\n"
DELAYED = "Final-Recipient: rfc822; eva@by.example\nAction: delayed\nStatus: 4.4.1\n"
DELIVERED = "Final-Recipient: rfc822; lars@by.example\nAction: delivered\nStatus: 2.0.0\n"

QMAIL = """\
From: MAILER-DAEMON@mail.example
To: mailbot@by.example
Subject: failure notice

Hi. This is the qmail-send program at mail.example.
<eva@by.example>:
{code} said: no such person

--- Below this line is a copy of the message.

Return-Path: <mailbot@by.example>
Message-ID: <abc.123@by.example>
Subject: Att registrera
"""
EXCHANGE = """\
From: Microsoft Outlook <MicrosoftExchange329e@by.example>
To: mailbot@by.example
Subject: Undeliverable: Att registrera
In-Reply-To: <abc.123@by.example>
MIME-Version: 1.0
Content-Type: text/plain

Your message couldn't be delivered. 550 5.1.10 RESOLVER.ADR.RecipientNotFound
"""


def report(groups: str, *, returned: str = "message/rfc822", ours: str = OURS, text: str = "Sorry.") -> str:
    return REPORT.format(groups=groups, returned=returned, ours=ours, text=text)


@pytest.mark.parametrize(
    "mail, expected",
    [
        (report(FAILED), Undelivered((OURS,), "5.1.1")),
        (report(FAILED, returned="text/rfc822-headers"), Undelivered((OURS,), "5.1.1")),
        (report(FAILED, returned="message/global-headers"), Undelivered((OURS,), "5.1.1")),
        (report(FAILED.lower().replace("action", "ACTION")), Undelivered((OURS,), "5.1.1")),
        (report(f"{DELIVERED}\n{FAILED}"), Undelivered((OURS,), "5.1.1")),
        (report(f"{DELAYED}\n{FAILED}"), Undelivered((OURS,), "5.1.1")),
        (report("Final-Recipient: rfc822; x@y.example\nAction: failed\n"), Undelivered((OURS,), "")),
        (report(FAILED, ours="none"), Undelivered(("<none>",), "5.1.1")),
        (report(DELAYED), None),
        (report(DELIVERED), None),
        (report(""), None),
        (QMAIL.format(code="550 5.1.1"), Undelivered((OURS,), "5.1.1")),
        (QMAIL.format(code="User unknown;"), Undelivered((OURS,), "")),
        (QMAIL.format(code="451 4.4.1"), None),
        (QMAIL.format(code="10.5.1.1"), Undelivered((OURS,), "")),
        (EXCHANGE, Undelivered((OURS,), "5.1.10")),
    ],
)  # fmt: skip
def test_what_came_back(mail: str, expected: Undelivered | None) -> None:
    for line_end in ("\n", "\r\n"):
        raw = mail.replace("\n", line_end).encode()
        assert undelivered(raw, parse(raw)) == expected


def test_a_report_of_which_nothing_can_be_read_is_none() -> None:
    raw = report("\x00\xff" * 200_000).encode("latin-1")
    assert undelivered(raw, parse(raw)) is None
