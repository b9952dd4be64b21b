"""The shape of the database: brought up to date on request, never silently."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mailbot.errors import UserError
from mailbot.store.database import Database, create_file, sqlite_path
from mailbot.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

#: the revision that this program works with. Written here so that opening a store needs not load Alembic.
HEAD = "0008"

_MIGRATIONS = Path(__file__).parent / "migrations"


def current(database: Database) -> str | None:
    """The revision that the database has; None: it has no tables of ours."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(url: str) -> None:
    """Create the database, or bring it to this program's revision; all of it in one transaction, or nothing."""
    path = sqlite_path(url)
    if path is not None:
        create_file(path)
    database = Database(url)
    try:
        found = current(database)
        if found is not None and found not in revisions():
            raise UserError(_newer(found))
        from alembic import command

        with database.write() as connection:
            configuration = _alembic()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    finally:
        database.dispose()


def require_current(database: Database) -> None:
    """UserError with the remedy, unless the database has exactly this program's revision."""
    path = sqlite_path(database.url.render_as_string(hide_password=False))
    if path is not None and not path.exists():
        raise UserError(f"there is no database at {path}; `mailbot db upgrade` creates it")
    found = current(database)
    if found is None:
        raise UserError("the database is empty; `mailbot db upgrade` creates its tables")
    if found == HEAD:
        return
    if found not in revisions():
        raise UserError(_newer(found))
    raise UserError(f"the database has revision {found}, this program needs {HEAD}; run `mailbot db upgrade`")


def check(url: str) -> list[str]:
    """What is wrong with the database, each with its remedy; empty when nothing is."""
    path = sqlite_path(url)
    # Looked at first: opening the database makes further files with the mode of the first.
    problems = _file_problems(path) if path is not None else []
    database = Database(url)
    try:
        require_current(database)
        with database.read() as connection:
            if path is not None:
                problems += _damage(connection)
            problems += _differences(connection)
            problems += _missing_guards(connection)
    except UserError as error:
        return [*problems, str(error)]
    finally:
        database.dispose()
    return problems


def _alembic() -> "AlembicConfig":
    from alembic.config import Config as AlembicConfig

    configuration = AlembicConfig()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return configuration


def revisions() -> set[str]:
    """Every revision that this program can upgrade from, and its own."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _newer(found: str) -> str:
    return (
        f"the database has revision {found}, which this program does not know: it is too old; install the newer mailbot"
    )


def _file_problems(path: Path) -> list[str]:
    loose = [
        one for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")) if one.exists() and one.stat().st_mode & 0o077
    ]
    return [f"{one} can be read by others and holds personal data; chmod 600 {one}" for one in loose]


def _damage(connection: Connection) -> list[str]:
    words = connection.execute(text("PRAGMA quick_check(20)")).scalars()
    problems = [f"the file is damaged ({word}); restore the last backup" for word in words if word != "ok"]
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    problems += [
        f"a row of {row[0]} refers to a missing row of {row[2]}; restore the last backup" for row in broken[:20]
    ]
    return problems


def _differences(connection: Connection) -> list[str]:
    """Tables that somebody changed by hand."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": False})
    count = len(compare_metadata(context, metadata))
    if not count:
        return []
    return [f"the tables differ from what revision {HEAD} makes in {count} places; restore the last backup"]


def _missing_guards(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        query, expected = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'", 2
    else:
        query, expected = (
            "SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_refuses_change' AND tgenabled <> 'D'",
            1,
        )
    if connection.execute(text(query)).scalar_one() >= expected:
        return []
    return ["the triggers that keep the audit trail append-only are missing; restore the last backup"]
