"""Who is away, or soon will be, without a plan, and whose week begins: told once, to those who can mend it."""

from datetime import date

import pytest

from mailbot.policy.absence import Absence, Cover, Option
from mailbot.policy.absence_text import breaches
from mailbot.work.absence_install import shown_first, window
from tests.support.town import Town, at

LEAVE = Absence(
    person="anna",
    from_=date(2026, 7, 6),
    back=date(2026, 7, 20),
    option=Option.COLLEAGUE_CHECKS,
    colleague="lars",
    covers=(Cover("2026-W28", "lars"), Cover("2026-W29", "eva")),
)


def register(town: Town, person: str, from_: str, back: str) -> None:
    """An absence of the people file."""
    path = town.root / "people.toml"
    entry = f'login = "{person}"\n'
    text = path.read_text(encoding="utf-8")
    assert entry in text
    added = f"absences = [{{ from = {from_}, back = {back} }}]\n"
    path.write_text(text.replace(entry, entry + added), encoding="utf-8")


def told(town: Town, kind: str) -> dict[str, list[str]]:
    """dedup keys of one kind of notice -> to whom."""
    with town.open() as context:
        found = context.store.outbox.list()
        return {each.dedup_key: list(each.to) for each in found if each.dedup_key.startswith(f"{kind}:")}


def text_of(town: Town, key: str) -> str:
    with town.open() as context:
        (mail,) = [each for each in context.store.outbox.list() if each.dedup_key == key]
    assert mail.raw is not None
    return mail.raw.decode().replace("=\r\n", "")


def test_before_registered_leave_the_person_is_reminded_then_the_manager_too(town: Town) -> None:
    register(town, "anna", "2026-07-06", "2026-07-20")
    for day in ("2026-06-15", "2026-07-02", "2026-07-03"):
        town.run(f"{day}T08:00")
        town.run(f"{day}T12:00")
    found = told(town, "absence_unplanned")
    assert found == {
        "absence_unplanned:anna:2026-07-06:ahead:anna": ["anna@by.example"],
        "absence_unplanned:anna:2026-07-06:ahead:karin": ["karin@by.example"],
    }
    assert "mailbot setup-autoreply --from" in text_of(town, "absence_unplanned:anna:2026-07-06:ahead:anna")
    assert "setup-autoreply --for anna --from" in text_of(town, "absence_unplanned:anna:2026-07-06:ahead:karin")


def test_who_is_away_without_a_plan_is_told_to_the_manager_once(town: Town) -> None:
    register(town, "anna", "2026-07-06", "2026-07-20")
    for day in ("2026-07-06", "2026-07-07", "2026-07-13"):
        town.run(f"{day}T08:00")
    now = {key: to for key, to in told(town, "absence_unplanned").items() if ":now:" in key}
    assert now == {"absence_unplanned:anna:2026-07-06:now:karin": ["karin@by.example"]}


def test_who_has_been_silent_for_ten_working_days_counts_as_away(town: Town) -> None:
    """14 May (Ascension Day) and weekends do not count: the tenth working day after 11 May is 26 May."""
    town.run("2026-05-11T07:00")
    town.answer(
        "2026-05-11T10:00", "Hej!\n", by="anna@by.example", to="bo@privat.example", in_reply_to="<q@privat.example>"
    )
    for day in ("2026-05-11", "2026-05-25", "2026-05-26"):
        town.run(f"{day}T12:00")
    assert told(town, "absence_unplanned") == {}
    for day in ("2026-05-27", "2026-05-28"):
        town.run(f"{day}T08:00")
    (key,) = told(town, "absence_unplanned")
    assert ":anna:2026-05-12:now:karin" in key
    assert "setup-autoreply --for anna" in text_of(town, key)


def test_a_plan_is_enough(town: Town) -> None:
    register(town, "anna", "2026-07-06", "2026-07-20")
    with town.open() as context:
        context.store.absences.plan(LEAVE, by="person:anna", now=at("2026-06-15T09:00"))
    for day in ("2026-07-02", "2026-07-03", "2026-07-06"):
        town.run(f"{day}T08:00")
    assert told(town, "absence_unplanned") == {}


def test_nobody_is_told_in_observe_mode(town: Town) -> None:
    town.mode = "observe"
    town.write_config()
    register(town, "anna", "2026-07-06", "2026-07-20")
    town.run("2026-07-06T08:00")
    assert told(town, "absence_unplanned") == {}


def test_a_cover_is_told_on_the_working_day_before_their_week(town: Town) -> None:
    with town.open() as context:
        ref = context.store.absences.plan(LEAVE, by="person:anna", now=at("2026-06-15T09:00"))
    seen = []
    for day in ("2026-07-02", "2026-07-03", "2026-07-06", "2026-07-09", "2026-07-10", "2026-07-13"):
        town.run(f"{day}T08:00")
        seen.append(sorted(told(town, "absence_week")))
    lars, eva = f"absence_week:{ref}:2026-W28:lars", f"absence_week:{ref}:2026-W29:eva"
    assert seen == [[], [lars], [lars], [lars], sorted([lars, eva]), sorted([lars, eva])]


def test_the_summary_on_return(town: Town) -> None:
    town.run("2026-07-03T08:00")
    with town.open() as context:
        context.store.absences.plan(LEAVE, by="person:anna", now=at("2026-07-03T09:00"))
    asked = town.deliver("2026-07-07T08:00", "Hej! Får jag bygga en altan?", to="anna@by.example", subject="Altan")
    town.deliver("2026-07-08T08:00", "Hej! När öppnar simhallen?", to="anna@by.example", subject="Simhall")
    town.run("2026-07-08T08:05")
    answer = {"by": "Lars Lind <lars@by.example>", "to": "bo@privat.example", "in_reply_to": asked}
    town.answer("2026-07-08T09:00", "Hej! Ja, det får du.", subject="SV: Altan", **answer)
    town.run("2026-07-08T12:00")
    for _ in range(2):
        town.run("2026-07-20T08:00")
    ((key, to),) = told(town, "absence_returned").items()
    assert to == ["anna@by.example"]
    text = text_of(town, key)
    assert "Inkomna meddelanden: 2" in text
    assert "Simhall" in text and "Altan" not in text
    assert "Lars Lind: 1" in text


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-07-10T12:00", "2026-W28"), ("2026-07-13T00:00", "2026-W29"), ("2026-07-12T23:59", "2026-W28")],
)
def test_the_current_cover_stands_first_from_monday(town: Town, today: str, first: str) -> None:
    text = town.config_path.read_text(encoding="utf-8") + "\n[policy.absence]\ncurrent_cover_first = true\n"
    town.config_path.write_text(text, encoding="utf-8")
    covers = shown_first(town.config, LEAVE, at(today)).covers
    assert covers[0].week == first
    assert sorted(each.week for each in covers) == ["2026-W28", "2026-W29"]


@pytest.mark.parametrize(
    ("from_", "back", "starts_at", "ends_at"),
    [
        # 29 March 2026: the night is an hour shorter; 25 October: an hour longer
        ("2026-03-29", "2026-03-30", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "2026-10-26", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-03-27", "2026-10-26", "2026-03-26T23:00", "2026-10-25T23:00"),
    ],
)
def test_the_window_begins_and_ends_at_local_midnight(
    town: Town, from_: str, back: str, starts_at: str, ends_at: str
) -> None:
    absence = Absence(
        person="anna", from_=date.fromisoformat(from_), back=date.fromisoformat(back), option=Option.READS_ONESELF
    )
    found = window(town.config, absence)
    assert tuple(each.strftime("%Y-%m-%dT%H:%M") for each in found) == (starts_at, ends_at)


@pytest.mark.parametrize(
    ("text", "language", "missing"),
    [
        ("Åter 26-08-10. Min e-post kontrolleras av Bo.\nv. 31 Bo Berg, 0900-1", "sv", ()),
        ("Semester!", "sv", ("no_return_date", "no_sentence", "no_contact")),
        ("Åter 10 augusti. Jag kontrollerar min e-post.\nvecka 31: Bo", "sv", ()),
        ("Åter 26-08-10. E-posten vidarebefordras till Bo.\nv. 131 Bo", "sv", ("no_contact",)),
        ("Tilbake 10. august. E-posten videresendes til Bo.\nuke 31: Bo", "nb", ()),
        ("Back on 10 August. My mail is checked by Bo.\nw. 32 Cia", "en", ("no_contact",)),
    ],
)
def test_what_a_text_of_ones_own_lacks(text: str, language: str, missing: tuple[str, ...]) -> None:
    assert breaches(text, language, week="2026-W31") == missing
