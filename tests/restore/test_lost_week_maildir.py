"""A town lives a week; on Friday its database is lost, and Tuesday's backup put in its place. After the next pass
everything stands as if nothing had happened, and nothing has gone out a second time."""

import email
import shutil
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.store import transfer
from mailbot.store.decisions import Replayed
from mailbot.work.passes import PassReport, one_pass
from tests.answers.test_registrar import reply
from tests.kill.steps import in_child, killed_child
from tests.kill.world import Snapshot, files
from tests.restore.stands import assert_same, lose, stands
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION

EVA, LARS = "person:eva", "person:lars"
EVA_AT, LARS_AT = "eva@by.example", "lars@by.example"


class Week:
    def __init__(self, root: Path) -> None:
        self.town = Town(root / "town", checks=True)
        self.backup = root / "backup.db"
        self.url = self.town.config.paths.database

    def run(self, when: str) -> PassReport:
        with self.town.open() as context:
            config = context.config
            own = replace(context, open_sender=lambda: wiring.open_sender(config, delivered_at=lambda: at(when)))
            return one_pass(own, at(when))

    def ref_of(self, subject: str) -> str:
        with wiring.installation(self.town.config) as context:
            return next(one.ref for one in context.store.obligations.list(states=("open", "answered", "dismissed"))
                        if one.subject == subject)  # fmt: skip

    def monday(self) -> None:
        self.run("2026-05-08T07:00")
        town = self.town
        town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov", message_id="<appeal@privat.example>")
        town.deliver("2026-05-11T09:05", QUESTION, subject="Simhallen", from_="Ny <ny@privat.example>")
        town.deliver("2026-05-11T09:06", QUESTION, subject="Badhuset", from_="Ulf <ulf@privat.example>",
                     message_id="<bath@privat.example>")  # fmt: skip
        town.deliver("2026-05-11T09:20", QUESTION, subject="Biblioteket", from_="Eli <eli@privat.example>")
        self.run("2026-05-11T12:30")
        self.run("2026-05-12T07:00")

    def back_up(self) -> None:
        transfer.backup(self.url, self.backup)

    def the_rest(self) -> None:
        """What people write and decide after the backup, by mail and by command."""
        town = self.town
        town.deliver("2026-05-12T10:00", QUESTION, subject="Sopor", from_="Siv <siv@privat.example>")
        town.deliver("2026-05-12T10:05", APPEAL, subject="Mitt avslag", from_="Per <per@privat.example>")
        town.deliver("2026-05-12T10:06", APPEAL, subject="Mitt tredje", from_="Ove <ove@privat.example>")
        self.run("2026-05-12T12:30")
        with wiring.installation(town.config) as context:
            store = context.store
            store.obligations.assign(self.ref_of("Simhallen"), "anna", by=LARS, now=at("2026-05-12T13:00"))
            store.obligations.answered(self.ref_of("Sopor"), how="telefon", by=LARS, now=at("2026-05-12T13:05"))
            store.obligations.reopen(self.ref_of("Sopor"), by=LARS, now=at("2026-05-12T13:06"))
            store.obligations.dismiss(self.ref_of("Biblioteket"), reason="skämt", by=LARS, now=at("2026-05-12T13:10"))
            items = {one.title: one.ref for one in store.diary.list()}
            store.diary.confirm(items["Mitt bygglov"], "KS 2026/11", by=EVA, now=at("2026-05-12T13:20"))
            store.diary.dismiss(items["Mitt tredje"], "dubblett", by=EVA, now=at("2026-05-12T13:21"))
        self.run("2026-05-13T07:00")
        self.answer_by_mail(LARS_AT, "myndighetsbrevlådan", "kontrollerad", "2026-05-13T08:00")
        self.run("2026-05-13T08:00")
        self.answer_by_mail(EVA_AT, "registrera", "KS 2026/12", "2026-05-13T08:10", item="Mitt avslag")
        self.run("2026-05-13T08:10")
        with wiring.installation(town.config) as context:  # in between: undone by command, then said again by mail
            context.store.diary.reopen(self.item("Mitt avslag"), by=EVA, now=at("2026-05-13T09:00"))
        self.answer_by_mail(EVA_AT, "registrera", "KS 2026/13", "2026-05-13T10:00", item="Mitt avslag")
        self.run("2026-05-13T10:00")
        self.run("2026-05-13T15:30")
        self.run("2026-05-15T07:00")
        self.run("2026-05-15T15:30")  # holding replies leave
        town.answer("2026-05-15T15:45", "Varje dag.\n", by="lars@by.example", to="ulf@privat.example",
                    in_reply_to="<bath@privat.example>")  # fmt: skip
        self.run("2026-05-15T16:00")

    def item(self, title: str) -> str:
        with wiring.installation(self.town.config) as context:
            return next(one.ref for one in context.store.diary.list() if one.title == title)

    def answer_by_mail(self, by: str, subject: str, text: str, when: str, item: str = "") -> None:
        """Answer the newest mail with this word in its subject (that forwards `item`) from one's own mailbox."""
        found = [email.message_from_bytes(raw, policy=default) for raw in self.town.inbox(by)]
        meant = [mail for mail in found if subject in mail["Subject"].lower() and item in mail.as_string()]
        reply(self.town, meant[-1], text, when, by=by)

    def restore(self) -> None:
        shutil.copy(self.backup, lose(self.url))


@pytest.fixture
def week(tmp_path: Path) -> Week:
    found = Week(tmp_path)
    found.monday()
    found.back_up()
    found.the_rest()
    return found


def test_the_week_has_something_to_lose(week: Week) -> None:
    rows = stands(week.url)
    assert {row["kind"] for row in rows["outbox"]} >= {"forward", "digest", "holding_reply"}
    assert {row["state"] for row in rows["obligations"]} == {"open", "answered", "dismissed"}
    assert {row["state"] for row in rows["answers"]} == {"done"} and len(rows["answers"]) == 3
    assert {row["how"] for row in rows["attestations"]} >= {"mail"}
    assert {row["number"] for row in rows["diary_items"] if row["number"]} == {"KS 2026/11", "KS 2026/13"}
    assert any(row["acknowledged_at"] and row["met_at"] for row in rows["obligations"]), "held back, then answered"


def test_after_the_next_pass_it_is_as_if_nothing_had_happened(week: Week) -> None:
    before, laid = stands(week.url), files(week.town.root)
    week.restore()
    report = week.run("2026-05-15T16:05")
    assert (report.sent, report.alarms) == (0, ())
    assert files(week.town.root) == laid, "nothing went out again"
    assert_same(before, stands(week.url))
    with week.town.open() as context:
        assert context.store.installation.get("restored") is None
        assert context.store.replay() == Replayed(), "no decision is lacking"


def test_nothing_leaves_twice_on_the_days_after(week: Week, tmp_path: Path) -> None:
    """The restored town and the undisturbed one go on side by side."""
    days = ("2026-05-15T16:05", "2026-05-18T07:00", "2026-05-18T15:30", "2026-05-19T07:00")
    kept = {one: (week.backup.parent / one) for one in ("whole", "lost")}
    laid_before = files(week.town.root)
    whole = kept["whole"]
    transfer.backup(week.url, whole)
    for when in days:
        week.run(when)
    undisturbed = stands(week.url)
    _put_back(week.town.root, laid_before)
    week.restore()
    for when in days:
        week.run(when)
    assert_same(undisturbed, stands(week.url))


def _put_back(root: Path, laid: dict[str, bytes]) -> None:
    for name in files(root).keys() - laid.keys():
        (root / name).unlink()


def test_catching_up_may_be_killed_at_any_step(week: Week, tmp_path: Path) -> None:
    before, laid = stands(week.url), files(week.town.root)
    week.restore()
    begin = Snapshot.take(week.town.root, tmp_path / "begin")
    moments = in_child(lambda: week.run("2026-05-15T16:05"), noted_in=tmp_path / "moments")
    for moment in range(1, len(moments), max(1, len(moments) // 12)):
        begin.put_back()
        killed_child(lambda: week.run("2026-05-15T16:05"), moment, noted_in=tmp_path / "moments")
        week.run("2026-05-15T16:05")
        assert files(week.town.root) == laid, f"{moment}: {moments[moment]}"
        assert_same(before, stands(week.url))
