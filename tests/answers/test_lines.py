"""What a person wrote in an answer, and about which item, however their program quotes ours."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.message import parse
from mailbot.work.answers.lines import own_text, refs_in, without_greeting, written_lines
from mailbot.work.answers.words import GREETINGS

ONE, TWO = "B7KQ-2M9X", "7MZA-K2PW"
DIGEST = f"""Hej!

Att registrera (2)
------------------

- {ONE} Bygglov för carport på Storgatan, överklagande av beslut
  kommunen@by.example, från bo@privat.example, inkom 2026-05-11
- {TWO} nej kännedom
  kommunen@by.example, från elak@privat.example, inkom 2026-05-11

mailbot:K7QM-2B9X-PF3T
"""
QUOTED = "".join(f"> {line}\n" for line in DIGEST.splitlines())


def read(text: str, own: str = DIGEST, content_type: str = "text/plain") -> list[tuple[str, tuple[str, ...]]]:
    raw = f"From: eva@by.example\r\nContent-Type: {content_type}; charset=utf-8\r\n\r\n{text}".encode()
    body = parse(raw).body
    assert body is not None
    return [(line.text, line.refs) for line in without_greeting(written_lines(body, own), GREETINGS)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{ONE} KS 2026/1\n", [("KS 2026/1", (ONE,))]),
        (f"{ONE.lower()}: KS 2026/1\n{TWO} - nej, reklam", [("KS 2026/1", (ONE,)), ("nej, reklam", (TWO,))]),
        (f"KS 2026/1 ({ONE})", [("KS 2026/1", (ONE,))]),
        (f"{ONE} {TWO} nej", [("nej", (ONE, TWO))]),
        # the answer below a line with nothing but the reference
        (f"{ONE}\nKS 2026/1\n\n{TWO}:\nnej", [("KS 2026/1", (ONE,)), ("nej", (TWO,))]),
        ("Hej!\n\nKS 2026/1\n\nTack!\n", [("KS 2026/1", ())]),
        ("KS 2026/1\n\nSkickat från min iPhone\n", [("KS 2026/1", ())]),
        ("KS 2026/1\n\nMed vänlig hälsning\nEva Holm\nRegistrator\nTel: 0930-123 45\n", [("KS 2026/1", ())]),
        (f"{ONE} KS 2026/1\n\n{QUOTED}", [("KS 2026/1", (ONE,))]),
        (f"Den 12 maj skrev Byns kommun <mailbot@by.example>:\n{QUOTED}\n", []),
    ],
)
def test_lines(text: str, lines: list[tuple[str, tuple[str, ...]]]) -> None:
    assert read(text) == lines


def test_an_answer_below_a_quoted_item_belongs_to_it() -> None:
    text = QUOTED.replace("inkom 2026-05-11\n", "inkom 2026-05-11\nKS 2026/1\n", 1)
    assert read(text) == [("KS 2026/1", (ONE,))]


def test_outlook_marks_nothing_and_words_between_our_lines_are_theirs() -> None:
    header = (
        "\n\nFrån: Byns kommun <mailbot@by.example>\nSkickat: den 12 maj 2026 07:00\nTill: Eva Holm\nÄmne: Diariet\n\n"
    )
    between = DIGEST.replace("inkom 2026-05-11\n", "inkom 2026-05-11\nKS 2026/1\n", 1)
    assert read(f"Se nedan.{header}{between}") == [("Se nedan", ()), ("KS 2026/1", (ONE,))]
    assert read(f"{ONE} KS 2026/1{header}{DIGEST}") == [("KS 2026/1", (ONE,))]


def test_lines_that_were_broken_anew_are_still_ours() -> None:
    broken = QUOTED.replace("överklagande av beslut", "överklagande\nav beslut").replace(
        "nej kännedom", "\nnej kännedom"
    )
    assert read(f"{ONE} KS 2026/1\n\n{broken}") == [("KS 2026/1", (ONE,))]


def test_what_we_sent_is_read_from_both_its_forms_and_not_from_what_it_forwards() -> None:
    original = EmailMessage()
    original.set_content("Hemligt")
    mail = EmailMessage()
    mail.set_content("i text")
    mail.add_alternative("<p>i <b>HTML</b></p>", subtype="html")
    mail.add_attachment(original)
    found = own_text(mail.as_bytes())
    assert "i text" in found and "i HTML" in found and "Hemligt" not in found


def test_html_quotes_are_quotes() -> None:
    html = (
        "<div>KS 2026/1</div><div>--<br>Eva</div><blockquote type='cite'><ul>"
        f"<li>{ONE} Bygglov</li><li>{TWO} nej kännedom</li></ul>mailbot:K7QM-2B9X-PF3T</blockquote>"
    )
    assert read(html, content_type="text/html") == [("KS 2026/1", ())]


@pytest.mark.parametrize(
    "repeated",
    [DIGEST, DIGEST.replace("- ", ""), DIGEST.replace("- ", "• "), DIGEST.replace("\n", "\n\n"), DIGEST.upper()],
)
def test_what_we_wrote_is_never_taken_for_theirs(repeated: str) -> None:
    """A telephone repeats the mail without any mark; the second subject is a stranger's trap."""
    assert read(f"KS 2026/1\n\n{repeated}") == [("KS 2026/1", ())]


def test_without_our_text_at_hand_an_item_is_no_answer() -> None:
    found = read(f"{ONE} KS 2026/1\n\n{DIGEST}", own="")
    assert ("nej kännedom", (TWO,)) not in found and ("KS 2026/1", (ONE,)) in found


def test_a_code_is_no_reference() -> None:
    assert refs_in(f"mailbot:K7QM-2B9X-PF3T {ONE} x{TWO} {TWO}-PF3T") == (ONE,)


@given(st.text(max_size=500), st.text(max_size=200))
def test_anything_is_read_without_an_error(text: str, own: str) -> None:
    read(text.encode("utf-8", "replace").decode(), own)
