"""Databases of either kind: a test that asks for `store` or `url` runs on a real SQLite file and on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from mailbot.store.references import References
from mailbot.store.schema import upgrade
from mailbot.store.store import Store
from tests.servers.postgres import Postgres

REFERENCES = References(b"a reference key of thirty-two b.")


#: what only SQLite has
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded SQLite file to copy: quicker than upgrading for every test."""
    path = tmp_path_factory.mktemp("template") / "mailbot.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_database: Path) -> str:
    """The URL of an upgraded, empty SQLite file."""
    shutil.copy(empty_database, tmp_path / "mailbot.db")
    return f"sqlite:///{tmp_path / 'mailbot.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an upgraded, empty database of PostgreSQL."""
    name = postgres.copy("upgraded")
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Either, one after the other."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def blank_url(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without a single table, of the same kind as `url`."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/blank.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.copy("empty")
    yield server.url(name)
    server.drop(name)


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
