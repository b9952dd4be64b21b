"""The daily check of the authority mailbox: what counts, what does not, who is told. Real Maildirs and SQLite."""

import json
from collections.abc import Callable
from datetime import date
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from mailbot.store.people_records import AwayNotice
from mailbot.work.daily_check import check_days
from tests.support.command import mailbot
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION, parsed, subjects

BOX = "kommunen@by.example"
#: Monday 11 May 2026; Thursday 14 is Kristi himmelsfärdsdag, Friday 15 a klämdag
DAY = "2026-05-11"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Two mail officers, the second stands in for the first; mailbot has read everything on the Friday before."""
    town = Town(tmp_path, checks=True)
    configure(town, 'mail_officers = ["lars"]', 'mail_officers = ["lars", "eva"]')
    town.run("2026-05-08T07:00")
    return town


def configure(town: Town, old: str, new: str) -> None:
    text = town.config_path.read_text(encoding="utf-8")
    assert old in text
    town.config_path.write_text(text.replace(old, new), encoding="utf-8")


def on(town: Town, *arguments: object, status: int = 0) -> str:
    told = mailbot(*arguments, "--config", town.config_path)
    assert told.status == status, told.err
    return told.out


def days(town: Town, first: str, last: str, now: str) -> list[tuple[int, str, str | None, str | None]]:
    """Day of the month, state, how it is known, by whom."""
    with town.open() as context:
        found = check_days(context, date.fromisoformat(first), date.fromisoformat(last), at(now))
    return [(d.day.day, d.state, d.check.how if d.check else None, d.check.person if d.check else None) for d in found]


def to_head(town: Town) -> list[str]:
    found = [str(make_header(decode_header(subject))) for subject in subjects(town.inbox("karin@by.example"))]
    return [subject for subject in found if "kontroller" in subject]


def first_mail(town: Town) -> Path:
    (path,) = [path for path in town.maildir(BOX).glob("new/*") if b"simhallen" in path.read_bytes().lower()]
    return path


def to_folder(town: Town, folder: str) -> None:
    path = first_mail(town)
    place = town.maildir(BOX) / folder / "cur"
    for part in ("tmp", "new", "cur"):
        (place.parent / part).mkdir(parents=True, exist_ok=True)
    path.rename(place / f"{path.name}:2,S")


def flag_as_seen(town: Town) -> None:
    path = first_mail(town)
    path.rename(town.maildir(BOX) / "cur" / f"{path.name}:2,S")


def answers(by: str, **fields: str) -> Callable[[Town], object]:
    def act(town: Town) -> None:
        town.answer(
            f"{DAY}T12:00", "Öppet 10-18.", by=by, to="bo@privat.example", in_reply_to="<q@privat.example>", **fields
        )

    return act


def assigned_by(person: str) -> Callable[[Town], object]:
    def act(town: Town) -> None:
        (obligation,) = json_lines(on(town, "replies", "list", "--json"))
        on(town, "replies", "assign", obligation["ref"], "anna", "--by", person, "--at", f"{DAY}T12:00")

    return act


def registered_by(person: str) -> Callable[[Town], object]:
    def act(town: Town) -> None:
        town.deliver(f"{DAY}T07:01", APPEAL, from_="Ny <ny@privat.example>")
        town.run(f"{DAY}T07:05")
        (item,) = json_lines(on(town, "diary", "list", "--json"))
        on(town, "diary", "confirm", item["ref"], "KS 2026/1", "--by", person, "--at", f"{DAY}T12:00")

    return act


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def attests(*arguments: str) -> Callable[[Town], object]:
    return lambda town: on(town, "attest", BOX, "--at", f"{DAY}T12:00", *arguments)


@pytest.mark.parametrize(
    ("deed", "known"),
    [
        (lambda _: None, None),
        (attests("--by", "lars"), ("command", "lars")),
        (attests("--by", "eva"), ("command", "eva")),
        # a flag is no sign: every program that shows a preview sets it
        (flag_as_seen, None),
        (answers(BOX), ("reply", "")),
        (answers("lars@by.example"), ("reply", "lars")),
        # a colleague answers what was handed to them, without having seen the mailbox
        (answers("anna@by.example"), None),
        (answers(BOX, header_Auto_Submitted="auto-replied"), None),
        (lambda town: to_folder(town, ".Besvarat"), ("move", "")),
        # servers move mail into junk by themselves
        (lambda town: to_folder(town, ".Junk"), None),
        (assigned_by("lars"), ("decision", "lars")),
        # the registrar's deputies decide about copies; karin is no mail officer
        (assigned_by("karin"), None),
        # what a registrar decides, who is the second mail officer too, comes from the copy that was forwarded
        (registered_by("eva"), None),
    ],
    ids=["nothing", "said", "said-by-deputy", "seen-flag", "reply", "reply-of-officer", "reply-of-colleague",
         "automatic-reply", "move", "junk", "decision", "decision-of-others", "registration"],
)  # fmt: skip
def test_what_shows_that_somebody_checked(town, deed, known):
    town.deliver(f"{DAY}T06:30", QUESTION, message_id="<q@privat.example>")
    town.run(f"{DAY}T07:00")
    assert days(town, DAY, DAY, f"{DAY}T07:00") == [(11, "waiting", None, None)]
    deed(town)
    report = town.run(f"{DAY}T14:05")
    expected = (11, "checked", *known) if known else (11, "missed", None, None)
    assert days(town, DAY, DAY, f"{DAY}T14:05") == [expected]
    assert ("mailbox_not_checked" in report.alarms) == (known is None)
    assert len(to_head(town)) == (known is None)


def test_what_a_server_files_as_it_arrives_was_moved_by_nobody(town):
    town.run(f"{DAY}T07:00")
    (town.maildir(BOX) / ".Fakturor" / "cur").mkdir(parents=True)
    for part in ("new", "tmp"):
        (town.maildir(BOX) / ".Fakturor" / part).mkdir()
    town.deliver_bytes(BOX, town.letter(f"{DAY}T08:00", QUESTION).as_bytes(), f"{DAY}T08:00", folder=".Fakturor")
    town.run(f"{DAY}T12:30")
    assert days(town, DAY, DAY, f"{DAY}T12:30") == [(11, "waiting", None, None)]


def test_a_move_between_two_days_proves_neither(town):
    town.deliver(f"{DAY}T08:00", QUESTION)
    town.run(f"{DAY}T15:30")
    to_folder(town, ".Besvarat")
    town.run("2026-05-12T07:00")
    found = days(town, DAY, "2026-05-12", "2026-05-12T07:00")
    assert [state for _, state, _, _ in found] == ["missed", "waiting"]


def test_handling_can_be_left_out_of_account(town):
    configure(town, "required = true", "required = true\nhandling_counts = false")
    town.deliver(f"{DAY}T06:30", QUESTION, message_id="<q@privat.example>")
    town.run(f"{DAY}T07:00")
    answers(BOX)(town)
    town.run(f"{DAY}T14:05")
    assert days(town, DAY, DAY, f"{DAY}T14:05") == [(11, "missed", None, None)]


def test_what_mailbot_does_itself_is_no_check(town):
    """It forwards an appeal, announces, sends a holding reply and digests, all in one day."""
    town.deliver("2026-05-11T06:30", QUESTION)
    for day in ("2026-05-11", "2026-05-12", "2026-05-13", "2026-05-15"):
        town.deliver(f"{day}T06:31", APPEAL, subject=f"Överklagande {day}", from_=f"Bo <bo{day}@privat.example>")
        for time in ("07:00", "12:30", "15:30"):
            town.run(f"{day}T{time}")
    assert len(town.outside()) >= 1
    assert [state for _, state, _, _ in days(town, DAY, "2026-05-15", "2026-05-15T15:30")] == ["missed"] * 4


# --- the command ----------------------------------------------------------------------------------------------------


def test_said_afterwards_is_late_and_ends_the_alarm(town):
    town.run(f"{DAY}T14:05")
    told = on(town, "attest", BOX, "--on", DAY, "--by", "lars", "--at", "2026-05-12T08:00", "--lang", "sv")
    assert "i efterhand" in told
    assert days(town, DAY, "2026-05-12", "2026-05-12T08:00") == [
        (11, "late", "command", "lars"),
        (12, "waiting", None, None),
    ]


def test_a_check_in_time_outweighs_one_said_afterwards(town):
    town.run(f"{DAY}T07:00")
    on(town, "attest", BOX, "--on", DAY, "--by", "lars", "--at", "2026-05-12T08:00")
    on(town, "attest", BOX, "--by", "eva", "--at", f"{DAY}T09:00")
    assert days(town, DAY, DAY, "2026-05-12T08:00") == [(11, "checked", "command", "eva")]


def test_a_wrong_attestation_is_withdrawn_and_everything_is_on_record(town):
    town.run(f"{DAY}T07:00")
    on(town, "attest", BOX, "--by", "lars", "--at", f"{DAY}T09:00")
    on(town, "attest", BOX, "--by", "lars", "--at", f"{DAY}T09:01")
    on(town, "attest", BOX, "--withdraw", "--by", "lars", "--at", f"{DAY}T09:05")
    assert days(town, DAY, DAY, f"{DAY}T10:00") == [(11, "waiting", None, None)]
    on(town, "attest", BOX, "--by", "eva", "--at", f"{DAY}T10:00")
    with town.open() as context:
        trail = [(line.actor.split()[0], line.action) for line in context.store.audit.list() if "check" in line.action]
    assert trail == [("person:lars", "checked"), ("person:lars", "check_withdrawn"), ("person:eva", "checked")]


def test_the_list_for_machines(town):
    town.run(f"{DAY}T07:00")
    on(town, "attest", BOX, "--by", "lars", "--at", f"{DAY}T09:00")
    rows = json_lines(on(town, "attest", "--json", "--at", "2026-05-12T15:00"))
    assert [(row["mailbox"], row["on"], row["state"], row["should_check"]) for row in rows] == [
        (BOX, "2026-05-08", "missed", "lars"),
        (BOX, "2026-05-11", "checked", "lars"),
        (BOX, "2026-05-12", "missed", "lars"),
    ]
    assert rows[1]["first_read_at"] == "2026-05-11T05:00:00+00:00"
    (check,) = rows[1]["checks"]
    assert (check["by"], check["how"], check["late"], check["at"]) == (
        "lars", "command", False, "2026-05-11T07:00:00+00:00",
    )  # fmt: skip
    told = on(town, "attest", "--at", "2026-05-12T15:00", "--lang", "sv")
    assert "INTE KONTROLLERAD" in told and "Lars Lind" in told


@pytest.mark.parametrize(
    ("who", "arguments", "told"),
    [
        ("anna", (BOX,), "you may not"),
        ("lars", (BOX, "--on", "2026-05-12"), "has not come yet"),
        ("lars", (BOX, "--on", "i går"), "is no date"),
        ("it", ("anna@by.example",), "is no authority mailbox"),
        ("it", ("nobody@by.example",), BOX),
    ],
)
def test_what_cannot_be_attested(town, monkeypatch, who, arguments, told):
    monkeypatch.setenv("SUDO_USER", who)
    answer = mailbot("attest", *arguments, "--at", f"{DAY}T09:00", "--config", town.config_path)
    assert answer.status == 2 and told in answer.err


# --- who is told ----------------------------------------------------------------------------------------------------


def test_the_head_hears_once_and_the_exit_status_says_it_until_somebody_checks(town):
    town.run(f"{DAY}T07:00")
    on(town, "run", "--once", "--at", f"{DAY}T13:59")
    on(town, "run", "--once", "--at", f"{DAY}T14:00", status=1)
    on(town, "run", "--once", "--at", f"{DAY}T15:30", status=1)
    assert to_head(town) == ["1 myndighetsbrevlåda har inte kontrollerats i dag"]
    assert json_lines(on(town, "status", "--json", "--at", f"{DAY}T15:30"))[0]["healthy"] is False
    on(town, "attest", BOX, "--by", "lars", "--at", f"{DAY}T16:00")
    on(town, "run", "--once", "--at", f"{DAY}T16:05")
    assert json_lines(on(town, "status", "--json", "--at", f"{DAY}T16:05"))[0]["healthy"] is True


def test_the_alarm_of_the_last_open_day_stands_over_closed_days(town):
    town.run("2026-05-13T07:00")
    alarms = {day: "mailbox_not_checked" in town.run(f"2026-05-{day}T10:00").alarms for day in (14, 15)}
    assert alarms == {14: True, 15: False}, "on a new day it is not yet time"


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("", [11, 12, 13, 15]),
        # JO 2668-2000: a klämdag that the municipality closes does not suspend the check
        ("bridge_days_closed = true", [11, 12, 13, 15]),
        ("bridge_days_closed = true\nclosed_days_suspend_mailbox_check = true", [11, 12, 13]),
        ('closed_days = ["2026-05-12"]', [11, 12, 13, 15]),
        ('closed_days = ["2026-05-12"]\nclosed_days_suspend_mailbox_check = true', [11, 13, 15]),
        ('open_days = ["2026-05-14"]', [11, 12, 13, 14, 15]),
    ],
)
def test_on_which_days(town, calendar, expected):
    configure(town, "[policy.check]", f"[policy.calendar]\n{calendar}\n\n[policy.check]")
    found = days(town, DAY, "2026-05-17", "2026-05-17T12:00")
    assert [day for day, *_ in found] == expected


def test_no_duty_before_mailbot_began(tmp_path):
    town = Town(tmp_path, checks=True)
    assert town.run(f"{DAY}T14:30").alarms == (), "the first reading came after the hour of the alarm"
    assert days(town, "2026-05-08", "2026-05-12", "2026-05-12T08:00") == [(12, "waiting", None, None)]


def test_observing_only_the_operator_is_told(tmp_path):
    town = Town(tmp_path, mode="observe", checks=True)
    town.run("2026-05-08T07:00")
    assert "mailbox_not_checked" in town.run(f"{DAY}T14:05").alarms
    assert to_head(town) == [] and town.inbox("lars@by.example") == []
    alarm = next(raw for raw in town.inbox("it@by.example") if b"kontrollerats" in raw)
    assert "observerar bara" in parsed(alarm).get_payload()[0].get_payload(decode=True).decode()


def away(town: Town, person: str, first: str, back: str) -> None:
    with town.open() as context:
        notice = AwayNotice(person, date.fromisoformat(first), date.fromisoformat(back))
        context.store.away_notices.add(notice, by=f"person:{person}", now=at(f"{DAY}T07:00"))


def test_the_deputy_should_check_when_the_officer_is_ill(town):
    away(town, "lars", "2026-05-12", "2026-05-13")
    rows = json_lines(on(town, "attest", "--json", "--at", "2026-05-13T15:00"))
    assert {row["on"]: row["should_check"] for row in rows[1:]} == {
        "2026-05-11": "lars",
        "2026-05-12": "eva",
        "2026-05-13": "lars",
    }
    assert to_head(town) == []


def test_the_head_is_asked_before_the_day_starts_and_names_somebody(town):
    away(town, "lars", "2026-05-18", "2026-05-23")
    away(town, "eva", "2026-05-20", "2026-05-26")
    town.run(f"{DAY}T07:00")
    assert to_head(town) == [], "the first uncovered day is nine days ahead"
    town.run("2026-05-13T07:00")
    (question,) = [raw for raw in town.inbox("karin@by.example") if b"Vem" in raw or b"Vem_" in raw]
    text = parsed(question).get_payload()[0].get_payload(decode=True).decode()
    assert [day for day in range(18, 27) if f"{day} maj 2026" in text] == [20, 21, 22]
    assert "Lars Lind, Eva Holm" in text and BOX in text
    town.run("2026-05-15T07:00")
    assert sum("Vem" in subject for subject in to_head(town)) == 1, "asked once"

    on(town, "person", "stand-in", "anna", "--unit", "ks", "--from", "2026-05-20", "--to", "2026-05-22")
    rows = json_lines(on(town, "attest", "--json", "--at", "2026-05-22T08:00"))
    assert {row["on"][-2:]: row["should_check"] for row in rows} == {
        "18": "eva", "19": "eva", "20": "anna", "21": "anna", "22": "anna",
    }  # fmt: skip
    on(town, "attest", BOX, "--by", "anna", "--at", "2026-05-22T08:00")


def test_whoever_was_named_falls_ill_and_the_head_is_asked_again(town):
    for person in ("lars", "eva"):
        away(town, person, "2026-05-12", "2026-05-13")
    town.run(f"{DAY}T07:00")
    on(town, "person", "stand-in", "anna", "--unit", "ks", "--from", "2026-05-12", "--at", f"{DAY}T09:00")
    town.run(f"{DAY}T12:00")
    assert len(to_head(town)) == 1
    away(town, "anna", "2026-05-12", "2026-05-13")
    town.run("2026-05-12T07:00")
    town.run("2026-05-12T07:05")
    assert sum("Vem" in subject for subject in to_head(town)) == 2
