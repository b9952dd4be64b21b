"""No text can make the reader slow: time grows with size, whatever the text was built against."""

import gc
import re
import time
from collections.abc import Callable

import pytest

from mailbot.mail import parts_footers, parts_notes, parts_patterns
from mailbot.mail.html import to_text
from mailbot.mail.parts import split

# Each is repeated to the wanted size.
UNITS = {
    "reply leads": "Den tis 3 mars 2026 kl 10:12 ",
    "reply lines": "Den tis 3 mars 2026 kl 10:12 skrev\n",
    "colons": "Den 3 mars skrev:\n",
    "fields": "Cc:\n",
    "froms": "Från: a\n\n",
    "field words": "Från: Skickat: Till: ",
    "unfinished block": "Från: Anna\nTill: Per\n",
    "rules": "_____\n",
    "long rule": "_",
    "dashes": "-",
    "quotes": "> a\nb\n",
    "wide quotes": "> " + "x" * 70 + "\nord\n",
    "deep quotes": ">",
    "blank": "\n",
    "spaces": " ",
    "short lines": "a\n",
    "closings": "Mvh\n",
    "closings and prose": "Mvh\nJag vill att ni svarar på frågan nu.\n",
    "slashes": "/A\n",
    "asterisks": "*" * 64 + "\n",
    "delimiters": "--\n",
    "footers": "Skickat från min iPhone\n",
    "disclaimers": "Detta meddelande är endast\n\n",
    "addresses": "a@b.example ",
    "angle": "<",
    "at": "@",
    "digits": "070-1 ",
    "names": "Anna Berg\n070-123 45 67\n\n",
    "one line closings": "Ja. Mvh Anna. ",
    "moments": "Ellen Ray 03/03/2026 10:12 AM\n",
    "recipients": "To: Pat\n",
    "copies": "Ellen Ray 03/03/2026 10:12\nTo: Pat\ncc:\n",
    "list rules": "________\n",
    "remains": "begin 644 winmail.dat\n",
    "pgp": "-----BEGIN PGP SIGNATURE-----\n",
    "next parts": "--------- next part ---------\n",
}
#: the others are anchored: only tried where a line begins
SEARCHED = (
    "ABBREVIATED_END", "ADDRESS", "CONTACT", "DATE", "PRONOUN_BEFORE", "TIME", "WROTE", "_ADVERTISED", "_LIST_WORDS",
    "_MOMENT_TAIL",
)  # fmt: skip
PATTERNS = {
    name: value
    for module in (parts_patterns, parts_notes, parts_footers)
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}


def seconds(work: Callable[[str], object], text: str) -> float:
    """The best of three, in processor time and without the collector walking the whole test run's objects."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(3):
            started = time.process_time()
            work(text)
            best = min(best, time.process_time() - started)
    finally:
        gc.enable()
    return best


def repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_four_times_the_text_takes_about_four_times_as_long(unit: str) -> None:
    small, large = (seconds(split, repeated(unit, size)) for size in (40_000, 160_000))
    assert large < 0.002 or large / small < 9  # 16 would be quadratic


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_each_pattern_is_quick_on_the_longest_line(name: str, unit: str) -> None:
    line = repeated(unit.replace("\n", " "), parts_patterns.LINE_LIMIT).lower() + ":"
    pattern = PATTERNS[name]
    assert seconds(pattern.search if name in SEARCHED else pattern.match, line) < 0.005
    assert seconds(pattern.fullmatch, line) < 0.005


HTML_UNITS = {
    "nested blocks": "<div>",
    "nested formatting": "<b><i>",
    "open formatting and paragraphs": '<b id="7"><p>x',
    "nested tables": "<table><tr><td>",
    "list items": "<li>x",
    "paragraph ends": "</p>",
    "comments": "<!-- x ",
    "angle": "<",
    "quotations": '<blockquote type="cite">x',
    "breaks": "<br>",
    "entities": "&amp;&nbsp;",
    "scripts": "<script>x",
    "items of two kinds": "<dt a=b></form><li>x",
    "columns in a drawing": "<svg><col>",
    "options in a drawing": "<math><select><option>x</button><col>",
}


@pytest.mark.parametrize("unit", HTML_UNITS.values(), ids=HTML_UNITS.keys())
def test_html_grows_linearly(unit: str) -> None:
    small, large = (seconds(to_text, repeated(unit, size)) for size in (50_000, 200_000))
    assert large < 0.02 or large / small < 9


@pytest.mark.parametrize("names", ["a{}=b ", "a{} ", "a{}/"])
def test_a_tag_with_very_many_attributes(names: str) -> None:
    html = "<p " + "".join(names.format(number) for number in range(60_000)) + ">Hej</p>"
    assert seconds(to_text, html) < 0.5
    assert to_text(html) == "Hej\n"
