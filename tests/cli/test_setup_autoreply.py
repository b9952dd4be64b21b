"""`mailbot setup-autoreply` as staff use it: in a real terminal with mistakes, in a pipe, unattended."""

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.command import mailbot
from tests.support.town import Town

JUNE = "2026-06-01T08:00"
PLAN = (
    *("--from", "2026-07-20", "--back", "2026-08-10", "--option", "B"),
    *("--cover", "2026-W30=lars", "--cover", "2026-W31=eva", "--cover", "2026-W32=lars"),
)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.chdir(tmp_path)
    return Town(tmp_path / "town")


def planned(town: Town) -> list[dict[str, object]]:
    return mailbot("absence", "list", "--all", "--json", "--config", town.config_path).rows


def unattended(town: Town, *more: object, who: str = "anna") -> "mailbot":  # type: ignore[valid-type]
    options = ("--for", who, "--yes", "--at", JUNE, "--config", town.config_path)
    return mailbot("setup-autoreply", *options, *more)


# --- unattended -------------------------------------------------------------------------------------------------------


def test_every_question_is_an_option(town: Town) -> None:
    told = unattended(town, *PLAN, "--json")
    assert told.status == 0, told.err
    (row,) = told.rows
    assert {name: row[name] for name in ("person", "from", "back", "option", "covers", "state", "gaps")} == {
        "person": "anna",
        "from": "2026-07-20",
        "back": "2026-08-10",
        "option": "B",
        "covers": {"2026-W30": "lars", "2026-W31": "eva", "2026-W32": "lars"},
        "state": "planned",
        "gaps": [],
    }
    assert [one["ref"] for one in planned(town)] == [row["ref"]]


def test_dates_as_people_write_them_and_one_cover_for_all(town: Town) -> None:
    told = unattended(town, "--from", "20/7", "--back", "v. 33", "--option", "b", "--cover", "Lars Lind", "--json")
    assert told.rows[0]["covers"] == dict.fromkeys(("2026-W30", "2026-W31", "2026-W32"), "lars")


def test_the_covers_the_switchboard_and_the_person_are_told_once(town: Town) -> None:
    unattended(town, *PLAN)
    town.run("2026-06-01T09:00")
    town.run("2026-06-01T10:00")
    assert len(town.inbox("eva@by.example")) == len(town.inbox("anna@by.example")) == 1
    (confirmation,) = town.inbox("anna@by.example")
    assert b"text/calendar" in confirmation
    (outside,) = town.outside()
    assert b"To: <vaxel@by.example>" in outside


def test_in_observe_mode_the_plan_is_stored_and_nobody_hears(town: Town) -> None:
    observing = Town(town.root.parent / "observing", mode="observe")
    told = unattended(observing, *PLAN, "--lang", "sv")
    assert told.status == 0 and "observerar" in told.out and len(planned(observing)) == 1
    assert mailbot("outbox", "list", "--json", "--config", observing.config_path).out == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            ("--from", "2026-07-20", "--back", "2026-08-10", "--option", "B", "--cover", "2026-W30=lars"),
            "v. 31 har ingen",
        ),
        ((*PLAN, "--cover", "2026-W31=anna"), "för sig själv"),
        (("--from", "2026-07-20", "--back", "2026-07-19", "--option", "B", "--cover", "lars"), "inte efter"),
        (("--from", "2026-05-20", "--back", "2026-06-19", "--option", "B", "--cover", "2026-W25=lars"), "redan varit"),
        (("--from", "2026-07-20", "--back", "v31", "--option", "A", "--cover", "lars"), "En kollega måste anges"),
        (("--from", "20/7", "--back", "v31", "--option", "A", "--colleague", "eva", "--cover", "lars"), "fullmakt"),
        (("--from", "20/7", "--back", "v31", "--option", "D", "--cover", "lars"), "själv lova"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(town: Town, more: tuple[str, ...], said: str) -> None:
    told = unattended(town, *more, "--lang", "sv")
    assert told.status == 1 and said in told.err and "ändra med: --" in told.err
    assert planned(town) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--from", "20/7"), "--back, --option"),
        ((*PLAN, "--from", "hösten"), "cannot read 'hösten'"),
        ((*PLAN, "--option", "E"), "write A, B, C or D"),
        ((*PLAN, "--cover", "2026-W31=nobody"), "nobody in the directory"),
        ((*PLAN, "--cover", "2026-W99=lars"), "is no week"),
        ((*PLAN, "--reason", "x"), "leave, trip"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(town: Town, more: tuple[str, ...], said: str) -> None:
    told = unattended(town, *more)
    assert told.status == 2 and said in told.err and planned(town) == []


def test_extend_and_replace(town: Town) -> None:
    unattended(town, *PLAN)
    later = ("--from", "2026-08-10", "--back", "2026-08-17", "--option", "B")
    overlapping = ("--from", "2026-08-03", "--back", "2026-08-17", "--option", "B", "--cover", "2026-W33=eva")
    assert unattended(town, *overlapping, "--cover", "2026-W32=eva").status == 1
    told = unattended(town, *overlapping, "--extend", "--json")
    assert told.status == 0, told.err
    (row,) = planned(town)
    assert (row["from"], row["back"], row["text_version"]) == ("2026-07-20", "2026-08-17", 2)
    assert row["covers"] == {"2026-W30": "lars", "2026-W31": "eva", "2026-W32": "lars", "2026-W33": "eva"}
    told = unattended(town, "--change", row["ref"], "--cover", "2026-W30=karin", "--json")
    assert told.rows[0]["covers"]["2026-W30"] == "karin" and told.rows[0]["ref"] == row["ref"]
    told = unattended(town, *later, "--from", "2026-08-12", "--cover", "karin", "--replace", "--json")
    assert [(one["ref"], one["from"]) for one in planned(town)] == [(row["ref"], "2026-08-12")]


def test_for_somebody_else_only_by_the_manager_or_an_administrator(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    people = town.root / "people.toml"
    people.write_text(people.read_text("utf-8").replace('login = "anna"', 'login = "anna"\nmanager = "karin"'), "utf-8")
    for login, status in (("lars", 2), ("karin", 0)):
        monkeypatch.setattr("mailbot.cli.acting.login_name", lambda login=login: login)
        monkeypatch.setattr("mailbot.cli.acting._account", lambda: "mailbot")
        monkeypatch.setattr("mailbot.cli.acting.require_trusted", lambda _: None)
        told = unattended(town, *PLAN, "--json")
        assert told.status == status, told.err
    assert told.rows[0]["created_by"] == "person:karin"


def test_somebody_without_a_mailbox_is_told_so_before_any_question(town: Town) -> None:
    people = town.root / "people.toml"
    people.write_text(
        people.read_text("utf-8") + '\n[[people]]\nid = "vik"\nname = "Vik Arie"\nemail = "vik@by.example"\n', "utf-8"
    )
    done = piped(town, "", who="vik")
    assert done.returncode == 1 and "ingen personlig brevlåda" in done.stdout and "borta?" not in done.stdout


# --- in a terminal ----------------------------------------------------------------------------------------------------


class Terminal:
    """The wizard in a pseudo-terminal of its own."""

    def __init__(self, town: Town, *arguments: str, term: str = "xterm", lang: str = "sv") -> None:
        command = ["-m", "mailbot", "setup-autoreply", "--for", "anna", "--at", JUNE, "--lang", lang]
        environment = {**os.environ, "TERM": term, "LANG": "C.UTF-8", "MAILBOT_CONFIG": str(town.config_path)}
        environment.pop("SUDO_USER", None)
        environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # nobody answers here, and each question waits for it
        self.child = pexpect.spawn(
            sys.executable,
            [*command, *arguments],
            env=environment,
            encoding="utf-8",
            timeout=30,
            dimensions=(40, 200),
            cwd=str(town.root),
        )

    def answer(self, expected: str, text: str) -> None:
        self.child.expect(expected)
        self.child.send(f"{text}\r")

    def end(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else 128 + self.child.signalstatus)


#: what is asked, and what is answered, with mistakes
QUESTIONS = [
    ("är du borta", "i somras"),
    ("Det gick inte att läsa.*är du borta", "2026-05-01"),
    ("Stämmer det", "ja"),
    ("redan varit.*är du borta", "20/7"),
    ("ndag 20 juli 2026.*Stämmer det", "kanske"),
    ("Svara ja eller nej.*Stämmer det", "j"),
    ("åter i tjänst", "8/8"),
    ("ingen arbetsdag.*10 augusti.*Stämmer det", ""),
    ("Varför", "9"),
    ("Välj.*Varför", "1"),
    ("Hur sköts", "E"),
    ("Välj.*Hur sköts", "c"),
    ("Till vilken kollega", "Nils"),
    ("Ingen i katalogen.*Till vilken kollega", "anna"),
    ("för sig själv.*Till vilken kollega", "karin"),
    ("Samma kontaktperson alla 3 veckor", "n"),
    ("v. 30", "Lind"),
    ("v. 31", "anna"),
    ("för sig själv.*v. 31", "Eva Holm"),
    ("v. 32", "lars"),
    ("Spara och installera", "j"),
]


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_the_wizard_with_mistakes(town: Town, term: str) -> None:
    terminal = Terminal(town, term=term)
    for expected, answer in QUESTIONS:
        terminal.answer(f"(?s){expected}", answer)
    assert terminal.end() == 0
    (row,) = planned(town)
    assert (row["from"], row["back"], row["option"], row["colleague"]) == ("2026-07-20", "2026-08-10", "C", "karin")
    assert row["covers"] == {"2026-W30": "lars", "2026-W31": "eva", "2026-W32": "lars"}


@pytest.mark.parametrize(
    ("term", "number"), [*(("xterm", one) for one in (0, 2, 6, 7, 8, 10, 12, 15, 16, 20)), ("dumb", 0), ("dumb", 20)]
)
def test_ctrl_c_at_any_question_leaves_nothing(town: Town, number: int, term: str) -> None:
    terminal = Terminal(town, term=term)
    for expected, answer in QUESTIONS[:number]:
        terminal.answer(f"(?s){expected}", answer)
    terminal.child.expect(f"(?s){QUESTIONS[number][0]}")
    terminal.child.sendintr()
    terminal.child.expect("Avbrutet; inget har ändrats")
    assert terminal.end() == 130
    assert planned(town) == []
    assert mailbot("outbox", "list", "--json", "--config", town.config_path).out == ""


def test_names_are_completed(town: Town) -> None:
    terminal = Terminal(town, "--from", "20/7", "--back", "v. 31", "--option", "B", "--reason", "leave")
    terminal.child.expect("v. 30")
    terminal.child.send("Hol\t")
    terminal.child.expect("Eva Holm")
    terminal.child.send("\r")
    terminal.answer("Spara och installera", "j")
    assert terminal.end() == 0
    assert planned(town)[0]["covers"] == {"2026-W30": "eva"}


@pytest.mark.parametrize(
    ("lang", "questions"),
    [
        ("nb", [("er du borte", "20/7"), ("Stemmer det", "j"), ("tilbake på jobb", "uke 31"), ("Stemmer det", "")]),
        ("en", [("are you away", "20 July"), ("Is that right", "y"), ("back at work", "week 31"), ("right", "yes")]),
    ],
)
def test_the_other_languages(town: Town, lang: str, questions: list[tuple[str, str]]) -> None:
    terminal = Terminal(town, "--reason", "course", "--option", "B", lang=lang)
    for expected, answer in questions:
        terminal.answer(expected, answer)
    terminal.answer({"nb": "uke 30", "en": "week 30"}[lang], "eva")
    terminal.answer({"nb": "Lagre og installere", "en": "Save and install"}[lang], "")
    assert terminal.end() == 0 and planned(town)[0]["back"] == "2026-07-27"


# --- in a pipe --------------------------------------------------------------------------------------------------------


def piped(town: Town, lines: str, who: str = "anna") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mailbot", "setup-autoreply", "--for", who, "--at", JUNE, "--lang", "sv"]
    environment = {**os.environ, "MAILBOT_CONFIG": str(town.config_path)}
    environment.pop("SUDO_USER", None)
    return subprocess.run(
        command, check=False, input=lines, env=environment, capture_output=True, text=True, cwd=town.root, timeout=60
    )


def test_in_a_pipe(town: Town) -> None:
    done = piped(town, "20/7\nj\nv. 31\nj\n1\nB\nlars\nj\n")
    assert done.returncode == 0, done.stderr
    assert planned(town)[0]["covers"] == {"2026-W30": "lars"}


@pytest.mark.parametrize(
    "lines", ["", "20/7\n", "20/7\nj\nv. 31\nj\n1\nB\nlars\n", "20/7\nj\nv. 31\nj\n1\nB\nlars\nn\n"]
)
def test_a_pipe_that_ends_early_leaves_nothing(town: Town, lines: str) -> None:
    done = piped(town, lines)
    assert done.returncode == 130 and "inget har ändrats" in done.stderr and planned(town) == []
