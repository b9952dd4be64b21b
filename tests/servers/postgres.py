"""A real PostgreSQL server whose databases are copies of one that is upgraded already."""

import pwd
import shutil
import subprocess
from itertools import count
from pathlib import Path

from psycopg import Connection, connect

from mailbot.store.schema import upgrade
from tests.servers.processes import Program

#: Debian keeps each major version in a folder of its own
_VERSIONS = Path("/usr/lib/postgresql")
#: nothing here need survive a power cut
_IN_HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
_SUPERUSER = "postgres"


def programs() -> Path:
    """Where the newest installed server lies; a path that does not exist when there is none."""
    return max(_VERSIONS.glob("*/bin"), key=lambda path: int(path.parent.name), default=_VERSIONS / "bin")


class Postgres:
    """Reached by a socket in `folder` alone, which must be short. Needs root; the server runs as postgres."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count()
        self._program: Program | None = None
        folder.mkdir()
        shutil.chown(folder, _SUPERUSER)
        arguments = ("--pgdata", str(folder / "data"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        subprocess.run(
            [str(programs() / "initdb"), *arguments, "--no-sync"],
            check=True,
            capture_output=True,
            user=pwd.getpwnam(_SUPERUSER).pw_uid,
            cwd=folder,
        )

    def start(self) -> None:
        settings = [part for each in _IN_HASTE for part in ("-c", each)]
        server = [str(programs() / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *settings]
        command = ["setpriv", f"--reuid={_SUPERUSER}", f"--regid={_SUPERUSER}", "--init-groups", "--", *server]
        self._program = Program(command, output=self.folder.with_suffix(".log"))
        ready = [str(programs() / "pg_isready"), "-h", str(self.folder), "-q"]
        if not self._program.wait_until(lambda: subprocess.run(ready, check=False).returncode == 0):
            raise RuntimeError(f"PostgreSQL does not start; see {self.folder.with_suffix('.log')}")
        self._say('CREATE DATABASE "empty"', 'CREATE DATABASE "upgraded"')
        upgrade(self.url("upgraded"))

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def url(self, name: str) -> str:
        return f"postgresql://{_SUPERUSER}@/{name}?host={self.folder}"

    def copy(self, name: str) -> str:
        """The name of a new database that holds what `name` holds, which nobody may have open."""
        copy = f"copy{next(self._numbers)}"
        self._say(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        return copy

    def replace(self, name: str, by: str) -> None:
        """Let `name` hold what `by` holds, whoever has it open."""
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{by}"')

    def drop(self, name: str) -> None:
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _say(self, *statements: str) -> None:
        with self._administration() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _administration(self) -> Connection:
        return connect(host=str(self.folder), user=_SUPERUSER, dbname="postgres", autocommit=True)
