"""A process dies while it acts on an answer, or last night's database comes back: nothing is done twice or lost."""

import shutil
from pathlib import Path

import pytest

from mailbot.store.answers import Answers
from mailbot.store.outbox import Outbox
from tests.answers.test_registrar import forwarded, item, reply, reports
from tests.answers.test_replies import ANNA, LARS, officers_mail, only
from tests.support.town import Town


class Died(BaseException):
    """Not an error that anybody catches."""


@pytest.mark.parametrize(("family", "method"), [(Answers, "settle"), (Outbox, "enqueue"), (Answers, "record")])
def test_a_pass_that_dies_is_finished_by_the_next(
    settled_town: Town, monkeypatch: pytest.MonkeyPatch, family: type, method: str
) -> None:
    forward = forwarded(settled_town)
    settled_town.run("2026-05-11T12:31")  # what it sent to staff is read
    ref = item(settled_town).ref
    reply(settled_town, forward, f"{ref} KS 2026/1\nB7KQ-2M9X KS 2026/2", "2026-05-11T12:40")
    with monkeypatch.context() as patch:

        def dies(*_: object, **__: object) -> None:
            raise Died

        patch.setattr(family, method, dies)
        with pytest.raises(Died):
            settled_town.run("2026-05-11T12:45")
    for when in ("2026-05-11T12:50", "2026-05-11T12:55"):
        settled_town.run(when)
    assert item(settled_town).number == "KS 2026/1"
    (told,) = reports(settled_town)
    assert "B7KQ-2M9X finns inte" in told and f"{ref} är registrerat" in told


def test_a_restored_database_hears_the_answers_again(settled_town: Town, tmp_path: Path) -> None:
    town = settled_town
    digest = officers_mail(town)
    backup = tmp_path / "backup.db"
    shutil.copy(town.root / "mailbot.db", backup)
    for minute, words in enumerate(("till Karin", "ångra", "till Anna")):
        reply(town, digest, f"{only(town).ref} {words}", f"2026-05-12T08:0{minute}", by=LARS)
        town.run(f"2026-05-12T08:0{minute + 1}")
    before, mails = only(town), len(town.inbox(ANNA))
    assert before.assignee == "anna"

    for path in town.root.glob("mailbot.db*"):
        path.unlink()
    shutil.copy(backup, town.root / "mailbot.db")
    with town.open() as context:
        context.store.lineage.mark_restored()
    for when in ("2026-05-12T09:05", "2026-05-12T09:10", "2026-05-12T09:15"):
        town.run(when)

    assert only(town).assignee == "anna"
    assert len(town.inbox(ANNA)) == mails
