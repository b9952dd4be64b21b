"""Cyrus as a server with scripts. ANNA's account is there; everybody else's lies on the session's Dovecot."""

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from tests.platforms.contract_absence import ANNA
from tests.platforms.dovecot_sieve import DovecotSieve
from tests.platforms.sieve_world import lmtp
from tests.servers.cyrus import SERVICE_PASSWORD, SERVICE_USER, Cyrus


class CyrusSieve:
    def __init__(self, cyrus: Cyrus, others: DovecotSieve) -> None:
        self.cyrus, self.others = cyrus, others
        self._seen = 0

    def endpoint(self) -> Endpoint:
        context = client_context(self.cyrus.ca_file)
        return Endpoint(host="localhost", port=self.cyrus.ports["sieve"], tls="starttls", context=context)

    def login(self, address: str) -> Login:
        """By authorization identity: Cyrus knows no master password here."""
        return Login(method="authzid", mailbox=address, user=SERVICE_USER, secret=lambda: SERVICE_PASSWORD)

    def empty(self, address: str) -> None:
        if address != ANNA:
            self.others.empty(address)
        self.cyrus.add_account(address)
        with SieveConnection(self.endpoint(), self.login(address)) as person:
            person.set_active(None)
            for name in person.list_scripts()[0]:
                person.delete_script(name)
        if address == ANNA:
            self._seen = len(self.cyrus.messages(ANNA))

    def deliver(self, address: str, raw: bytes, sender: str) -> None:
        lmtp(self.cyrus.ports["lmtp"], address, raw, sender)

    def inbox(self, address: str) -> list[bytes]:
        self.others.wait_for_delivery()
        return self.cyrus.messages(ANNA)[self._seen :] if address == ANNA else self.others.inbox(address)
