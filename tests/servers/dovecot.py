"""A real Dovecot with Pigeonhole on high loopback ports, for one test session.

One process serves several variants of itself, by address: what FULL advertises, and less of it on the others.
Every account has ACLs, and `add_account(acl_trap=True)` the misconfiguration in which a master user is judged by the
owner's ACL as the master user.
"""

import base64
import hashlib
import hmac
import imaplib
import json
import os
import pwd
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from itertools import count
from pathlib import Path

from tests.servers import sendmail
from tests.servers.certificates import Authority
from tests.servers.processes import Program, free_ports, listens

#: everything that this Dovecot can do
FULL = "127.0.0.1"
#: RFC 3501 and nothing else
BARE = "127.0.0.2"
#: as FULL, but LIST-STATUS, ESEARCH and LITERAL+ are taken away
OLD = "127.0.0.3"
#: no STARTTLS, and passwords are refused without TLS (LOGINDISABLED)
STRICT = "127.0.0.4"

_OLD_CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ENABLE IDLE NAMESPACE UIDPLUS CHILDREN UNSELECT MOVE CONDSTORE SPECIAL-USE"
)
MASTER_USER, MASTER_PASSWORD = "mailbot", "master-password"
PASSWORD = "anna-password"
_OAUTH_KEY = b"a key that only tests know, long enough for HS256"
_LISTENERS = ("imap", "imaps", "sieve", "sieves", "lmtp", "sasl")
_MAIL_OWNER = "mail"


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox on the server."""

    address: str
    password: str
    separator: str
    #: before every folder but INBOX ("INBOX." on Courier-like servers)
    prefix: str


class Dovecot:
    """`folder` must be short and reachable for everybody: it holds unix sockets."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.ca_file = authority.ca_file
        self._certificate = authority.sign("localhost")
        self._numbers = count(1)
        self._owner = pwd.getpwnam(_MAIL_OWNER)
        self._program: Program | None = None
        self.ports: dict[str, int] = {}
        for name in ("mail", "log", "users", "keys/default/HS256"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        os.chown(folder / "mail", self._owner.pw_uid, self._owner.pw_gid)
        sendmail.install(folder)
        (folder / "masters").write_text(f"{MASTER_USER}:{{PLAIN}}{MASTER_PASSWORD}\n")
        (folder / "keys/default/HS256/default").write_text(base64.b64encode(_OAUTH_KEY).decode())
        (folder / "oauth2.conf").write_text(
            "introspection_mode = local\nusername_attribute = email\n"
            f"local_validation_key_dict = fs:posix:prefix={folder}/keys/\n"
        )

    # --- the server ---

    @property
    def configuration(self) -> Path:
        return self.folder / "dovecot.conf"

    def start(self) -> None:
        """Start on ports nobody uses; on others when another session is quicker."""
        for _ in range(5):
            self.ports = dict(zip(_LISTENERS, free_ports(len(_LISTENERS)), strict=True))
            self.resume()
            assert self._program is not None
            if self._program.wait_until(lambda: listens(self.ports["imap"]) and listens(self.ports["lmtp"])):
                return
        raise RuntimeError(f"dovecot does not start; see {self.folder / 'log'}")

    def resume(self) -> None:
        """Start on the same ports as before."""
        self.configuration.write_text(self._configuration())
        self._program = Program(
            ["dovecot", "-F", "-c", str(self.configuration)], output=self.folder / "log" / "dovecot.out"
        )

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    # --- accounts ---

    def add_account(
        self,
        address: str = "",
        *,
        separator: str = "/",
        prefix: str = "",
        special_use: bool = True,
        acl_trap: bool = False,
        storage: str = "maildir",
        settings: Mapping[str, str] | None = None,
    ) -> Account:
        """A new, empty mailbox; without `address` one that no other test uses.

        `storage` is maildir, sdbox or mdbox: in a Maildir the server itself reads the whole directory after a change.
        `settings`: further ones of Dovecot, for this account only.
        """
        address = address or f"anna{next(self._numbers)}@bjurholm.example"
        name, _, domain = address.partition("@")
        home = self.folder / "mail" / domain / name
        fields = [
            f"userdb_mail={storage}:{home}/{'Maildir' if storage == 'maildir' else storage}",
            f"userdb_namespace/inbox/separator={separator}",
        ]
        fields += [f"userdb_{name}={value}" for name, value in (settings or {}).items()]
        if prefix:
            fields.append(f"userdb_namespace/inbox/prefix={prefix}")
        if separator != "/":
            fields.append("userdb_namespace/shared/list=no")  # listed namespaces must share one separator
        if not acl_trap:
            fields.append(f"userdb_acl_user={address}")
        if not special_use:
            fields += [f"userdb_namespace/inbox/mailbox/{each}/auto=no" for each in ("Sent", "Drafts", "Trash", "Junk")]
        line = f"{address}:{{PLAIN}}{PASSWORD}:{self._owner.pw_uid}:{self._owner.pw_gid}::{home}::{' '.join(fields)}\n"
        # One file each: Dovecot looks at a shared one only once a second.
        (self.folder / "users" / address).write_text(line)
        return Account(address, PASSWORD, separator, prefix)

    def home(self, account: Account) -> Path:
        name, _, domain = account.address.partition("@")
        return self.folder / "mail" / domain / name

    def token(self, account: Account) -> str:
        """An OAuth 2.0 access token (a signed JWT) that this server accepts for the account."""
        header = {"alg": "HS256", "typ": "JWT", "kid": "default"}
        claims = {"sub": account.address, "email": account.address, "iat": 1_600_000_000, "exp": 4_000_000_000}
        parts = [_base64(json.dumps(each).encode()) for each in (header, claims)]
        signature = hmac.new(_OAUTH_KEY, ".".join(parts).encode(), hashlib.sha256).digest()
        return ".".join([*parts, _base64(signature)])

    # --- what people and other servers do ---

    def person(self, account: Account, *, host: str = FULL) -> imaplib.IMAP4_SSL:
        """The account's owner with a mail program of their own: a logged-in connection, to be logged out."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        client = imaplib.IMAP4_SSL(host, self.ports["imaps"], ssl_context=context)
        client.login(account.address, account.password)
        return client

    def append(
        self, account: Account, raw: bytes, *, received_at: datetime | None = None, folder: str = "INBOX"
    ) -> None:
        """Lay a message into a folder as it is; `folder` as the server names it."""
        with self.person(account) as client:
            date = imaplib.Time2Internaldate(received_at) if received_at else ""
            answer, _ = client.append(_quoted(folder), "", date, raw)
            assert answer == "OK"

    def deliver(self, account: Account, raw: bytes | Message, *, sender: str = "bo@medborgare.example") -> None:
        """Hand a message over by LMTP, as a mail server does; Sieve scripts run."""
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as lmtp:
            lmtp.sendmail(sender, [account.address], raw if isinstance(raw, bytes) else raw.as_bytes())

    def doveadm(self, *arguments: str) -> str:
        command = ["doveadm", "-c", str(self.configuration), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def change_uidvalidity(self, account: Account, folder: str = "INBOX") -> None:
        """What a restored backup or a rebuilt index does: the mail stays, its numbers mean nothing any more."""
        new = str(1_900_000_000 + next(self._numbers))
        self.doveadm("mailbox", "update", "-u", account.address, "--uid-validity", new, folder)

    def failed_logins(self, address: str) -> int:
        """How often the server has refused somebody who wanted into this mailbox."""
        log = (self.folder / "log" / "dovecot.log").read_text()
        return sum("auth failed" in line and f"user=<{address}>" in line for line in log.splitlines())

    def record_commands(self, account: Account) -> "Recording":
        """Keep what clients of this account send from now on (sessions that log in later)."""
        folder = self.home(account) / "rawlog"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)
        for parent in (folder.parent, folder.parent.parent):
            os.chown(parent, self._owner.pw_uid, self._owner.pw_gid)
        return Recording(folder)

    # --- configuration ---

    def _configuration(self) -> str:
        template = (Path(__file__).parent / "dovecot.conf").read_text()
        values = {
            "folder": str(self.folder),
            "certificate": str(self._certificate.certificate),
            "key": str(self._certificate.key),
            "old_capabilities": _OLD_CAPABILITIES,
            **{f"{name}_port": str(port) for name, port in self.ports.items()},
        }
        for name, value in values.items():
            template = template.replace(f"@{name}@", value)
        return template


class Recording:
    """The command lines that the server received from an account's clients, in order, without their tags."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def commands(self) -> list[str]:
        lines: list[str] = []
        for file in sorted(self._folder.glob("*.in")):
            lines += file.read_bytes().decode("utf-8", "replace").splitlines()
        return [line.partition(" ")[2].partition(" ")[2] for line in lines]

    def octets_sent(self) -> int:
        """How much the server answered."""
        return sum(file.stat().st_size for file in self._folder.glob("*.out"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
