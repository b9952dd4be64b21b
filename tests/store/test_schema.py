"""The shape of the database: fresh, upgraded, foreign, damaged."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from mailbot.errors import MailbotError, UserError
from mailbot.store import schema
from mailbot.store.database import Database, parse_url
from mailbot.store.store import Store
from mailbot.store.tables import metadata
from tests.store.builders import message, outcome, question, record
from tests.store.conftest import REFERENCES, on_sqlite


def shape(url: str) -> dict[str, Any]:
    """Everything that makes tables behave alike: columns, keys, indexes, checks, triggers."""
    database = Database(url)
    with database.read() as connection:
        looked = inspect(connection)
        tables = {
            name: {
                "columns": [{**column, "type": str(column["type"])} for column in looked.get_columns(name)],
                "primary": looked.get_pk_constraint(name),
                "foreign": sorted(looked.get_foreign_keys(name), key=repr),
                "unique": sorted(looked.get_unique_constraints(name), key=repr),
                "checks": sorted(looked.get_check_constraints(name), key=repr),
                "indexes": sorted(map(_index, looked.get_indexes(name)), key=repr),
            }
            for name in looked.get_table_names()
            if name != "alembic_version"
        }
        if database.is_sqlite:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        else:
            query = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
        triggers = [tuple(row) for row in connection.execute(text(query))]
    database.dispose()
    return {"tables": tables, "triggers": triggers}


def _index(found: Any) -> dict[str, Any]:
    """Conditions of partial indexes come as objects that equal nothing."""
    return {**found, "dialect_options": {name: str(value) for name, value in found.get("dialect_options", {}).items()}}


def create_all(url: str) -> None:
    database = Database(url)
    with database.write(in_turn=False) as connection:
        metadata.create_all(connection)
    database.dispose()


def test_an_upgraded_database_equals_a_fresh_one(url: str, blank_url: str) -> None:
    upgraded = shape(url)
    create_all(blank_url)
    assert shape(blank_url) == upgraded
    assert upgraded["triggers"] and upgraded["tables"]


def test_the_revision_in_the_program_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(schema._alembic()).get_current_head() == schema.HEAD


def test_upgrading_again_changes_nothing_and_the_check_is_content(url: str) -> None:
    before = shape(url)
    schema.upgrade(url)
    assert shape(url) == before and schema.check(url) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_audit_trail_is_append_only(store: Store, url: str, statement: str) -> None:
    record(store, outcome(message(), question()))
    before = store.audit.list()
    database = Database(url)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(text(statement))
    database.dispose()
    assert before and store.audit.list() == before


@on_sqlite
def test_replacing_an_audit_line_is_refused_too(store: Store) -> None:
    record(store, outcome(message(), question()))
    line = "INSERT OR REPLACE INTO audit (id, at, actor, action, detail) VALUES (1, '2026-01-01', 'x', 'x', '{}')"
    with pytest.raises(DBAPIError, match="append-only"), store._database.write() as connection:
        connection.execute(text(line))


def test_a_new_file_is_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    schema.upgrade(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600
    with Store.open(f"sqlite:///{path}", REFERENCES) as store:
        record(store, outcome(message(), question()))
        assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}
    path.chmod(0o640)
    assert schema.check(f"sqlite:///{path}") == [
        f"{path} can be read by others and holds personal data; chmod 600 {path}"
    ]


@on_sqlite
def test_durable_and_checked_connections(store: Store) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    with store._database.read() as connection:
        assert {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in expected} == expected


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "does not know"),
        ("DELETE FROM alembic_version", "is empty"),
        ("DROP TABLE alembic_version", "is empty"),
    ],
)
def test_a_foreign_revision_is_refused_with_the_remedy(url: str, spoil: str, words: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text(spoil))
    database.dispose()
    with pytest.raises(UserError, match=words):
        Store.open(url, REFERENCES)
    assert words in schema.check(url)[0]


def test_an_unknown_revision_is_never_upgraded(url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(UserError, match="install the newer mailbot"):
        schema.upgrade(url)


@pytest.mark.parametrize("spoil", ["DROP INDEX ix_messages_conversation", "DROP TABLE links"])
def test_tables_changed_by_hand_are_found(url: str, spoil: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text(spoil))
    database.dispose()
    assert "differ" in schema.check(url)[0]


def test_a_missing_guard_is_found(url: str) -> None:
    database = Database(url)
    guard = "audit_refuses_delete" if database.is_sqlite else "audit_refuses_change ON audit"
    with database.write() as connection:
        connection.execute(text(f"DROP TRIGGER {guard}"))
    database.dispose()
    assert "append-only" in schema.check(url)[0]


def test_a_missing_database_is_not_created_by_opening(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="db upgrade"):
        Store.open(f"sqlite:///{tmp_path}/none.db", REFERENCES)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="does not exist"):
        schema.upgrade(f"sqlite:///{tmp_path}/none/mailbot.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mailbot.db"
    path.write_text("Dear database, " * 200)
    with pytest.raises(UserError, match="no database"):
        Store.open(f"sqlite:///{path}", REFERENCES)
    assert "no database" in schema.check(f"sqlite:///{path}")[-1]


def test_an_upgrade_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mailbot.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE outbox (x)")
    connection.close()
    with pytest.raises((MailbotError, DBAPIError)):
        schema.upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["outbox"]
    connection.close()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(UserError, match=r"paths\.database"):
        parse_url(url)


def test_postgresql_urls_get_the_driver() -> None:
    assert (
        parse_url("postgresql://x@y/z").drivername == parse_url("postgres://x@y/z").drivername == "postgresql+psycopg"
    )
