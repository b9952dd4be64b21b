from dataclasses import replace

import pytest

from mailbot.policy.model import Evidence
from mailbot.policy.reading import read, subject_prefixes
from tests.policy.mails import FACTS, MAILBOX, headers_of, mail


@pytest.mark.parametrize(
    "subject, start, forwarded, replied",
    [
        ("Bygglov", 0, False, False),
        ("Re: Bygglov", 4, False, True),
        ("SV: VB: Bygglov", 8, False, True),
        ("VB: SV: Bygglov", 8, True, True),
        ("Re[2]: Bygglov", 7, False, True),
        ("Fwd:Bygglov", 4, True, False),
        ("Svar : Bygglov", 7, False, True),
        ("Remiss: Bygglov", 0, False, False),
        ("Svara: Bygglov", 0, False, False),
        ("", 0, False, False),
        ("Re:", 3, False, True),
    ],
)
def test_subject_prefixes(subject, start, forwarded, replied):
    assert subject_prefixes(subject) == (start, forwarded, replied)


@pytest.mark.parametrize(
    "sender, expected",
    [
        ("a@bjurholm.example", "own"),
        ("a@skola.bjurholm.example", "own"),
        ("a@inte-bjurholm.example", "organisation"),
        ("registrator@lansstyrelsen.example", "authority"),
        ("a@hattfjelldal.kommune.example", "authority"),
        ("a@statsforvalteren.example", "authority"),
        ("a@naturvardsverket.example", "authority"),
        ("Kammarrätten i Sundsvall <a@dom.example>", "authority"),
        ("a@gmail.com", "private"),
        ("Kim Ek <kim@konsult.example>", "organisation"),
        ("Anna", "unknown"),
    ],
)
def test_who_wrote(sender, expected):
    assert read(headers_of({"From": sender}), FACTS).sender_class == expected


@pytest.mark.parametrize(
    "to, cc, expected",
    [
        (MAILBOX, None, "to"),
        ("per@bjurholm.example", MAILBOX, "cc"),
        ("per@bjurholm.example", None, "neither"),
    ],
)
def test_to_whom(to, cc, expected):
    assert read(headers_of({"To": to, "Cc": cc}), FACTS).addressed == expected
    assert read(headers_of({"To": to, "Cc": cc}), replace(FACTS, mailbox_addresses=frozenset())).addressed == "unknown"


def test_evidence_is_mapped_from_the_new_words_to_the_whole_text():
    message = mail(
        "Hej!\n\nDen 3 mars 2026 skrev Kommunen:\n> Vad gäller?\n\nJag överklagar.\n", {"Subject": "SV: Beslut"}
    )
    reading = read(message, FACTS)
    assert message.body is not None
    start = reading.new.index("överklagar")
    evidence = reading.evidence(start, start + len("överklagar"))
    assert message.body.text[evidence.start : evidence.end] == "överklagar"
    assert "gäller" not in reading.new
    assert reading.subject_evidence(4, 10) == Evidence("subject", 4, 10)
    assert reading.bare_subject == "Beslut"


def test_headers_alone_have_no_words():
    reading = read(headers_of(), FACTS)
    assert (reading.new, reading.has_body, reading.is_readable, reading.attachments) == ("", False, False, ())


def test_sentences_cover_the_words():
    reading = read(mail("Hej! Hur mår ni?\nJag undrar en sak\n\n. \nTack."), FACTS)
    assert [reading.new[start:end].strip() for start, end in reading.sentences] == [
        "Hej!",
        "Hur mår ni?",
        "Jag undrar en sak",
        "Tack.",
    ]


def test_a_very_long_text_is_cut_and_says_so():
    assert read(mail("Hej! " * 100), FACTS).is_complete
    reading = read(mail("Hej! " * 100_000), FACTS)
    assert (reading.is_complete, len(reading.new)) == (False, 60_000)
