"""A real Cyrus IMAP server, as far as Sieve goes: timsieved and lmtpd, with an identity that may act for everybody.

Only `cyrus-common` is needed; Debian's `cyrus-imapd` cannot be installed beside Dovecot. What lies in a mailbox is read
from the spool. Replies and redirected copies leave through the session's Postfix.
"""

import pwd
import shutil
import smtplib
import subprocess
import time
from pathlib import Path

from tests.servers.certificates import Authority
from tests.servers.processes import Program, free_ports, listens

SERVICE_USER, SERVICE_PASSWORD = "mailbot", "cyrus-password"
#: may log in with the same password, but act for nobody
POWERLESS_USER = "vikarie"
_LISTENERS = ("lmtp", "sieve")
_BIN = Path("/usr/lib/cyrus/bin")


class Cyrus:
    """`folder` must be short and reachable for everybody. Needs root, whose master program becomes the user cyrus."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.ca_file = authority.ca_file
        self.ports: dict[str, int] = {}
        self._certificate = authority.sign("cyrus")
        self._program: Program | None = None
        self._accounts: set[str] = set()
        for name in ("conf/db", "conf/proc", "conf/socket", "spool", "sieve", "run", "log"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._copy_key()
        for user in (SERVICE_USER, POWERLESS_USER):
            self._add_user(user)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "cyrus", "mail")

    def start(self, smtp_port: int) -> None:
        for _ in range(5):
            self.ports = dict(zip(_LISTENERS, free_ports(len(_LISTENERS)), strict=True))
            self._configure(smtp_port)
            arguments = ["-C", "imapd.conf", "-M", "cyrus.conf", "-p", "run/master.pid"]
            paths = [str(self.folder / each) if "/" in each or each.endswith(".conf") else each for each in arguments]
            self._program = Program([str(_BIN / "master"), *paths, "-D"], output=self.folder / "log" / "master.out")
            if self._program.wait_until(lambda: all(listens(port) for port in self.ports.values())):
                return
        raise RuntimeError(f"cyrus does not start; see {self.folder / 'log'}")

    def add_account(self, address: str) -> None:
        """INBOX is made by the first mail (in lmtpd), the folder for scripts by the first login (in timsieved).

        Cyrus 3.6 draws the folders' names on disk from a generator that each process starts from the clock's second:
        what two processes of one second make is one folder. So each account gets a second of its own.
        """
        if address in self._accounts:
            return
        self._accounts.add(address)
        second = int(time.time())
        while int(time.time()) == second:
            time.sleep(0.01)
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as server:
            server.sendmail("", [address], b"Subject: makes the account\r\n\r\n")

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def messages(self, address: str) -> list[bytes]:
        """What lies in somebody's INBOX; empty without one."""
        command = [str(_BIN / "mbpath"), "-C", str(self.folder / "imapd.conf"), f"user/{address}"]
        found = subprocess.run(command, capture_output=True, text=True, check=False, user=pwd.getpwnam("cyrus").pw_uid)
        if found.returncode != 0 or not found.stdout.startswith("/"):
            return []
        files = [path for path in Path(found.stdout.strip()).iterdir() if path.name.rstrip(".").isdigit()]
        return [path.read_bytes() for path in sorted(files, key=lambda path: int(path.name.rstrip(".")))]

    def _copy_key(self) -> None:
        """Where the user cyrus may read it."""
        for name, path in (("cert.pem", self._certificate.certificate), ("key.pem", self._certificate.key)):
            shutil.copy(path, self.folder / name)
            (self.folder / name).chmod(0o640)

    def _add_user(self, user: str) -> None:
        database = str(self.folder / "sasldb")
        command = ["saslpasswd2", "-p", "-c", "-f", database, "-u", "localhost", user]
        subprocess.run(command, input=SERVICE_PASSWORD.encode(), check=True, capture_output=True)

    def _configure(self, smtp_port: int) -> None:
        values = {
            "folder": str(self.folder),
            "smtp_port": str(smtp_port),
            **{f"{name}_port": str(port) for name, port in self.ports.items()},
        }
        for name in ("imapd.conf", "cyrus.conf"):
            text = (Path(__file__).parent / f"cyrus-{name}").read_text()
            for key, value in values.items():
                text = text.replace(f"@{key}@", value)
            (self.folder / name).write_text(text)
