"""The official signature into a person's mail program."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from mailbot.platforms.people import Signatures
from mailbot.work.signature_install import install_signature
from tests.support.command import mailbot
from tests.support.town import Town

NOW = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


class Outlook(Signatures):
    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}

    def read(self, address: str) -> str:
        return self.kept[address][0]

    def install(self, address: str, text: str, html: str) -> None:
        self.kept[address] = (text, html)


def test_where_the_server_takes_it_nobody_is_mailed(town: Town) -> None:
    outlook = Outlook()
    with town.open() as context:
        object.__setattr__(context, "open_signatures", lambda settings: outlook)
        person = context.config.person("anna")
        assert person is not None
        assert install_signature(context, person, by="login:root", now=NOW) == "installed"
        assert context.store.outbox.list() == []
        assert [line.action for line in context.store.audit.list()][-1] == "signature_installed"
    text, html = outlook.kept["anna@by.example"]
    assert text.startswith("*" * 64 + "\nMed vänlig hälsning\nAnna Ek\nHandläggare\n")
    assert "Anna Ek" in html and "<script" not in html


def test_elsewhere_the_person_gets_the_block_once(town: Town) -> None:
    for _ in range(2):
        answer = mailbot("signature", "install", "anna", "--at", "2026-05-11T09:00", "--config", town.config_path)
        assert answer.status == 0, answer.err
    assert "anna@by.example" in answer.out
    town.run("2026-05-11T09:05")
    mails = (message_from_bytes(raw, policy=policy.default) for raw in town.inbox("anna@by.example"))
    (mail,) = [one for one in mails if "brevfot" in str(one["Subject"])]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "*" * 64 + "\nMed vänlig hälsning\nAnna Ek" in body.get_content().replace("\r\n", "\n")


def test_in_observe_mode_nothing_happens(tmp_path: Path) -> None:
    town = Town(tmp_path, mode="observe")
    answer = mailbot("signature", "install", "anna", "--lang", "en", "--config", town.config_path)
    assert (answer.status, answer.out) == (0, "Observe mode: nothing was changed or sent.\n")
    with town.open() as context:
        assert context.store.outbox.list() == []
