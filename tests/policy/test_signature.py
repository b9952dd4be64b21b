"""The official signature against what people really have under their mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.signature import Difference, Line, compare, is_visible, mended, official

STARS = "*" * 64
LINES = [
    STARS,
    "Med vänlig hälsning",
    "Eva Lindmark",
    "Registrator",
    "Kommunledningskontoret",
    "Bjurholms kommun",
    "Storgatan 1, 916 00 Bjurholm",
    "Tel: 0932-555 03, Mobil: 070-555 03 03",
]
VALUES = {
    "name": "Eva Lindmark",
    "organisation": "Bjurholms kommun",
    "title": "Registrator",
    "department": "Kommunledningskontoret",
    "address": "Storgatan 1, 916 00 Bjurholm",
    "phone": "0932-555 03",
    "mobile": "070-555 03 03",
}
OFFICIAL = official(LINES, VALUES)


def test_each_line_is_known_by_what_it_tells() -> None:
    fields = ["delimiter", "closing", "name", "title", "department", "organisation", "address", "phone"]
    assert [line.field for line in OFFICIAL] == fields


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def without(field: str) -> list[str]:
    return [line.text for line in OFFICIAL if line.field != field]


def edited(old: str, new: str) -> str:
    return text(*LINES).replace(old, new)


@pytest.mark.parametrize(
    ("found", "state", "differences"),
    [
        (text(*LINES), "right", ()),
        ("\n" + edited("Med vänlig hälsning\n", "Med  vänlig hälsning \n\n"), "right", ()),
        ("", "missing", ()),
        ("Mvh\nEva\n", "missing", ()),
        ("/Eva\n", "missing", ()),
        ("Med vänlig hälsning\nEva Lindmark\n", "missing", ()),
        ("Med vänlig hälsning\nBo Ek\nSäljare\nBolaget AB\n08-555 00 00\n", "foreign", ()),
        (edited("Eva Lindmark", "Karin Ek"), "foreign", ()),
        (text(*LINES[:2], *LINES[3:5], LINES[2], *LINES[5:]), "wrong_order", ()),
        (text(*LINES[1:], STARS), "wrong_order", ()),
        (
            edited("0932-555 03", "0932-555 99"),
            "outdated",
            (Difference("phone", LINES[7], "Tel: 0932-555 99, Mobil: 070-555 03 03"),),
        ),
        (
            edited("vänlig hälsning", "vänliga hälsningar"),
            "outdated",
            (Difference("closing", LINES[1], "Med vänliga hälsningar"),),
        ),
        (edited("Registrator", "Registratorn"), "outdated", (Difference("title", "Registrator", "Registratorn"),)),
        (edited(STARS, "*" * 30), "outdated", (Difference("delimiter", STARS, "*" * 30),)),
        (text(*without("department")), "outdated", (Difference("department", "Kommunledningskontoret", None),)),
        (text(*LINES, "Livet är en fest"), "outdated", (Difference("line", None, "Livet är en fest"),)),
    ],
)  # fmt: skip
def test_states(found: str, state: str, differences: tuple[Difference, ...]) -> None:
    comparison = compare(found, OFFICIAL)
    assert (comparison.state, comparison.differences) == (state, differences)


def test_where_little_is_known_more_lines_are_allowed() -> None:
    known = official([STARS, "Med vänlig hälsning", "Eva Lindmark", "Bjurholms kommun"], VALUES)
    assert compare(text(*LINES), known, complete=False).state == "right"
    assert compare(text(*LINES), known).state == "outdated"
    found = text("Mvh", "Eva Lindmark", "Registrator", "Bjurholms kommun", "Tel: 0932-555 03")
    assert mended(found, known, complete=False) == text(*LINES[:4], "Bjurholms kommun", "Tel: 0932-555 03")


def test_the_mended_ending_is_right() -> None:
    assert compare(mended("Mvh Eva", OFFICIAL), OFFICIAL).state == "right"


@pytest.mark.parametrize(
    ("texts", "visible"),
    [(("Hej", "Bjurholms  Kommun"), True), (("Vi på Bjurholms\nkommun svarar", ""), True), (("Hej", "Mvh"), False)],
)
def test_the_organisation_is_visible(texts: tuple[str, ...], visible: bool) -> None:
    assert is_visible("Bjurholms kommun", *texts) is visible


@given(st.text(max_size=300), st.lists(st.sampled_from(LINES), max_size=12))
def test_any_ending_is_compared(words: str, lines: list[str]) -> None:
    found = "\n".join([*lines, words])
    for complete in (True, False):
        comparison = compare(found, OFFICIAL, complete=complete)
        assert comparison.state != "right" or set(LINES) <= {" ".join(line.split()) for line in found.split("\n")}
        assert isinstance(mended(found, OFFICIAL, complete=complete), str)


def test_a_line_without_a_known_value_is_still_official() -> None:
    assert official(["Öppet vardagar 9-15"], VALUES) == (Line("line", "Öppet vardagar 9-15"),)
