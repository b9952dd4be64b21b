"""`mailbot db`: what an administrator sees and the exit codes."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from mailbot.cli.db import db
from mailbot.errors import UserError
from mailbot.store.schema import HEAD


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the (not yet existing) database of the configuration lies."""
    path = tmp_path / "mailbot.db"
    paths = SimpleNamespace(database=f"sqlite:///{path}")
    config = SimpleNamespace(
        paths=paths, policy=SimpleNamespace(language="en"), people=(), roles=SimpleNamespace(administrators=())
    )
    monkeypatch.setattr("mailbot.cli.db.load_config", lambda _path, **_: config)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(db, arguments)


def test_upgrade_creates_the_database_and_may_be_repeated(database: Path) -> None:
    for _ in range(2):
        result = run("upgrade")
        assert (result.exit_code, result.output) == (0, f"The database has revision {HEAD}.\n")
    assert database.stat().st_mode & 0o777 == 0o600


def test_check_tells_what_to_do_and_ends_with_1(database: Path) -> None:
    result = run("check")
    assert result.exit_code == 1 and "`mailbot db upgrade`" in result.output
    run("upgrade")
    assert (run("check").exit_code, run("check").output) == (0, "The database is sound.\n")
    database.chmod(0o644)
    result = run("check", "--json")
    assert result.exit_code == 1 and "chmod 600" in json.loads(result.output)["problems"][0]


def test_backup_and_copy(database: Path, tmp_path: Path) -> None:
    run("upgrade")
    assert run("backup", str(tmp_path / "b.db")).exit_code == 0
    result = run("copy", f"sqlite:///{tmp_path}/b.db", f"sqlite:///{tmp_path}/c.db", "--lang", "en")
    assert (result.exit_code, result.output) == (0, "1 row has been copied.\n"), "that it is a copy"
    assert (tmp_path / "c.db").exists()


def test_answers_follow_the_language(database: Path, tmp_path: Path) -> None:
    assert run("upgrade", "--lang", "sv").output == f"Databasen har revision {HEAD}.\n"
    assert run("check", "--lang", "nb").output == "Databasen er i orden.\n"
    assert run("backup", "--lang", "sv", str(tmp_path / "b.db")).output == f"{tmp_path}/b.db har skrivits.\n"


def test_errors_are_left_to_the_main_command(database: Path, tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "b.db"))
    assert isinstance(result.exception, UserError) and "db upgrade" in str(result.exception)
