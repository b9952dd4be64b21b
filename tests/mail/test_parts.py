"""New text, signature, quotation: labelled mails of many programs and languages, and what must hold for any text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.html import to_text
from mailbot.mail.parts import Span, split
from tests.mail.parts_cases import (
    CLOSINGS,
    FOOTERS,
    HEADER_BLOCKS,
    LABELLED,
    LOOSE_HEADERS,
    NOT_CLOSINGS,
    NOTES_HEADERS,
    ORDINARY,
    REPLY_HEADERS,
    SEPARATORS,
)


def labels(text: str) -> list[tuple[str, str]]:
    """Each filled line with the kind of its first and last character."""
    spans = split(text)
    found, position = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            kinds = [span.kind for span in spans if span.start < position + len(line.rstrip()) and span.end > position]
            found.append(("/".join(kinds), line.rstrip("\n")))
        position += len(line)
    return found


def joined(text: str, kind: str) -> str:
    return "".join(text[span.start : span.end] for span in split(text) if span.kind == kind).strip()


@pytest.mark.parametrize("labelled", LABELLED)
def test_labelled_mail(labelled: str) -> None:
    """Lines begin with n| (new), s| (signature) or q| (quoted)."""
    names = {"n": "new", "s": "signature", "q": "quoted"}
    lines = [line.partition("|") for line in labelled.strip("\n").split("\n")]
    text = "".join(content + "\n" for _, _, content in lines)
    assert labels(text) == [(names[mark], content) for mark, _, content in lines if content.strip()]


OWN = "Hej!\n\nJa, det går bra på tisdag.\n"
OLD = ["Hej!", "Kan vi ses på tisdag?", "Hälsningar", "Lars"]


@pytest.mark.parametrize("header", REPLY_HEADERS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_reply_headers(header: str, mark: str) -> None:
    quoted = header + "\n\n" + "".join(f"{mark}{line}\n" for line in OLD)
    text = OWN + "\n" + quoted
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "quoted") == quoted.strip()


@pytest.mark.parametrize("header", REPLY_HEADERS)
def test_words_below_a_marked_quotation_are_new(header: str) -> None:
    text = header + "\n" + "".join(f"> {line}\n" for line in OLD) + "\nJa, det går bra på tisdag.\n"
    assert joined(text, "new") == "Ja, det går bra på tisdag."


@pytest.mark.parametrize("block", HEADER_BLOCKS)
@pytest.mark.parametrize("rule", ["", "_" * 32 + "\n", "-----Ursprungligt meddelande-----\n"])
def test_header_blocks(block: str, rule: str) -> None:
    quoted = rule + block + "\n\n" + "\n".join(OLD) + "\n"
    text = OWN + "\n" + quoted
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "quoted") == quoted.strip()


@pytest.mark.parametrize("separator", SEPARATORS)
def test_separators(separator: str) -> None:
    quoted = separator + "\n" + "\n".join(OLD) + "\n"
    text = OWN + "\n" + quoted
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "quoted") == quoted.strip()


@pytest.mark.parametrize("header", LOOSE_HEADERS)
def test_what_introduces_only_marked_lines(header: str) -> None:
    marked = header + "\n" + "".join(f"> {line}\n" for line in OLD)
    assert joined(f"{OWN}\n{marked}", "quoted") == marked.strip()


@pytest.mark.parametrize("header", NOTES_HEADERS)
@pytest.mark.parametrize("gap", ["\n", "\n\n\n\n\n"])
def test_headers_of_lotus_notes(header: str, gap: str) -> None:
    quoted = header + "\n\n" + "\n".join(OLD) + "\n"
    text = OWN + gap + quoted
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "quoted") == quoted.strip()


def test_a_street_above_a_reply_header_is_no_part_of_it() -> None:
    header = "On Tue, Mar 3, 2026 at 10:12 AM Lars Ek <lars@post.example> wrote:"
    text = f"{OWN}\nMvh\nAnna Berg\nSolvägen 12\n{header}\n> Hej\n"
    assert joined(text, "signature") == "Mvh\nAnna Berg\nSolvägen 12"


def test_a_rule_above_an_original_belongs_to_it() -> None:
    text = to_text("<p>Ja.</p><hr><div id=divRplyFwdMsg><b>Von:</b> Lars</div><p>Kommen Sie?</p>")
    assert joined(text, "new") == "Ja."


@pytest.mark.parametrize("filling", ["ord, ", "ord: ", "ord "])
def test_below_a_very_long_paragraph_a_name_signs(filling: str) -> None:
    paragraph = filling * 150 + "vart tar pengarna vägen?"
    assert joined(f"{paragraph}\nTherese\n", "signature") == "Therese"
    assert joined(f"{paragraph} Mvh Therese Ek\n", "signature") == "Mvh Therese Ek"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_new(text: str) -> None:
    assert split(text) == (Span("new", 0, len(text)),)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closings(closing: str) -> None:
    text = OWN + "\n" + closing
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "signature") == closing.strip()


@pytest.mark.parametrize("sentence", NOT_CLOSINGS)
def test_a_closing_phrase_in_a_sentence_closes_nothing(sentence: str) -> None:
    text = f"Hej!\n{sentence}\nDet var allt jag ville säga om den saken.\n"
    assert split(text) == (Span("new", 0, len(text)),)


@pytest.mark.parametrize("footer", FOOTERS)
def test_footers_are_nobodys_words(footer: str) -> None:
    text = OWN + "\n" + footer + "\n"
    assert joined(text, "new") == OWN.strip()
    assert joined(text, "quoted") == footer


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Hej, när öppnar badhuset? /Anna", "/Anna"),
        ("När kommer plogbilen? Mvh Per Ek", "Mvh Per Ek"),
        ("Tack för svaret! Med vänlig hälsning Anna Berg\n", "Med vänlig hälsning Anna Berg"),
        ("Når åpner dere? Hilsen Kari Nordli", "Hilsen Kari Nordli"),
    ],
)
def test_a_closing_may_stand_in_the_last_line(text: str, signature: str) -> None:
    assert joined(text, "signature") == signature


def test_lines_of_the_official_signature_are_known_wherever_they_stand() -> None:
    motto = "Det är tio mil till närmaste stad, så planera din resa."
    text = f"Vi ses på måndag.\nMvh\nKarin Lund\n{motto}\nLillåns kommun\n"
    assert joined(text, "signature") == "Mvh\nKarin Lund"
    official = split(text, own_signature_lines=[motto, "Lillåns kommun"])
    assert [span.kind for span in official] == ["new", "signature"]


OFFICIAL = ["Lillåns kommun", "Storgatan 1, 912 34 Lillån", "Öppet vardagar 9-15"]


@pytest.mark.parametrize(
    ("ending", "signature"),
    [
        # as it should be
        (
            f"{'*' * 64}\nMed vänlig hälsning\nEva Ek\nRegistrator\nLillåns kommun\nStorgatan 1, 912 34 Lillån\n"
            "Tel: 0910-1\n",
            None,
        ),
        # without the line of asterisks and the closing phrase
        ("Eva Ek\nRegistrator\nLillåns kommun\nStorgatan 1, 912 34 Lillån\nTel: 0910-123 45\n", None),
        # an older address, other spelling, and lines of one's own
        ("Med vänlig hälsning\nEva Ek\nLILLÅNS KOMMUN\nStorgatan 7  912 30 Lillån\nwww.lillan.example\n", None),
        # a name typed above the automatic block
        (
            "/Eva\n\nEva Ek\nLillåns kommun\nStorgatan 1, 912 34 Lillån\n",
            None,
        ),
        # new words below it
        (
            "Eva Ek\nLillåns kommun\nÖppet vardagar 9-15\n\nJag glömde säga att grinden är låst efter klockan fyra.\n",
            "Eva Ek\nLillåns kommun\nÖppet vardagar 9-15",
        ),
    ],
)
def test_the_official_signature_is_found_even_when_it_was_edited(ending: str, signature: str | None) -> None:
    text = f"{OWN}\n{ending}"
    spans = split(text, own_signature_lines=OFFICIAL)
    found = "".join(text[span.start : span.end] for span in spans if span.kind == "signature").strip()
    assert found == (signature or ending.strip())


def test_the_organisations_name_in_a_letter_is_no_signature() -> None:
    text = "Hej!\n\nVem svarar för vägen?\nLillåns kommun\neller regionen?\nJag vill gärna veta det före helgen.\n"
    assert split(text, own_signature_lines=OFFICIAL) == (Span("new", 0, len(text)),)


def test_an_empty_text_has_no_spans() -> None:
    assert split("") == ()


LINE = st.one_of(
    st.sampled_from(
        [*REPLY_HEADERS[:8], *HEADER_BLOCKS[:4], *SEPARATORS[:4], *CLOSINGS[:6], *FOOTERS[:4], *ORDINARY[:4]]
    ),
    st.sampled_from(
        [
            "",
            "ord " * 150,
            "x" * 399 + ":",
            NOTES_HEADERS[0],
            "> citat",
            ">> citat",
            "-- ",
            "*" * 64,
            "Hej!",
            "PS. En sak till om mötet.",
            "\u200b",
            "Från:",
            "\r",
        ]
    ),
    st.text(max_size=40),
)


@given(st.lists(LINE, max_size=25).map("\n".join))
def test_spans_are_ordered_gapless_and_whole(text: str) -> None:
    spans = split(text)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert all(before.end == after.start and before.kind != after.kind for before, after in pairwise(spans))
