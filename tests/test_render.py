"""Templates: shipped ones all work, own ones come first, and no value can become anything but words."""

import re
import tomllib
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailbot.cli.main import LazyGroup, cli
from mailbot.errors import UserError
from mailbot.policy.model import Kind
from mailbot.render import ReplyTo, Templates
from mailbot.render.samples import SAMPLES
from mailbot.render.templates import LANGUAGES, _html_of, shipped_folder

TEMPLATES = Templates(None, "sv")
ORGANISATION = {
    "name": "Bjurholms kommun",
    "postal_address": "Storgatan 1, 916 00 Bjurholm",
    "phone": "0932-140 00",
    "website": "",
    "signature_lines": (),
}
HOLDING = {**SAMPLES["holding_reply"], "organisation": ORGANISATION, "unit": "Kommunstyrelsen"}


def text_of(html: str) -> str:
    return LexborHTMLParser(html).body.text(separator="")


def test_every_shipped_mail_renders_in_every_language():
    assert TEMPLATES.problems() == []
    assert set(TEMPLATES.names()) == set(SAMPLES)
    for language in LANGUAGES:
        shipped = {path.name for path in (shipped_folder() / language).iterdir()}
        assert shipped == {path.name for path in (shipped_folder() / "sv").iterdir()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_word_and_all_languages_know_the_same_words(language):
    words = tomllib.loads((shipped_folder() / language / "words.toml").read_text(encoding="utf-8"))
    swedish = tomllib.loads((shipped_folder() / "sv" / "words.toml").read_text(encoding="utf-8"))
    assert set(words["kinds"]) == set(Kind)
    assert {table: set(entries) for table, entries in words.items()} == {
        table: set(entries) for table, entries in swedish.items()
    }


@pytest.mark.parametrize(
    "language, received, soon, closing",
    [
        ("sv", "mottagits", "svar eller besked lämnas snarast möjligt", "Med vänlig hälsning"),
        ("nb", "mottatt", "så snart som mulig", "Med vennlig hilsen"),
        ("en", "received", "as soon as possible", "Yours sincerely"),
    ],
)
def test_a_holding_reply_says_received_and_as_soon_as_possible(language, received, soon, closing):
    # Bjurholm p. 4: "att e-postmeddelandet mottagits och att svar eller besked lämnas snarast möjligt"
    mail = TEMPLATES.render("holding_reply", language, **HOLDING)
    text = " ".join(mail.text.split())
    assert received in text
    assert soon.lower() in text.lower()
    signature = mail.text[mail.text.index("*") :].splitlines()
    assert signature[:5] == [
        "*" * 64, closing, "Kommunstyrelsen", "Bjurholms kommun", "Storgatan 1, 916 00 Bjurholm",
    ]  # fmt: skip
    assert "*" * 64 in mail.html
    assert mail.language == language


def test_text_and_html_say_the_same():
    for name, sample in SAMPLES.items():
        mail = TEMPLATES.render(name, "sv", **sample)
        text = re.sub(r"^(- |-{3,}$)", "", mail.text, flags=re.MULTILINE)
        assert "".join(text.split()) == "".join(text_of(mail.html).split()), name


def test_no_line_breaks_within_a_date_or_a_reference_and_the_text_part_stays_plain():
    mail = TEMPLATES.render("digest_staff", "sv", **SAMPLES["digest_staff"])
    whole = re.findall(r'<span style="white-space: nowrap">([^<]*)</span>', mail.html)
    assert {re.sub("[0-9]", "0", one) for one in whole if "20" in one[:2]} == {"0000-00-00"}
    assert re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", " ".join(whole))
    outside = re.sub(r"<span[^>]*>[^<]*</span>", "", mail.fragment)
    assert not re.search(r"\b(\d{4}-\d{2}-\d{2}|[A-Z2-9]{4}-[A-Z2-9]{4})\b", outside)
    assert "nowrap" not in mail.text and "\u2011" not in mail.text


@pytest.mark.parametrize(
    "name",
    [
        "2026-05-12-2026-05-12", "a2026-05-12", "x@2026-05-12.example", "<2026-05-12>", "AAAA-BBBB-CCCC",
        '"2026-05-12" <b> B7KQ-2M9X',
    ],
)  # fmt: skip
def test_values_with_dates_stay_the_words_they_are(name):
    mail = TEMPLATES.render("holding_reply", "sv", **{**HOLDING, "organisation": {**ORGANISATION, "name": name}})
    assert name in text_of(mail.html)


def test_an_address_of_a_link_is_left_alone():
    assert _html_of("[2026-05-12](https://a.example/2026-05-12/B7KQ-2M9X)") == (
        '<p><a href="https://a.example/2026-05-12/B7KQ-2M9X">'
        '<span style="white-space: nowrap">2026-05-12</span></a></p>\n'
    )


def test_plain_text_is_wrapped_and_free_of_markup():
    for name, sample in SAMPLES.items():
        text = TEMPLATES.render(name, "sv", **sample).text
        assert "`" not in text
        assert "**" not in text.replace("*" * 64, "")
        assert max(map(len, text.splitlines())) <= 78, name


@pytest.mark.parametrize(
    "wanted, given", [("sv", "sv"), ("nn", "nb"), ("da", "nb"), ("fi", "sv"), (None, "sv"), ("EN", "en"), ("", "sv")]
)
def test_other_languages_fall_back(wanted, given):
    assert TEMPLATES.language_for(wanted) == given


def test_dates_and_reasons_in_words():
    words = TEMPLATES.words("nb")
    assert words.moment(datetime(2026, 5, 17, 9, 5, tzinfo=UTC)) == "søndag 17. mai 2026 kl. 09.05"
    assert words.reasons(["diary.must.appeal", "diary.must.appeal.weak", "diary.must.new_rule", "x.y"]) == [
        "ser ut som en klage på vedtak",
        "hører til det som skal journalføres",
        "x.y",
    ]
    assert words.word("quite new", "kinds") == "quite new"


# --- hostile values ---------------------------------------------------------------------------------------------

FORWARD = SAMPLES["forward_to_registrar"]
NASTY = [
    "<script>alert(1)</script>",
    "[klicka](https://evil.example)",
    "<https://evil.example>",
    "![x](https://evil.example/x.png)",
    "# rubrik",
    "x\n\n# rubrik\n\n- punkt",
    "a\r\nBcc: alla@by.example",
    "**fet** _kursiv_ `kod` ~~struken~~",
    "1. punkt",
    "&lt;b&gt; &amp; &#x3c;",
    "x\\",
    "| a | b |",
    "{{ ref }} {% raw %}",
    "\u202eoslev\u2066\u2028ny rad\x00\x1b[2J",
    "\ud800",
    "--- ===",
]


@pytest.mark.parametrize("value", NASTY)
def test_hostile_values_stay_words(value):
    harmless = TEMPLATES.render("forward_to_registrar", "sv", **{**FORWARD, "title": "TITEL", "sender_name": "NAMN"})
    hostile = TEMPLATES.render("forward_to_registrar", "sv", **{**FORWARD, "title": value, "sender_name": value})
    assert re.findall(r"</?[a-z0-9]+", hostile.html) == re.findall(r"</?[a-z0-9]+", harmless.html)
    shown = re.sub(r"[\x00-\x1f\u2028\u202e\u2066\ud800]+", " ", value).strip()
    assert shown in text_of(hostile.html)
    assert shown in hostile.text
    assert "\n" not in hostile.subject
    assert "\r" not in hostile.subject


def test_endless_values_are_shortened():
    mail = TEMPLATES.render("forward_to_registrar", "sv", **{**FORWARD, "title": "*_" * 1_000_000})
    assert len(mail.text) < 3_000
    assert mail.subject.endswith("…")


VALUES = st.text(st.sampled_from("ab1 .-_*#[](){}<>!`\\&;:|~=+\"'\n\r\t\u2028\u202e%$@/åé\U0001f600"), max_size=30)


@settings(deadline=None)
@given(VALUES)
def test_no_value_changes_the_structure_of_the_html(value):
    def tags(title: str) -> list[str]:
        html = TEMPLATES.render("forward_to_registrar", "sv", **{**FORWARD, "title": title, "sender_name": title}).html
        return re.findall(r"</?[a-z0-9]+", html[html.index("<body>") :])

    assert tags(f"x{value}") == tags("x")


# --- own templates ------------------------------------------------------------------------------------------------


def own(folder: Path, name: str, text: str) -> Templates:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Templates(folder, "sv")


def test_own_templates_come_first_and_shipped_parts_remain(tmp_path):
    templates = own(
        tmp_path,
        "sv/holding_reply.md",
        'Subject: Tack\n\nTack för ditt brev!\n\n{% include language ~ "/_signature.md" %}\n',
    )
    assert templates.problems() == []
    mail = templates.render("holding_reply", "sv", **HOLDING)
    assert mail.subject == "Tack"
    assert "Tack för ditt brev!" in mail.text
    assert "Med vänlig hälsning" in mail.text
    assert templates.render("holding_reply", "nb", **HOLDING).subject == "Vi har mottatt meldingen din"


def test_own_words_are_laid_over_the_shipped_ones(tmp_path):
    templates = own(tmp_path, "sv/words.toml", '[kinds]\nappeal = "besvär"\n')
    assert templates.words("sv").word("appeal", "kinds") == "besvär"
    assert templates.words("sv").word("invoice", "kinds") == "faktura"


@pytest.mark.parametrize(
    "name, text, problem",
    [
        ("sv/holding_reply.md", "Subject: x\n\n{{ felstavat }}\n", "'felstavat' is undefined"),
        ("sv/holding_reply.md", "Subject: x\n\n{% if %}\n", "sv/holding_reply.md line 3"),
        ("sv/holding_reply.md", "Hej!\n", "first line must begin with 'Subject:'"),
        ("sv/holding_reply.md", "Subject: x\n\n{{ ref.__class__.__mro__ }}\n", "SecurityError"),
        ("sv/holdning_reply.md", "Subject: x\n\nHej\n", "no mail has this name"),
        ("nb/words.toml", "[kinds\n", "is not valid TOML"),
    ],
)
def test_mistakes_in_own_templates_are_found(tmp_path, name, text, problem):
    assert any(problem in found for found in own(tmp_path, name, text).problems())


def test_errors_never_quote_the_values_of_a_mail(tmp_path):
    templates = own(tmp_path, "sv/holding_reply.md", "Subject: x\n\n{{ ref + 1 }}{{ unit|int + ref }}\n")
    with pytest.raises(UserError) as caught:
        templates.render("holding_reply", "sv", **{**HOLDING, "ref": "HEMLIG", "unit": "HEMLIG"})
    assert "HEMLIG" not in str(caught.value)


def test_a_missing_own_folder_is_told(tmp_path):
    with pytest.raises(UserError, match=r"paths\.templates"):
        Templates(tmp_path / "none", "sv")


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_in_the_texts_exist_and_have_what_they_need(language):
    found = set()
    for path in (shipped_folder() / language).glob("*.md"):
        found |= set(re.findall(r"`mailbot (\w+)(?: ([\w-]+))?([^`]*)`", path.read_text(encoding="utf-8")))
    assert len(found) >= 6
    for family, verb, after in found:
        rest = after
        command = LazyGroup().get_command(click.Context(cli), family)
        if isinstance(command, click.Group):
            command = command.commands[verb]
        elif verb.isupper() and verb:
            rest = f"{verb} {rest}"
        needed = [option.opts[0] for option in command.params if isinstance(option, click.Option) and option.required]
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        arguments = [one for one in arguments if one.required or verb.isupper()]
        assert all(option in rest for option in needed), (family, verb)
        positional = re.sub(r"--[a-z-]+ [A-ZÅÄÖØ-]{4,}", "", rest)
        assert len(re.findall(r"(?<!\")\b[A-ZÅÄÖØ-]{4,}\b(?!\")", positional)) == len(arguments), (family, verb)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_others_are_told_who_answers(language):
    """Helena need not read in every line of her own morning mail that it is Helena who answers."""
    to_answerer = TEMPLATES.render("digest_staff", language, **SAMPLES["digest_staff"]).text
    to_officer = TEMPLATES.render("digest_officer", language, **SAMPLES["digest_officer"]).text
    assert to_answerer.count("Anna Ek") == 1, "the greeting"
    assert "Anna Ek" in to_officer


REPLY = ReplyTo("mailbot@by.example", "K7QM-2B9X-PF3T")


def test_a_reference_begins_an_answer_that_carries_the_code():
    html = TEMPLATES.render("digest_registrar", "sv", **SAMPLES["digest_registrar"], reply=REPLY).html
    link = unescape(re.findall(r'href="([^"]*)"', html)[0])
    assert urlsplit(link)._replace(query="").geturl() == "mailto:mailbot@by.example"
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert fields["body"] == ["7MZA-K2PW \r\n\r\nmailbot:K7QM-2B9X-PF3T"]
    without = TEMPLATES.render("digest_registrar", "sv", **SAMPLES["digest_registrar"])
    assert "href" not in without.html
    assert without.text == TEMPLATES.render("digest_registrar", "sv", **SAMPLES["digest_registrar"], reply=REPLY).text


def test_no_value_becomes_a_bar_or_a_link(tmp_path):
    templates = own(tmp_path, "sv/holding_reply.md", "Subject: x\n\n{{ unit }} {{ unit|answer }}{{ bar(3, 4) }}\n")
    hostile = "\ue00050\ue001 ](https://evil.example) **"
    html = templates.render("holding_reply", "sv", **{**HOLDING, "unit": hostile}, reply=REPLY).fragment
    assert html.count("<table") == 1 and 'width="75%"' in html
    assert [link[:7] for link in re.findall(r'href="([^"]*)', html)] == ["mailto:"]


@pytest.mark.parametrize(("value", "most", "cells"), [(0, 0, [100]), (0, 5, [100]), (5, 5, [100]), (1, 3, [33, 67])])
def test_bars(tmp_path, value, most, cells):
    templates = own(tmp_path, "sv/holding_reply.md", f"Subject: x\n\na{{{{ bar({value}, {most}) }}}}\n")
    mail = templates.render("holding_reply", "sv", **HOLDING)
    assert list(map(int, re.findall(r'<td class="\w+" width="(\d+)%', mail.html))) == cells
    assert mail.text == "a\n"
    assert 'role="presentation" aria-hidden="true"' in mail.html, "the number beside it is its text"


def _contrast(one: str, other: str) -> float:
    """WCAG 2.1, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "paper", "least"),
    [
        ("#1b1f24", "#ffffff", 4.5), ("#0b5cad", "#ffffff", 4.5), ("#5b6470", "#ffffff", 4.5),
        ("#1b1f24", "#eef1f4", 4.5), ("#e6e9ec", "#14171a", 4.5), ("#6cb1f5", "#14171a", 4.5),
        ("#9aa4af", "#14171a", 4.5), ("#e6e9ec", "#262c32", 4.5), ("#0b5cad", "#e3e7ec", 3), ("#6cb1f5", "#2b3138", 3),
    ],
)  # fmt: skip
def test_colours_are_readable_and_in_use(ink, paper, least):
    page = TEMPLATES.render("digest_head", "sv", **SAMPLES["digest_head"]).with_footer("x").html
    assert ink in page and paper in page
    assert _contrast(ink, paper) >= least


@pytest.mark.parametrize("language", LANGUAGES)
def test_screen_readers_hear_the_language_and_headings(language):
    page = TEMPLATES.render("digest_head", language, **SAMPLES["digest_head"]).html
    assert page.count(f'lang="{language}"') == 2, "web mail drops the one of the page"
    assert page.count("<h2>") >= 4
    assert all('role="presentation"' in table for table in re.findall(r"<table[^>]*>", page))
