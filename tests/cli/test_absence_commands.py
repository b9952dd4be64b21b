"""`absence`, `mandate`, `offboard` and `person list` around planned absences."""

import json
from pathlib import Path

import pytest

from tests.support.command import Told, mailbot
from tests.support.town import Town

AT = ("--at", "2026-06-01T08:00")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.chdir(tmp_path)
    return Town(tmp_path / "town")


def run(town: Town, *arguments: object) -> Told:
    return mailbot(*arguments, "--config", town.config_path)


def plan(town: Town, who: str, *more: str) -> dict[str, object]:
    days = ("--from", "2026-12-21", "--back", "2027-01-11", "--option", "B")
    told = run(town, "setup-autoreply", "--for", who, *days, *more, "--yes", "--json", *AT)
    assert told.status == 0, told.err
    return told.rows[0]


def test_the_list_shows_each_week_and_the_gaps(town: Town) -> None:
    row = plan(town, "anna", "--cover", "52=lars", "--cover", "53=eva", "--cover", "1=karin")
    told = run(town, "absence", "list", "--lang", "sv")
    lines = told.out.splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == [
        f"{row['ref']} Anna Ek 2026-12-21 2027-01-11 B v. 52 Lars Lind (tillfrågad) planerad",
        "v. 53 Eva Holm (tillfrågad)",
        "v. 1 Karin Berg (tillfrågad)",
    ]
    with town.open() as context:  # a calendar that has changed since leaves a gap
        stored = context.store.absences.get(str(row["ref"]))
        from dataclasses import replace

        from tests.support.town import at

        fewer = replace(stored.absence, covers=stored.absence.covers[:2])
        context.store.absences.change(stored.ref, fewer, by="person:anna", now=at("2026-06-01T09:00"))
    assert "v. 1 INGEN" in run(town, "absence", "list", "--lang", "sv").out
    (listed,) = run(town, "absence", "list", "--json").rows
    assert listed["gaps"] == ["2027-W01"] and listed["covers"]["2027-W01"] is None
    assert list(listed["covers"]) == ["2026-W52", "2026-W53", "2027-W01"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--from", "2027-01-11"), 0),
        (("--from", "2027-01-10"), 1),
        (("--to", "2026-12-20"), 0),
        (("--from", "v. 52", "--to", "v. 52"), 1),
        (("--person", "anna"), 1),
        (("--person", "eva"), 0),
        (("--state", "proven"), 0),
        (("--state", "planned", "--state", "proven"), 1),
    ],
)
def test_part_of_the_list(town: Town, options: tuple[str, ...], found: int) -> None:
    plan(town, "anna", "--cover", "lars")
    assert len(run(town, "absence", "list", "--json", *options, *AT).rows) == found


def test_one_absence_with_its_texts(town: Town) -> None:
    ref = plan(town, "anna", "--cover", "lars")["ref"]
    text = run(town, "absence", "show", ref, "--text").out
    assert text.startswith(
        "Jag är inte på kontoret och väntas åter 27-01-11\n\nDin e-post vidarebefordras till Byns kommuns "
    )
    assert text.endswith(
        "v. 52 Lars Lind, lars@by.example\nv. 53 Lars Lind, lars@by.example\nv. 1 Lars Lind, lars@by.example\n"
    )
    assert run(town, "absence", "show", ref, "--telephone").out.startswith("Hej! Du har ringt Anna Ek, Byns kommun.")
    assert "DTEND;VALUE=DATE:20270111" in run(town, "absence", "show", ref, "--ics").out
    assert json.loads(run(town, "absence", "show", ref, "--json").out)["text"] == text
    assert run(town, "absence", "show", "ZZZZ-ZZZZ").status == 2


def test_cancelling(town: Town) -> None:
    ref = plan(town, "anna", "--cover", "lars")["ref"]
    assert run(town, "absence", "cancel", ref, *AT).status == 0
    assert run(town, "absence", "list", "--json").out == ""
    assert run(town, "absence", "list", "--all", "--json").rows[0]["state"] == "cancelled"
    assert run(town, "absence", "cancel", ref, *AT).status == 2
    assert plan(town, "anna", "--cover", "lars")["ref"] != ref


def test_mandates(town: Town) -> None:
    days = ("--from", "2026-12-21", "--to", "2027-01-10")
    assert run(town, "mandate", "add", "anna", "lars", *days, *AT).status == 2  # root is not anna
    told = run(town, "mandate", "add", "anna", "lars", *days, "--on-word-of", "anna", "--json", *AT)
    assert told.rows[0]["granted_by"] == "anna" and told.rows[0]["holds"] is False
    plan_a = ("--option", "A", "--colleague", "lars", "--cover", "eva")
    plan(town, "anna", *plan_a)
    assert run(town, "mandate", "revoke", told.rows[0]["ref"], *AT).status == 0
    assert run(town, "mandate", "list", "--json", *AT).out == ""
    assert len(run(town, "mandate", "list", "--all", "--json", *AT).rows) == 1


def test_what_is_left_when_somebody_leaves(town: Town) -> None:
    plan(town, "anna", "--cover", "lars")
    told = run(town, "offboard", "lars", "--json", *AT)
    assert told.status == 1
    assert {one["what"]: one["detail"] for one in told.rows[0]["left"]}["roles"] == "mail_officers ks"
    assert "covers" in {one["what"] for one in told.rows[0]["left"]}
    assert run(town, "offboard", "it", *AT).status == 1
    assert run(town, "offboard", "nobody", *AT).status == 2


def test_mailboxes_that_nobody_owns(town: Town) -> None:
    (town.maildir("kvar@by.example") / "cur").mkdir(parents=True)
    rows = run(town, "person", "list", "--json").rows
    assert [row["email"] for row in rows if row.get("unowned")] == ["kvar@by.example"]
    assert "ingen äger" in run(town, "person", "list", "--lang", "sv").out
