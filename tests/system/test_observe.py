"""Invariant 4, from outside: while mailbot observes, a week of mail leaves no trace in any mailbox but the operator's
digests and their copies in mailbot's own Sent folder."""

import os
from pathlib import Path

from tests.servers.dovecot import Account, Dovecot
from tests.servers.postfix import Postfix
from tests.support.command import mailbot
from tests.support.imap_town import ImapTown
from tests.support.town import Town, at
from tests.work.test_working_day import APPEAL, QUESTION

OPERATOR = "it@by.example"
SECRET = "Jag är orolig för grannens pojke Kalle. Han har blåmärken och säger att pappa slår honom."
PASSES = (
    "2026-05-11T07:00", "2026-05-11T12:30", "2026-05-12T07:00", "2026-05-13T15:30", "2026-05-15T07:00",
    "2026-05-15T15:30", "2026-05-15T17:30", "2026-05-18T07:00",
)  # fmt: skip


def laid(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Every file with its times and content: a flag is a part of a Maildir name, a rename another file."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            status = path.stat()
            found[str(path.relative_to(root))] = (
                status.st_ino, status.st_mtime_ns, status.st_mode, path.read_bytes(),
            )  # fmt: skip
    return found


def test_a_week_on_maildirs(tmp_path: Path) -> None:
    town = Town(tmp_path, mode="observe", checks=True)
    config = town.config_path
    town.run("2026-05-08T07:00")
    town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov")
    town.deliver("2026-05-11T09:05", QUESTION, subject="Simhallen", message_id="<bath@privat.example>")
    town.deliver("2026-05-11T09:10", SECRET, subject="Orolig för Kalle", from_="Vera <vera@privat.example>")
    town.deliver("2026-05-11T09:15", QUESTION, to="anna@by.example", from_="Ulf <ulf@privat.example>")
    town.deliver_bytes("kommunen@by.example", b"\x00\x01 no mail at all", "2026-05-11T09:20")
    town.answer("2026-05-12T10:00", "Varje dag.\n", by="lars@by.example", to="bo@privat.example",
                in_reply_to="<bath@privat.example>")  # fmt: skip
    town.deliver("2026-05-12T11:00", "kontrollerad\n", to="mailbot@by.example", from_="Lars Lind <lars@by.example>")
    before = laid(town.root / "mail")
    for when in PASSES:
        town.run(when)
        mailbot("attest", "kommunen@by.example", "--at", when, "--config", config)
    absence = (
        "--for",
        "anna",
        "--from",
        "2026-06-01",
        "--back",
        "2026-06-08",
        "--option",
        "B",
        "--cover",
        "lars",
        "--yes",
        "--ics",
        str(tmp_path / "absence.ics"),
    )
    planned = mailbot("setup-autoreply", *absence, "--at", "2026-05-18T08:00", "--config", config)
    assert planned.status == 0, planned.err
    with town.open() as context:
        assert context.store.diary.list() and context.store.obligations.list(), "it reads, decides and starts clocks"
        for item in context.store.diary.list():
            context.store.diary.confirm(item.ref, "KS 2026/1", by="person:eva", now=at("2026-05-18T09:00"))
    town.run("2026-05-18T12:30")
    town.run("2026-06-02T07:00")  # during the absence
    after = laid(town.root / "mail")
    own = (f"{OPERATOR}/new/", "mailbot@by.example/.Sent/")
    assert {name: one for name, one in after.items() if not name.startswith(own)} == {
        name: one for name, one in before.items() if not name.startswith(own)
    }
    assert before.keys() <= after.keys()
    assert town.outside() == []
    digests = b"".join(town.inbox(OPERATOR))
    assert digests and b"Kalle" not in digests and b"Vera" not in digests


def marks(dovecot: Dovecot, account: Account) -> dict[str, object]:
    """Per folder what any change would move: UIDs, flags, the folder's modification sequence; and the Sieve scripts."""
    found: dict[str, object] = {}
    with dovecot.person(account) as client:
        _, listed = client.list()
        for line in listed:
            if not line:
                continue
            folder = line.decode().rpartition(' "." ')[2] if b' "." ' in line else line.decode().rpartition(" ")[2]
            _, status = client.status(folder, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)")
            client.select(folder, readonly=True)
            _, flags = client.uid("FETCH", "1:*", "(FLAGS)")
            found[folder] = (status, flags)
    found["sieve"] = dovecot.doveadm("sieve", "list", "-u", account.address)
    return found


def test_a_week_on_a_mail_server(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    town = ImapTown(tmp_path, dovecot, postfix)
    text = town.config_path.read_text().replace('mode = "enforce"', 'mode = "observe"')
    assert 'mode = "observe"' in text
    town.config_path.write_text(text)

    def run(when: str) -> None:
        assert mailbot("run", "--once", "--at", when, "--config", town.config_path).status in (0, 1)
        town.wait_for_delivery()

    run("2026-05-08T07:00")
    for number, words in enumerate((APPEAL, QUESTION, SECRET)):
        letter = town.letter(words, subject=f"Ett ärende {number}")
        del letter["Date"]
        letter["Date"] = at("2026-05-11T09:00")
        dovecot.append(town.accounts["kommunen"], letter.as_bytes(), received_at=at("2026-05-11T09:00"))
    watched = [name for name in town.accounts if name not in ("it", "mailbot")]
    before = {name: marks(dovecot, town.accounts[name]) for name in watched}
    inbox = marks(dovecot, town.accounts["mailbot"])["INBOX"]
    for when in PASSES:
        run(when)
    absence = (
        "--for",
        "anna",
        "--from",
        "2026-05-18",
        "--back",
        "2026-05-25",
        "--option",
        "B",
        "--cover",
        "lars",
        "--yes",
        "--ics",
        str(tmp_path / "absence.ics"),
    )
    planned = mailbot("setup-autoreply", *absence, "--at", "2026-05-15T18:00", "--config", town.config_path)
    assert planned.status == 0, planned.err
    run("2026-05-18T08:00")
    run("2026-05-19T07:00")
    assert {name: marks(dovecot, town.accounts[name]) for name in watched} == before
    assert marks(dovecot, town.accounts["mailbot"])["INBOX"] == inbox
    assert town.mails(town.citizen) == []
    assert town.mails("it"), "the operator hears what would have happened"
    with town.open() as context:
        assert context.store.diary.list() and context.store.obligations.list()
