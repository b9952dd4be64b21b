"""A small installation in observe mode whose authority mailbox holds generated mail."""

from pathlib import Path

from benchmarks.corpus import AUTHORITY, write_maildir

_CONFIG = f"""
mode = "observe"
start_from = "2026-09-01"
operator = "it@bjurholm.example"

[organisation]
name = "Bjurholms kommun"
profile = "bjurholm"
domains = ["bjurholm.example"]
mail_hosts = ["mail.bjurholm.example"]
postal_address = "Storgatan 1, 916 00 Bjurholm"

[paths]
database = "sqlite:///{{root}}/mailbot.db"
people = "people.toml"
secrets = "{{root}}/secrets"

[roles]
head_of_administration = ["karin"]
administrators = ["karin"]
switchboard = "vaxel@bjurholm.example"

[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["karin"]
mail_officers = ["karin"]

[servers.post]
kind = "maildir"
path = "{{root}}/mail/{{{{address}}}}"

[[mailboxes]]
address = "{AUTHORITY}"
server = "post"
role = "authority"
unit = "ks"

[[mailboxes]]
address = "karin@bjurholm.example"
server = "post"
role = "personal"
unit = "ks"

[[mailboxes]]
address = "it@bjurholm.example"
server = "post"
role = "function"
unit = "ks"

[[mailboxes]]
address = "mailbot@bjurholm.example"
server = "post"
role = "service"
"""

PEOPLE = """
[[people]]
id = "karin"
name = "Karin Berg"
email = "karin@bjurholm.example"
title = "Kommunchef"
login = "karin"
"""


def build(root: Path, messages: int) -> None:
    """Write configuration, secret, mailboxes and an empty database below `root`."""
    from mailbot.store import schema

    root.mkdir(parents=True)
    (root / "config.toml").write_text(_CONFIG.format(root=root), encoding="utf-8")
    (root / "people.toml").write_text(PEOPLE, encoding="utf-8")
    (root / "secrets").mkdir(mode=0o700)
    key = root / "secrets" / "reference-key"
    key.write_text("5a" * 32)
    key.chmod(0o600)
    for address in ("karin", "it", "mailbot"):
        write_maildir(root / "mail" / f"{address}@bjurholm.example", 0)
    write_maildir(authority(root), messages)
    schema.upgrade(f"sqlite:///{root}/mailbot.db")


def authority(root: Path) -> Path:
    return root / "mail" / AUTHORITY
