"""What ties messages together."""

import pytest

from mailbot.mail.conversation import MAX_LINKED_IDS, diary_number, is_reply, linked_ids, normalise_subject
from mailbot.mail.message import parse_headers


@pytest.mark.parametrize(
    ("subject", "normal"),
    [
        ("Mötet på tisdag", "mötet på tisdag"),
        ("SV: Mötet på tisdag", "mötet på tisdag"),
        ("Sv: SV: RE: Re: Mötet på  tisdag", "mötet på tisdag"),
        ("VB: VS: Fwd: FW: Mötet", "mötet"),
        ("Re[3]: Mötet", "mötet"),
        ("RE(2): Mötet", "mötet"),
        ("Svar: Mötet", "mötet"),
        ("Ang. : Mötet", "mötet"),
        ("Ang.: Mötet", "mötet"),
        ("Angående: Mötet", "mötet"),
        ("AW: WG: Das Treffen", "das treffen"),
        ("VS: VL: Kokous", "kokous"),
        ("Re : Mötet", "mötet"),
        ("[EXTERN] SV: [byalaget] Re: Mötet", "mötet"),
        ("Re: [KS 2026/12] Mötet", "[ks 2026/12] mötet"),
        ("Automatiskt svar: Mötet", "mötet"),
        ("Remiss: ny plan", "remiss: ny plan"),
        ("Sverige: en fråga", "sverige: en fråga"),
        ("Svarsalternativ: ja", "svarsalternativ: ja"),
        ("SV:", ""),
        ("", ""),
        ("  Re:\n Mötet\t nu ", "mötet nu"),
    ],
)
def test_subjects(subject: str, normal: str) -> None:
    assert normalise_subject(subject) == normal


def test_a_subject_of_nothing_but_marks_is_quick() -> None:
    assert normalise_subject("Re: " * 1_000_000) == ""


def test_linked_ids_are_newest_first_and_each_once() -> None:
    message = parse_headers(
        b"From: a@x.example\r\nMessage-ID: <5@x>\r\nIn-Reply-To: <4@x>\r\n"
        b"References: <1@x> <2@x> <3@x> <5@x> <4@x>\r\n\r\n"
    )
    assert linked_ids(message) == ("<4@x>", "<3@x>", "<2@x>", "<1@x>")


def test_a_giant_thread_is_linked_by_its_newest_messages() -> None:
    references = b" ".join(b"<%d@x.example>" % number for number in range(300))
    message = parse_headers(b"From: a@x.example\r\nReferences: " + references + b"\r\n\r\n")
    assert len(linked_ids(message)) == MAX_LINKED_IDS
    assert linked_ids(message)[0] == "<299@x.example>"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"In-Reply-To: <1@x.example>\r\n", True),
        (b"References: <1@x.example>\r\n", True),
        (b"Subject: SV: hej\r\n", True),
        (b"Subject: VB: hej\r\n", False),
        (b"Subject: hej\r\n", False),
        (b"", False),
    ],
)
def test_replies(fields: bytes, expected: bool) -> None:
    assert is_reply(parse_headers(b"From: a@x.example\r\n" + fields + b"\r\n")) is expected


PATTERNS = [r"KS[ -]\d{4}/\d+", r"MBN[ -]\d{4}/\d+", ""]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Vi hänvisar till KS 2026/123.", "KS 2026/123"),
        ("SV: MBN-2026/7 Bygglov, se även KS 2026/1", "MBN-2026/7"),
        ("XKS 2026/123", None),
        ("KS 2026", None),
        ("", None),
    ],
)
def test_diary_numbers(text: str, number: str | None) -> None:
    assert diary_number(text, PATTERNS) == number
