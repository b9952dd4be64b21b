"""Dovecot with Pigeonhole as a server with scripts, Postfix in front of it."""

import shutil
import time

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from tests.platforms.sieve_world import lmtp
from tests.servers.dovecot import MASTER_PASSWORD, MASTER_USER, Account, Dovecot
from tests.servers.postfix import Postfix

_ARRIVAL_SECONDS = 20


class DovecotSieve:
    def __init__(self, dovecot: Dovecot, postfix: Postfix) -> None:
        self.dovecot, self.postfix = dovecot, postfix
        self.accounts: dict[str, Account] = {}

    def endpoint(self) -> Endpoint:
        context = client_context(self.dovecot.ca_file)
        return Endpoint(host="localhost", port=self.dovecot.ports["sieve"], tls="starttls", context=context)

    def login(self, address: str) -> Login:
        return Login(method="master", mailbox=address, user=MASTER_USER, secret=lambda: MASTER_PASSWORD)

    def empty(self, address: str) -> None:
        self.accounts[address] = account = self.dovecot.add_account(address)
        shutil.rmtree(self.dovecot.home(account), ignore_errors=True)

    def plant(self, address: str, name: str, raw: bytes) -> None:
        """Lay a script into the folder past the server, as an old backup or another program does."""
        folder = self.dovecot.home(self.accounts[address]) / "sieve"
        (folder / f"{name}.sieve").write_bytes(raw)

    def deliver(self, address: str, raw: bytes, sender: str) -> None:
        lmtp(self.dovecot.ports["lmtp"], address, raw, sender)

    def wait_for_delivery(self) -> None:
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self.postfix.queued() and time.monotonic() < deadline:
            time.sleep(0.02)

    def inbox(self, address: str) -> list[bytes]:
        address = address.lower()
        self.wait_for_delivery()
        if address not in self.accounts:
            self.empty(address)
        with self.dovecot.person(self.accounts[address]) as person:
            _, found = person.select("INBOX", readonly=True)
            if found == [b"0"]:
                return []
            _, answer = person.fetch("1:*", "(BODY.PEEK[])")
        return [piece[1] for piece in answer if isinstance(piece, tuple)]
