"""What commands print: no log among the answer, no exception text, nothing that steers a terminal."""

import re
import resource
import signal
from pathlib import Path

import pytest

from mailbot.errors import TransientError
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


@pytest.mark.parametrize("when", ["9999-12-31T23:00", "1899-01-01", "2200-01-01"])
def test_a_pass_at_a_mistyped_year_is_refused(town: Town, when: str) -> None:
    """It would let every retention period run out."""
    told = mailbot("run", "--once", "--at", when, "--config", town.config_path)
    assert (told.status, "out of range" in told.err) == (2, True)


def test_a_file_that_cannot_be_written_is_named(town: Town) -> None:
    told = mailbot("digest", "head", "--html", town.root / "missing" / "x.html", "--config", town.config_path)
    assert told.status == 2
    assert "x.html cannot be written" in told.err


def test_a_defect_tells_its_place_but_not_its_text(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Grannens sjukdom")

    monkeypatch.setattr("mailbot.work.digest.addressed", broken)
    told = mailbot("digest", "head", "--config", town.config_path)
    assert told.status == 1
    assert re.search(r"ZeroDivisionError at .*test_commands\.py:\d+", told.err)
    assert "Grannens" not in told.out + told.err


def test_a_disk_that_fails_under_the_database_is_temporary_trouble(town: Town) -> None:
    """As SQLite reports a file that may not grow; the kernel's limit stands in for a quota."""
    town.deliver("2026-05-11T09:00", APPEAL + "x" * 300_000)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limit[1]))
    try:
        with town.open() as context, pytest.raises(TransientError, match="disk"):
            context.store.installation.set("x", "y" * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
