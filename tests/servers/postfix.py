"""A real Postfix in front of the session's Dovecot: submission with its accounts' passwords, delivery by LMTP.

Domains it delivers for: bjurholm.example (ours) and medborgare.example (everybody else). Recipients that are refused:
nobody@ and ingen@ for good, busy@ for now. Mail to any other domain bounces: none leaves this machine.
"""

import os
import re
import subprocess
from pathlib import Path

from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.processes import Program, free_ports, listens

#: smtp: as other servers deliver; submission: STARTTLS; submissions: implicit TLS; seven: submission that offers
#: neither 8BITMIME nor SMTPUTF8
_LISTENERS = ("smtp", "submission", "submissions", "seven")
SIZE_LIMIT = 5_000_000
_MAPS = {
    "mailboxes": "if !/^nobody@/\n/./ OK\nendif\n",
    "recipients": "/^(nobody|ingen)@/ 550 5.1.1 No such mailbox here\n/^busy@/ 450 4.2.1 Try again later\n",
    # Who logs in as an address may send as that address only.
    "senders": "/^(.*)$/ $1\n",
}


class Postfix:
    """`folder` must be short and reachable for everybody. Needs root: Postfix's master does."""

    def __init__(self, folder: Path, authority: Authority, dovecot: Dovecot) -> None:
        self.folder = folder
        self.ca_file = authority.ca_file
        self._dovecot = dovecot
        self._certificate = authority.sign("postfix")
        self._program: Program | None = None
        self.ports: dict[str, int] = {}
        for name in ("etc", "queue", "data", "log"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        subprocess.run(["chown", "postfix", str(folder / "data")], check=True)
        for name, rules in _MAPS.items():
            (folder / "etc" / name).write_text(rules)

    def start(self) -> None:
        for _ in range(5):
            self.ports = dict(zip(_LISTENERS, free_ports(len(_LISTENERS)), strict=True))
            self._configure()
            if not (self.folder / "queue" / "active").is_dir():
                self._postfix("check")  # makes the queue's folders
            self.resume()
            assert self._program is not None
            if self._program.wait_until(lambda: all(listens(port) for port in self.ports.values())):
                (self._dovecot.folder / "smtp-port").write_text(str(self.ports["smtp"]))
                return
        raise RuntimeError(f"postfix does not start; see {self.folder / 'log'}")

    def resume(self) -> None:
        master = "/usr/lib/postfix/sbin/master"
        self._program = Program(
            [master, "-c", str(self.folder / "etc"), "-d"], output=self.folder / "log" / "master.out"
        )

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def queued(self) -> list[str]:
        """Ids of the messages that are still in the queue."""
        shown = subprocess.run(
            ["postqueue", "-c", str(self.folder / "etc"), "-j"], check=True, capture_output=True, text=True
        ).stdout
        return re.findall(r'"queue_id": "(\w+)"', shown)

    def _postfix(self, command: str) -> None:
        with (self.folder / "log" / "postfix.out").open("ab") as log:
            environment = {**os.environ, "MAIL_CONFIG": str(self.folder / "etc")}
            subprocess.run(["postfix", command], check=True, stdout=log, stderr=log, env=environment)

    def _configure(self) -> None:
        values = {
            "folder": str(self.folder),
            "certificate": str(self._certificate.certificate),
            "key": str(self._certificate.key),
            "lmtp_port": str(self._dovecot.ports["lmtp"]),
            "sasl_port": str(self._dovecot.ports["sasl"]),
            "size_limit": str(SIZE_LIMIT),
            **{f"{name}_port": str(port) for name, port in self.ports.items()},
        }
        for name in ("main.cf", "master.cf"):
            text = (Path(__file__).parent / f"postfix-{name}").read_text()
            for key, value in values.items():
                text = text.replace(f"@{key}@", value)
            (self.folder / "etc" / name).write_text(text)
