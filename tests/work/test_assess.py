"""Trying mail out without a configuration: whose domain is ours?"""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbot.mail.message import parse
from mailbot.policy.model import Diarise
from mailbot.work.assess import assess_file, ground_rules, guessed_own_domains

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


def raw(author: str, *recipients: str, text: str = "Hej!") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = author, ", ".join(recipients), "Schemat"
    mail["Date"], mail["Message-ID"] = "Tue, 03 Mar 2026 09:00:00 +0100", "<1@mail.example>"
    mail.set_content(text)
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("author", "recipients", "ours"),
    [
        # a colleague is written to
        ("anna@ekdalen.example", ["bo@ekdalen.example"], True),
        ("anna@ekdalen.example", ["bo@ekdalen.example", "eva@post.example"], True),
        # providers of people's own mail, and senders of circulars that are to themselves
        ("anna@gmail.com", ["bo@gmail.com"], False),
        ("nyhetsbrev@foretaget.example", ["nyhetsbrev@foretaget.example"], False),
        # named after the municipality, or a municipality that writes out
        ("kommunen@bjurholm.example", ["anna@post.example"], True),
        ("post@ekdalens-kommun.example", ["anna@post.example"], True),
        ("postmottak@dalen.kommune.no", ["anna@post.example"], True),
        # other people, companies and authorities that write to us
        ("anna@post.example", ["kommunen@bjurholm.example"], False),
        ("info@grannkommunen.example", ["post@ekdalens-kommun.example"], False),
    ],
)
def test_whose_domain_is_ours_is_guessed(author: str, recipients: list[str], ours: bool) -> None:
    domain = author.partition("@")[2]
    assert guessed_own_domains(parse(raw(author, *recipients)), "bjurholm") == ({domain} if ours else set())


def test_a_guess_never_overrules_what_is_said(tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(raw("anna@ekdalen.example", "bo@ekdalen.example", text="Hej Bo! Ses vi på mötet på torsdag?"))
    assert assess_file(file, ground_rules(None, None, ()), NOW).decision.diarise is not Diarise.YES
    told = assess_file(file, ground_rules(None, None, ("dalen.example",)), NOW)
    guessed = assess_file(file, ground_rules(None, None, ()), NOW)
    internal = "kind.internal.own_sender"
    assert internal not in {verdict.rule for verdict in told.decision.verdicts}
    assert internal in {verdict.rule for verdict in guessed.decision.verdicts}
