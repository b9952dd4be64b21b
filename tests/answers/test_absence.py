"""Absences by mail: covers say whether they can, and a form plans an absence for people without a shell."""

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from mailbot.store.people_records import StoredAbsence
from mailbot.work.answers.absence_form import read_form
from mailbot.work.answers.covers import cover_words
from tests.answers.test_registrar import reply
from tests.support.command import mailbot
from tests.support.town import Town, at

ANNA, EVA, KARIN = "anna@by.example", "eva@by.example", "karin@by.example"
COVER_EVA = ("--cover", "2026-W30=eva", "--cover", "2026-W31=karin", "--cover", "2026-W32=eva")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.chdir(tmp_path)
    town = Town(tmp_path / "town")
    people = (town.root / "people.toml").read_text("utf-8")
    people = people.replace('login = "anna"', 'login = "anna"\nmanager = "karin"\nphone = "0900-1"')
    (town.root / "people.toml").write_text(people, "utf-8")
    town.run("2026-06-01T07:00")
    return town


def plan(town: Town, *covers: str) -> None:
    days = ("--from", "2026-07-20", "--back", "2026-08-10", "--option", "B")
    told = mailbot(
        *("setup-autoreply", "--for", "anna", *days, *(covers or COVER_EVA)),
        *("--yes", "--at", "2026-06-01T08:00", "--config", town.config_path),
    )
    assert told.status == 0, told.err
    town.run("2026-06-01T08:10")


def letters(town: Town, address: str, subject: str) -> list[EmailMessage]:
    found = [email.message_from_bytes(raw, policy=default) for raw in town.inbox(address)]
    return [one for one in found if subject in str(one["Subject"])]  # type: ignore[misc]


def stored(town: Town) -> StoredAbsence:
    with town.open() as context:
        return context.store.absences.list()[-1]


def states(town: Town) -> dict[str, str]:
    return {cover.week: cover.state for cover in stored(town).covers}


def text_of(letter: EmailMessage) -> str:
    return str(letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]


# --- covers ---------------------------------------------------------------------------------------------------------


def test_a_cover_accepts_all_their_weeks(town: Town) -> None:
    plan(town)
    (asked,) = letters(town, EVA, "täcka upp")
    assert "v. 30: måndag 20 juli 2026 till fredag 24 juli 2026" in text_of(asked)
    reply(town, asked, "Hej!\n\nJa, det går bra.\n\n/Eva", "2026-06-01T09:00")
    town.run("2026-06-01T09:05")
    assert states(town) == {"2026-W30": "accepted", "2026-W31": "asked", "2026-W32": "accepted"}
    assert letters(town, ANNA, "ersättare") == []


def test_a_no_goes_to_the_person_and_the_manager_once(town: Town) -> None:
    plan(town)
    (asked,) = letters(town, EVA, "täcka upp")
    reply(town, asked, "v. 30 ja, men v. 32 nej tyvärr", "2026-06-01T09:00")
    town.run("2026-06-01T09:05")
    town.run("2026-06-01T10:00")
    assert states(town) == {"2026-W30": "accepted", "2026-W31": "asked", "2026-W32": "declined"}
    (to_person,), (to_manager,) = letters(town, ANNA, "ersättare"), letters(town, KARIN, "ersättare")
    assert "Eva Holm kan inte täcka upp" in text_of(to_person)
    assert "v. 32" in text_of(to_manager) and "v. 30" not in text_of(to_manager)
    assert f"--change {stored(town).ref} --cover 2026-W32=PERSON" in " ".join(text_of(to_person).split())


def test_nobody_else_can_answer_for_a_cover(town: Town) -> None:
    plan(town)
    (asked,) = letters(town, EVA, "täcka upp")
    reply(town, asked, "nej", "2026-06-01T09:00", by=KARIN)
    reply(town, asked, "nej", "2026-06-01T09:00", sent=False)
    town.run("2026-06-01T09:05")
    assert set(states(town).values()) == {"asked"}


def test_silence_is_told_after_three_working_days(town: Town) -> None:
    plan(town)
    for day, heard in (("2026-06-04", 0), ("2026-06-05", 2), ("2026-06-08", 2)):
        town.run(f"{day}T08:00")
        assert len(letters(town, ANNA, "ersättare")) == heard, day
    assert {"har inte svarat" in text_of(letter) for letter in letters(town, ANNA, "ersättare")} == {True}


def test_silence_is_told_the_working_day_before(town: Town) -> None:
    days = ("--from", "2026-06-04", "--back", "2026-06-05", "--option", "B", "--cover", "eva")
    mailbot(
        "setup-autoreply", "--for", "anna", *days, "--yes", "--at", "2026-06-02T08:00", "--config", town.config_path
    )
    town.run("2026-06-02T09:00")
    assert letters(town, ANNA, "ersättare") == []
    town.run("2026-06-03T08:00")
    assert len(letters(town, ANNA, "ersättare")) == 1


def test_an_answer_about_an_absence_that_is_gone(town: Town) -> None:
    plan(town)
    (asked,) = letters(town, EVA, "täcka upp")
    ref = stored(town).ref
    assert mailbot("absence", "cancel", ref, "--at", "2026-06-01T08:30", "--config", town.config_path).status == 0
    reply(town, asked, "ja", "2026-06-01T09:00")
    town.run("2026-06-01T09:05")
    assert set(states(town).values()) == {"asked"}
    assert len(letters(town, EVA, "borttagen")) == 1


def test_a_restart_before_anybody_was_told_tells_them(town: Town) -> None:
    """Killed between saving and telling: the next pass tells, and only once."""
    plan(town)
    with town.open() as context:
        context.store.absences.told(stored_ref := context.store.absences.list()[0].ref, 0, now=at("2026-06-01T09:00"))
    town.run("2026-06-01T09:05")
    assert len(letters(town, EVA, "täcka upp")) == 1
    with town.open() as context:
        assert context.store.absences.get(stored_ref).told_version == 1


WEEKS = ("2026-W30", "2026-W31")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ja", {"2026-W30": True, "2026-W31": True}),
        ("Nei dessverre", {"2026-W30": False, "2026-W31": False}),
        ("Det går bra!", {"2026-W30": True, "2026-W31": True}),
        ("Jag kan inte", {"2026-W30": False, "2026-W31": False}),
        ("v. 30 ja, v. 31 nej", {"2026-W30": True, "2026-W31": False}),
        ("Ja v 30. Nej v 31.", {"2026-W30": True, "2026-W31": False}),
        ("ja, men inte v. 31", {"2026-W30": True, "2026-W31": False}),
        ("uke 30 og 31: ja", {"2026-W30": True, "2026-W31": True}),
        ("ja v. 45", {}),
        ("Jag återkommer", {}),
        ("", {}),
    ],
)
def test_yes_and_no_in_words(text: str, said: dict[str, bool]) -> None:
    assert cover_words(text, WEEKS) == said


# --- the form -------------------------------------------------------------------------------------------------------


def ask_for_form(town: Town, subject: str, when: str, *, by: str = ANNA, sent: bool = True) -> None:
    message = town.letter(when, "Hej\n", from_=by, to="mailbot@by.example", subject=subject)
    town.deliver_bytes("mailbot@by.example", message.as_bytes(), when)
    if sent:
        town.deliver_bytes(by, message.as_bytes(), when, folder=".Sent")


FILLED = """Här kommer det.

> Från (första dagen borta, till exempel 2026-07-20): 20/7
> Åter (första dagen i tjänst): v. 33
> Alternativ (A, B, C eller D): b
> Kollega (bara för A och C):
> Kontakt (vem som kan nås vid angelägna ärenden): Eva Holm
> v. 31: Karin
> Ersätt (ja, om en frånvaro som redan finns ska ersättas):
"""


@pytest.mark.parametrize("word", ["frånvaro", "Fravær", "Absence please"])
def test_the_word_brings_a_form_and_the_form_plans(town: Town, word: str) -> None:
    ask_for_form(town, word, "2026-06-01T08:00")
    town.run("2026-06-01T08:05")
    (form,) = letters(town, ANNA, "fyll i")
    reply(town, form, FILLED, "2026-06-01T08:30", by=ANNA)
    town.run("2026-06-01T08:35")
    town.run("2026-06-01T08:40")
    absence = stored(town).absence
    assert (str(absence.from_), str(absence.back), absence.option) == ("2026-07-20", "2026-08-10", "B")
    assert [cover.person for cover in absence.covers] == ["eva", "karin", "eva"]
    assert stored(town).created_by == "person:anna (mail)"
    assert len(letters(town, ANNA, "Din frånvaro är planerad")) == len(letters(town, EVA, "täcka upp")) == 1


def test_what_cannot_be_comes_back_with_the_form_filled_in(town: Town) -> None:
    ask_for_form(town, "Frånvaro", "2026-06-01T08:00")
    town.run("2026-06-01T08:05")
    (form,) = letters(town, ANNA, "fyll i")
    reply(town, form, FILLED.replace("Eva Holm", "Anna Ek"), "2026-06-01T08:30", by=ANNA)
    town.run("2026-06-01T08:35")
    first, again = letters(town, ANNA, "fyll i")
    assert "kan inte täcka upp för sig själv" in text_of(again) and "20/7" in text_of(again)
    assert "för sig själv" not in text_of(first)
    reply(town, again, FILLED.replace("v. 33", "nyår"), "2026-06-01T08:45", by=ANNA)
    town.run("2026-06-01T08:50")
    assert "Raden Åter" in text_of(letters(town, ANNA, "fyll i")[-1])
    reply(town, again, FILLED, "2026-06-01T09:00", by=ANNA)
    town.run("2026-06-01T09:05")
    assert stored(town).state == "planned"


def test_strangers_and_forgers_get_no_form(town: Town) -> None:
    ask_for_form(town, "Frånvaro", "2026-06-01T08:00", by="bo@privat.example", sent=False)
    ask_for_form(town, "Frånvaro", "2026-06-01T08:01", sent=False)
    town.run("2026-06-01T08:05")
    assert letters(town, ANNA, "fyll i") == [] and not any(b"fyll i" in raw for raw in town.outside())


@pytest.mark.parametrize(
    ("lines", "filled"),
    [
        ("Fra: 20/7\nTilbake: uke 31", {"from": "20/7", "back": "uke 31"}),
        ("| From (first day away): 20 July", {"from": "20 July"}),
        ("Från:\nFrån: 1/7", {"from": "1/7"}),
        ("uke 30: Bo\nweek 31: Cia", {"week 30": "Bo", "week 31": "Cia"}),
        ("Ämne: Frånvaro\nDatum: i dag\nFrån: <mailbot@by.example>\n", {"from": "<mailbot@by.example>"}),
        ("hej", {}),
    ],
)
def test_a_form_wherever_it_was_filled_in(lines: str, filled: dict[str, str]) -> None:
    assert read_form(lines.splitlines()) == filled
