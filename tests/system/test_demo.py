"""The sample week, as a newcomer runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.demo import actions, letters
from mailbot.demo.run import Week, live_through_the_week


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return live_through_the_week(tmp_path_factory.mktemp("demo") / "out", lambda told, context: None)


def mailbot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailbot", *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def rows(week: Week, *arguments: str) -> list[dict[str, object]]:
    told = mailbot("--config", str(week.folder / "config.toml"), *arguments, "--json")
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_every_letter_is_read_once_and_the_sums_agree(week: Week) -> None:
    arrived = [letter for letter in letters.load() if letter.entry.folder != "Drafts" and letter.copies()]
    received = [one for one in arrived if any(copy.folder != "Sent" for copy in one.copies())]
    assert 80 <= len(arrived) <= 120
    assert week.accounts.received == len(received)
    assert week.accounts.unparsable == 1
    assert week.accounts.confidential >= 4
    assert week.accounts.overdue == 0
    owed = week.accounts
    assert owed.answered_late >= 1
    assert owed.needing_reply == owed.answered_in_time + owed.answered_late + owed.still_open
    assert owed.still_open + owed.to_judge == len(rows(week, "replies", "list"))


def test_what_people_did_met_an_item_that_waited_for_them(week: Week) -> None:
    numbers = {deed.number for deed in actions.load() if deed.do == "confirm"}
    registered = {row["number"] for row in rows(week, "diary", "list", "--state", "registered")}
    assert numbers <= registered
    dismissed = rows(week, "diary", "list", "--state", "dismissed")
    assert len(dismissed) == len([deed for deed in actions.load() if deed.do == "dismiss"])


def test_the_same_letter_is_never_sent_twice(week: Week) -> None:
    sent = [row["message_id"] for row in rows(week, "outbox", "list", "--state", "all")]
    assert len(sent) == len(set(sent))


def test_no_confidential_subject_leaves_the_mailbox_it_lies_in(week: Week) -> None:
    confidential = {row["message_id"] for row in rows(week, "diary", "list", "--state", "all") if row["confidential"]}
    subjects = {letter.entry.subject for letter in letters.load() if letter.message_id in confidential}
    assert len(subjects) >= 3
    written = list(week.digests)
    written += [path for path in (week.folder / "outside").iterdir() if path.is_file()]
    written += list(week.folder.glob("mailbot.db*"))
    for path in written:
        content = path.read_bytes()
        for subject in subjects:
            assert subject.encode() not in content, f"{path.name} shows a confidential subject"


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    told = mailbot("demo", "--out", str(tmp_path))
    assert told.returncode == 2
    assert "holds other files" in told.stderr
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_the_story_is_told_in_three_languages(tmp_path: Path, language: str) -> None:
    told = mailbot("--lang", language, "demo", "--out", str(tmp_path / "out"))
    assert told.returncode == 0, told.stderr
    holiday = {"sv": "Kristi himmelsfärdsdag", "nb": "Kristi himmelsfärdsdag", "en": "Ascension Day"}[language]
    assert f"2026, {holiday}\n" in told.stdout
    assert not re.search(r"2026, (lördag|lørdag|Saturday)", told.stdout)
    command = re.search(r"--config (\S+) (status --at \S+)", told.stdout)
    assert command is not None
    assert mailbot("--config", command[1], *command[2].split()).returncode in (0, 1)
