"""A small installation in observe mode whose authority mailbox holds generated mail."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.corpus import AUTHORITY, write_maildir

_ORGANISATION = """
mode = "observe"
start_from = "{start_from}"
operator = "it@bjurholm.example"

[organisation]
name = "Bjurholms kommun"
profile = "bjurholm"
domains = ["bjurholm.example"]
mail_hosts = ["mail.bjurholm.example"]
postal_address = "Storgatan 1, 916 00 Bjurholm"

[paths]
database = "sqlite:///{root}/mailbot.db"
people = "people.toml"
secrets = "{root}/secrets"

[roles]
head_of_administration = ["karin"]
administrators = ["karin"]
switchboard = "vaxel@bjurholm.example"

[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["karin"]
mail_officers = ["karin"]
"""

_MAILBOX = """
[[mailboxes]]
address = "{address}"
server = "post"
role = "{role}"
unit = "ks"
"""

_SERVICE = """
[[mailboxes]]
address = "mailbot@bjurholm.example"
server = "post"
role = "service"
"""

_MAILDIR = """
[servers.post]
kind = "maildir"
path = "{root}/mail/{{address}}"
"""

_PEOPLE = """
[[people]]
id = "karin"
name = "Karin Berg"
email = "karin@bjurholm.example"
title = "Kommunchef"
login = "karin"
"""


def build(root: Path, messages: int) -> None:
    """An installation on Maildirs below `root`, with so many messages in its authority mailbox."""
    roles = {AUTHORITY: "authority", "karin@bjurholm.example": "personal", "it@bjurholm.example": "function"}
    write(root, _MAILDIR.format(root=root), roles, start_from="2026-09-01")
    for address in ("karin", "it", "mailbot"):
        write_maildir(root / "mail" / f"{address}@bjurholm.example", 0)
    write_maildir(authority(root), messages)


def write(
    root: Path, server: str, roles: Mapping[str, str], *, start_from: str, secrets: Mapping[str, str] | None = None
) -> None:
    """Configuration, people, secrets and an empty database below `root`.

    `server` is the table [servers.post], `roles` what each mailbox is beside mailbot's own.
    """
    from mailbot.store import schema

    (root / "secrets").mkdir(parents=True, mode=0o700)
    mailboxes = "".join(_MAILBOX.format(address=address, role=role) for address, role in roles.items())
    text = _ORGANISATION.format(root=root, start_from=start_from) + server + mailboxes + _SERVICE
    (root / "config.toml").write_text(text, encoding="utf-8")
    (root / "people.toml").write_text(_PEOPLE, encoding="utf-8")
    for name, value in {"reference-key": "5a" * 32, **(secrets or {})}.items():
        path = root / "secrets" / name
        path.write_text(value)
        path.chmod(0o600)
    schema.upgrade(f"sqlite:///{root}/mailbot.db")


def authority(root: Path) -> Path:
    return root / "mail" / AUTHORITY
