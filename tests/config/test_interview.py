"""The interview: every answer is checked when it is given, in three languages, or comes as an option."""

import re
import string
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.config.answers import Answers, Wrong, read_diary_number
from mailbot.config.interview import REQUIRED, Interview
from mailbot.config.load import build
from mailbot.config.model import Config
from mailbot.config.syntax import pattern_problem
from mailbot.config.texts import catalogue
from mailbot.config.write import config_toml, people_toml
from mailbot.errors import UserError

LANGUAGES = ("sv", "nb", "en")

OPTIONS = {
    "name": ["Byns kommun"],
    "domain": ["by.example"],
    "registrar": ["Eva Lind <eva@by.example>"],
    "head": ["Karin Ek <karin@by.example>"],
    "operator": ["it@by.example"],
}

ANSWERS = [
    ("name", "Byns kommun"),
    ("profile", "bjurholm"),
    ("domain", "by.example, kommun.example"),
    ("postal-address", ""),
    ("mail-host", "mail.by.example"),
    ("path", "/srv/mail/{address}"),
    ("outside", ""),
    ("service", ""),
    ("unit", "ks"),
    ("unit-name", "Kommunstyrelsen"),
    ("mailbox", ""),
    ("diary-number", ""),
    ("registrar", "Eva Lind <eva@by.example>"),
    ("mail-officer", "Lars Ö. Holm <lars@by.example>"),
    ("unit-more", "mbn"),
    ("unit-name", "Miljönämnden"),
    ("mailbox", "miljo@kommun.example"),
    ("diary-number", "M-2026-0017"),
    ("registrar", ""),
    ("mail-officer", ""),
    ("unit-more", ""),
    ("head", "Karin Ek <karin@by.example>"),
    ("administrator", "Ida Tapper <it@by.example>"),
    ("login", "idatap"),
    ("operator", ""),
    ("person", "Eva Åkesson <eva.akesson@by.example>"),
    ("person", ""),
    ("personal", "ja"),
    ("database", ""),
    ("secrets", ""),
]


class Script:
    """A console that answers what was written down, and remembers what it was told."""

    def __init__(self, answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, question: str, default: str | None) -> str:
        self.asked.append(question)
        return self.answers.pop(0) or default or ""

    def tell(self, text: str) -> None:
        self.told.append(text)


def interview(given=None, answers=None, language="en") -> tuple[Answers, Script]:
    console = Script(answers or [])
    talk = Interview(language, given or {}, None if answers is None else console)
    return talk.run(database="sqlite:///mailbot.db", secrets="secrets"), console


def configuration(answers: Answers, language: str = "en") -> Config:
    tables = [
        tomllib.loads(text) for text in (config_toml(answers, "people.toml", language), people_toml(answers, language))
    ]
    return build(tables[0], tables[1], Path("/etc/mailbot/config.toml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_become_a_configuration_without_problems(language):
    answers, console = interview(answers=[answer for _, answer in ANSWERS], language=language)
    assert console.told == []
    assert console.answers == []
    config = configuration(answers, language)
    assert config.mode == "observe"
    assert [unit.diary_pattern for unit in config.units][1:] == [r"M-\d{4}-\d+"]
    assert [unit.mail_officers for unit in config.units] == [("lars", "eva"), ("eva",)]
    assert config.operator == "it@by.example"
    assert config.service_mailbox.address == "mailbot@by.example"
    assert {m.address: (m.role, m.unit) for m in config.mailboxes}["miljo@kommun.example"] == ("authority", "mbn")
    assert {m.address for m in config.mailboxes if m.role == "personal"} == {p.email for p in config.people}
    assert config.organisation.mail_hosts == ("mail.by.example",)


def test_the_same_person_is_named_once_and_namesakes_get_ids_of_their_own():
    answers, _ = interview(answers=[answer for _, answer in ANSWERS])
    assert [(p.id, p.name) for p in answers.people] == [
        ("eva", "Eva Lind"),
        ("lars", "Lars Ö. Holm"),
        ("karin", "Karin Ek"),
        ("ida", "Ida Tapper"),
        ("eva.akesson", "Eva Åkesson"),
    ]


def test_options_alone_are_enough_and_nothing_is_asked():
    answers, _ = interview(given=OPTIONS)
    config = configuration(answers)
    assert [mailbox.address for mailbox in config.mailboxes] == ["kommunen@by.example", "mailbot@by.example"]
    assert config.units[0].diary_pattern == r"KS[ -]\d{4}/\d+"


@pytest.mark.parametrize("missing", REQUIRED)
def test_all_missing_options_are_named_at_once(missing):
    with pytest.raises(UserError) as caught:
        interview(given={key: value for key, value in OPTIONS.items() if key not in {missing, "name"}})
    assert set(caught.value.problems) == {f"--{missing}", "--name"}


def test_the_administrator_is_the_operator_unless_told_otherwise():
    given = {key: value for key, value in OPTIONS.items() if key != "operator"}
    answers, _ = interview(given={**given, "administrator": ["Ida Tapper <ida@by.example>"]})
    assert answers.operator == "ida@by.example"


def test_options_of_several_units():
    units = {
        "unit": ["ks=Kommunstyrelsen", "mbn=Miljönämnden"],
        "mailbox": ["ks=kommunen@by.example", "mbn=miljo@by.example"],
        "diary-number": ["mbn=-"],
        "mail-officer": ["mbn=Stina Ny <stina@by.example>"],
    }
    answers, _ = interview(given={**OPTIONS, **units})
    assert [(u.mailbox, u.registrar.id, u.mail_officer.id, u.diary_pattern) for u in answers.units] == [
        ("kommunen@by.example", "eva", "eva", r"KS[ -]\d{4}/\d+"),
        ("miljo@by.example", "eva", "stina", ""),
    ]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("name", " ", "--name: An answer is needed"),
        ("name", "By\nBcc: x", "--name: Please write one line"),
        ("profile", "bjurhulm", "--profile: There is no such profile; known: askim, bjurholm"),
        ("domain", "by", "--domain: “by” is no mail domain"),
        ("domain", "räksmörgås.example", "write it as in xn--"),
        ("mail-host", "mail_1", "--mail-host: Write host names"),
        ("path", "/var/mail/all", "--path: The folder needs {address} or {user}"),
        ("path", "/var/mail/{name}/{user}", "--path: The folder needs"),
        ("service", "mailbot@other.example", "--service: mailbot@other.example is not in your domains (by.example)"),
        ("mailbox", "zz=postmottak@by.example", "--mailbox: there is no unit 'zz'"),
        ("operator", "", "--operator: "),
        ("unit", "ks", "--unit: Write a new short id"),
        ("unit", "k s=Kommunstyrelsen", "--unit: Write a new short id"),
        ("diary-number", "KS", "--diary-number: An example has digits in it"),
        ("registrar", "eva@by.example", "--registrar: Write the name and the address in angle brackets"),
        ("registrar", "Eva Lind <eva@other.example>", "--registrar: eva@other.example is not in your domains"),
        ("person", "Bo", "--person: Write the name and the address"),
        ("operator", "it", "--operator: “it” is no mail address"),
        ("personal", "maybe", "--personal: Please answer yes or no"),
    ],
)
def test_an_unusable_option_is_refused_with_what_to_write(option, value, told):
    with pytest.raises(UserError, match=re.escape(told)):
        interview(given={**OPTIONS, option: [value]})


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("name", ""),
        ("profile", "nobody"),
        ("domain", "by"),
        ("path", "/var/mail"),
        ("unit", "k s"),
        ("registrar", "Eva"),
        ("head", "Karin <karin@other.example>"),
        ("personal", "perhaps"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unusable_answer_is_corrected_at_once_and_asked_again(key, wrong, language):
    place = [name for name, _ in ANSWERS].index(key)
    answers = [answer for _, answer in ANSWERS]
    _, console = interview(answers=[*answers[:place], wrong, *answers[place:]], language=language)
    assert len(console.told) == 1
    assert console.asked[place] == console.asked[place + 1]


def test_answers_that_do_not_fit_together_are_found_before_anything_is_written():
    answers, _ = interview(given={**OPTIONS, "service": ["kommunen@by.example"]})
    with pytest.raises(UserError) as caught:
        configuration(answers)
    assert "the address 'kommunen@by.example' stands at" in caught.value.problems[0]


@pytest.mark.parametrize("text", ['By "A" \\ B', "By's", "Byn\\'s", "a # b", "åäö 🏛", "\\d+ [x]"])
def test_any_name_survives_the_files(text):
    answers, _ = interview(given={**OPTIONS, "name": [text]})
    assert configuration(answers).organisation.name == text


@pytest.mark.parametrize(
    ("example", "pattern", "others"),
    [
        ("KS 2026/123", r"KS[ -]\d{4}/\d+", ["KS 2025/1", "KS-2026/4711"]),
        ("M-2026-0017", r"M-\d{4}-\d+", ["M-2027-12345"]),
        ("2026/2017", r"\d{4}/\d+", ["2026/1"]),
        ("Dnr. 17.2026", r"Dnr\.[ -]\d+\.\d{4}", ["Dnr. 5.2027"]),
        ("-", "", []),
    ],
)
def test_a_diary_number_becomes_the_pattern_of_its_like(example, pattern, others):
    assert read_diary_number(example) == pattern
    assert all(re.fullmatch(pattern, other) for other in others)


@given(st.text(max_size=30))
def test_any_example_becomes_a_pattern_that_finds_it_or_is_refused(example):
    try:
        pattern = read_diary_number(example)
    except Wrong:
        return
    assert not pattern or (pattern_problem(pattern) == "" and re.search(pattern, re.sub(r"\s+", " ", example)))


# --- texts ------------------------------------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("package", "folder"), [("mailbot.config", "interview_texts"), ("mailbot.work", "doctor_texts")]
)
@pytest.mark.parametrize("language", ["sv", "nb"])
def test_every_text_stands_in_every_language_with_the_same_placeholders(package, folder, language):
    english, other = catalogue(package, folder, "en"), catalogue(package, folder, language)
    defaults = {"default.diary_number"}  # Norwegian numbers do without the unit
    assert english.keys() == other.keys()
    assert [k for k in english if placeholders(english[k]) != placeholders(other[k]) and k not in defaults] == []


def test_every_text_is_used():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(str(files("mailbot"))).rglob("*.py"))
    keys = {key for key in catalogue("mailbot.config", "interview_texts", "en") if not key.startswith("default.")}
    used = {key for key in keys if f'"{key}"' in source or f'"{key.partition(".")[2]}"' in source}
    assert keys == used
    findings = {key.partition(".")[0] for key in catalogue("mailbot.work", "doctor_texts", "en")}
    assert {key for key in findings if f'"{key}"' not in source} == set()
