"""What commands print: no log among the answer, no exception text, nothing that steers a terminal."""

import re
from pathlib import Path

import pytest

from tests.support.command import mailbot
from tests.support.town import Town
from tests.work.test_working_day import APPEAL

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def test_json_of_hostile_text_cannot_steer_a_terminal(town: Town, tmp_path: Path) -> None:
    hostile = "a\u202eb\u2066c"
    file = tmp_path / "one.eml"
    file.write_bytes(town.letter("2026-05-11T09:00", hostile).as_bytes())
    told = mailbot("assess", file, "--json", "--reveal", "--config", town.config_path)
    assert told.status == 0
    assert not STEERING.search(told.out)
    assert told.rows[0]["text"]["new"].strip() == hostile


def test_sending_a_digest_answers_with_the_answer_alone(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", APPEAL)
    settled_town.run("2026-05-11T12:30")
    told = mailbot(
        "digest", "officer", "--send", "--at", "2026-05-12T05:00", "--lang", "en", "--config", settled_town.config_path
    )
    assert (told.status, told.out.splitlines()) == (
        0,
        ["Sent: 1 of 1. The rest was sent earlier today or waits in the queue."],
    )


def test_a_defect_while_assessing_tells_neither_the_mail_nor_the_exception(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("Grannens sjukdom")

    monkeypatch.setattr("mailbot.work.assess.decide", broken)
    file = tmp_path / "one.eml"
    file.write_bytes(town.letter("2026-05-11T09:00", APPEAL, subject="Grannens sjukdom").as_bytes())
    told = mailbot("assess", file, "--json", "--config", town.config_path)
    assert told.status == 0
    assert len(told.rows) == 1
    assert "Grannens" not in told.out + told.err
    assert "Traceback" not in told.out + told.err
