"""Every test runs on a real SQLite file; and on PostgreSQL too when MAILBOT_TEST_POSTGRES holds the URL of an empty
database that may be overwritten."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from mailbot.store.database import Database
from mailbot.store.references import References
from mailbot.store.schema import upgrade
from mailbot.store.store import Store

POSTGRES = os.environ.get("MAILBOT_TEST_POSTGRES", "")
REFERENCES = References(b"a reference key of thirty-two b.")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded SQLite file to copy: quicker than upgrading for every test."""
    path = tmp_path_factory.mktemp("template") / "mailbot.db"
    upgrade(f"sqlite:///{path}")
    return path


def wipe_postgres() -> None:
    database = Database(POSTGRES)
    with database.write(in_turn=False) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.dispose()


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path) -> str:
    """The URL of an upgraded, empty database."""
    if request.param == "sqlite":
        shutil.copy(empty_database, tmp_path / "mailbot.db")
        return f"sqlite:///{tmp_path / 'mailbot.db'}"
    wipe_postgres()
    upgrade(POSTGRES)
    return POSTGRES


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url, REFERENCES, lock_timeout_seconds=0.2) as opened:
        yield opened


@pytest.fixture
def fresh_store(tmp_path: Path, empty_database: Path) -> Iterator[Callable[[], Store]]:
    """Makes empty SQLite stores, for tests that need many."""
    opened: list[Store] = []
    numbers = count()

    def make() -> Store:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copy(empty_database, path)
        opened.append(Store.open(f"sqlite:///{path}", REFERENCES))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
