"""ANNA and EVA with scripts on a real server that speaks ManageSieve."""

import smtplib
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Protocol

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.sieve_account import SieveScripts
from mailbot.platforms.imap.sieve_connection import SieveConnection, SieveRefused
from mailbot.platforms.imap.sieve_replies import SieveAutoReplies, SieveForwardRules
from mailbot.platforms.imap.sieve_script import House
from mailbot.platforms.imap.transport import Endpoint
from mailbot.platforms.replies import AutoReply
from tests.platforms.contract_absence import ANNA, EVA

HOUSE = House(domains=("bjurholm.example",), service_address="mailbot@bjurholm.example")
_NUMBERS = count(1)


class SieveServer(Protocol):
    """A running server, whatever its make."""

    def endpoint(self) -> Endpoint: ...

    def login(self, address: str) -> Login:
        """As the service identity that may act for everybody."""
        ...

    def empty(self, address: str) -> None:
        """The account exists and holds neither mail nor scripts."""
        ...

    def deliver(self, address: str, raw: bytes, sender: str) -> None: ...

    def inbox(self, address: str) -> list[bytes]:
        """What lies there once everything is delivered."""
        ...


class SieveWorld:
    def __init__(self, server: SieveServer, *, anna: str = ANNA, eva: str = EVA) -> None:
        self.server, self.anna, self.eva = server, anna, eva
        #: servers remember whom they have answered, and which mail they have forwarded, after an account was emptied
        self.number = next(_NUMBERS)
        for address in (anna, eva):
            server.empty(address)
        self.scripts = SieveScripts(self.connect, HOUSE)

    def connect(self, address: str) -> SieveConnection:
        return SieveConnection(self.server.endpoint(), self.server.login(address))

    # --- what people do ---

    def save(self, name: str, text: str | bytes, *, active: bool = False) -> None:
        with self.connect(self.anna) as person:
            person.put_script(name, text if isinstance(text, bytes) else text.encode())
            if active:
                person.set_active(name)

    def everything(self) -> tuple[dict[str, bytes], str | None]:
        """All of ANNA's scripts by name, and the active one."""
        with self.connect(self.anna) as person:
            names, active = person.list_scripts()
            return {name: person.get_script(name) or b"" for name in names}, active

    def clear(self) -> None:
        with self.connect(self.anna) as person:
            person.set_active(None)
            for name in person.list_scripts()[0]:
                with suppress(SieveRefused):
                    person.delete_script(name)


class SieveAutoRepliesWorld(SieveWorld):
    def open(self) -> SieveAutoReplies:
        return SieveAutoReplies(self.scripts)

    def person_sets(self, reply: AutoReply) -> None:
        vacation = f'vacation "{reply.external_text}";'
        body = vacation if reply.enabled else f"if false {{ {vacation} }}"
        self.save("semester", f'require ["vacation"];\r\n{body}\r\n', active=True)

    def other_settings(self) -> object:
        return {name: raw for name, raw in self.everything()[0].items() if not name.startswith("mailbot")}


class SieveForwardRulesWorld(SieveWorld):
    def open(self) -> SieveForwardRules:
        return SieveForwardRules(self.scripts)

    def person_adds_rule(self) -> None:
        self.save("projekt", f'require ["copy"];\r\nredirect :copy "{EVA}";\r\n', active=True)

    def own_rules(self) -> object:
        return self.everything()[0]["projekt"]

    def keeps_original(self) -> bool:
        before = len(self.server.inbox(self.anna))
        self.server.deliver(self.anna, mail("bo@medborgare.example", self.anna), "bo@medborgare.example")
        return len(self.server.inbox(self.anna)) == before + 1


def mail(sender: str, to: str, subject: str = "Fråga om bygglov", **fields: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Mon, 06 Jul 2026 08:00:00 +0200"
    message["Message-ID"] = fields.pop("message_id", f"<{abs(hash((sender, to, subject)))}@test.example>")
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("Hej! Får jag bygga?\n")
    return message.as_bytes()


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def lmtp(port: int, address: str, raw: bytes, sender: str, connect: Callable[..., smtplib.LMTP] = smtplib.LMTP) -> None:
    with connect("127.0.0.1", port) as server:
        server.sendmail(sender, [address], raw)
