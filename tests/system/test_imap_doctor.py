"""`mailbot doctor` against live servers: the usual misconfigurations, each named with its remedy."""

import json
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.daemon import utc_now
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.rights import access
from mailbot.platforms.imap.transport import Endpoint
from mailbot.work.doctor_findings import Check, Findings
from mailbot.work.doctor_imap import imap_checks
from tests.platforms.smtp_world import ScriptedSmtp
from tests.servers.certificates import Authority
from tests.servers.dovecot import BARE, FULL, STRICT, Dovecot
from tests.servers.postfix import Postfix
from tests.servers.scripted import ScriptedImap
from tests.support.command import mailbot
from tests.support.imap_town import ImapTown


@pytest.fixture
def town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    return ImapTown(tmp_path, dovecot, postfix)


def findings(town: ImapTown, *, ahead: timedelta = timedelta(), language: str = "en") -> dict[str, Check]:
    config = town.config
    with wiring.imap_servers(config) as imap:
        checks = list(imap_checks(config, imap, Findings(language), utc_now() + ahead))
    assert all(check.status == "ok" or check.remedy for check in checks)
    return {check.name: check for check in checks}


def change(town: ImapTown, old: str, new: str) -> None:
    text = town.config_path.read_text(encoding="utf-8")
    assert old in text
    town.config_path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("host", [FULL, BARE])
def test_where_all_is_well_every_mailbox_is_tried_and_nothing_is_left_behind(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, host: str
) -> None:
    town = ImapTown(tmp_path, dovecot, postfix, host=host)
    town.lay("kommunen", town.letter("Hej"))
    town.lay("kommunen", town.letter("Hej"))
    found = findings(town)
    assert {check.status for check in found.values()} == {"ok"}
    assert len(found) == len(town.accounts) + 1
    assert found[f"mailbox {town.address('kommunen')}"].message == "readable, 2 mails in the inbox"
    assert "nothing was sent" in found["outgoing mail"].message
    assert town.mails("it") == town.mails("mailbot", "Sent") == []
    assert all(rb"\Seen" not in line for line in town.flags("kommunen"))


def test_the_command_line_shows_it(town: ImapTown) -> None:
    told = mailbot("doctor", "--json", "--config", town.config_path)
    checks = {each["name"]: each["status"] for each in json.loads(told.out)["checks"]}
    assert checks[f"mailbox {town.address('anna')}"] == checks["outgoing mail"] == "ok"


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_a_master_user_who_is_judged_by_the_acl(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, language: str
) -> None:
    town = ImapTown(tmp_path, dovecot, postfix, trapped="anna")
    found = findings(town, language=language)
    assert {name for name, check in found.items() if check.status == "problem"} == {f"mailbox {town.address('anna')}"}
    assert "acl_user = %u" in found[f"mailbox {town.address('anna')}"].remedy


def test_a_wrong_password_is_not_tried_for_every_mailbox(town: ImapTown) -> None:
    (town.root / "secrets" / "post").write_text("wrong")
    log = town.dovecot.folder / "log" / "dovecot.log"
    before = log.read_text().count("Password mismatch")
    found = findings(town)
    refused = [check for name, check in found.items() if name.startswith("mailbox")]
    assert len(refused) == len(town.accounts)
    assert all("mailbot secret set" in check.remedy for check in refused)
    assert "refuses the login" in found["outgoing mail"].message
    assert log.read_text().count("Password mismatch") - before <= 4


def test_passwords_that_are_not_taken_without_tls(town: ImapTown) -> None:
    change(town, f'host = "{FULL}"', f'host = "{STRICT}"\ntls = "none"')
    change(town, f"port = {town.dovecot.ports['imaps']}", f"port = {town.dovecot.ports['imap']}")
    found = findings(town)
    assert "LOGINDISABLED" in found["server post"].message
    assert "not tried" in found["server post"].remedy


def test_a_certificate_signed_by_nobody_known(town: ImapTown) -> None:
    change(town, f'ca_file = "{town.dovecot.ca_file}"\n', "")
    found = findings(town)
    assert set(found) == {"server post", "outgoing mail"}
    assert all("ca_file" in check.message for check in found.values())


@pytest.mark.parametrize(
    ("signed", "words"),
    [({"days": -1}, "has expired or is not valid yet"), ({"names": "DNS:other.example"}, "made out to another name")],
)
def test_a_certificate_that_has_expired_or_belongs_to_another(
    town: ImapTown, authority: Authority, signed: dict[str, int | str], words: str
) -> None:
    certificate = authority.sign("odd", **signed)  # type: ignore[arg-type]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    offer = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b""}
    with ScriptedImap(offer, tls=context) as odd:
        change(town, f"port = {town.dovecot.ports['imaps']}", f'port = {odd.port}\ntls = "starttls"')
        assert words in findings(town)["server post"].message


def test_a_clock_that_is_slow(town: ImapTown) -> None:
    town.lay("anna", town.letter("Hej"))
    assert "server post" not in findings(town)
    slow = findings(town, ahead=timedelta(minutes=-10))["server post"]
    assert slow.status == "warning"
    assert "NTP" in slow.remedy


def test_a_server_that_is_down_is_told_once(town: ImapTown) -> None:
    with ScriptedImap() as gone:
        port = gone.port
    change(town, f"port = {town.dovecot.ports['imaps']}", f"port = {port}")
    found = findings(town)
    assert [name for name in found if name != "outgoing mail"] == ["server post"]
    assert f"its {len(town.accounts)} mailboxes were not tried" in found["server post"].remedy


def test_an_address_that_may_not_be_sent_from(town: ImapTown) -> None:
    service = town.address("mailbot")
    change(town, f'address = "{service}"\n', f'address = "{service}"\nuser = "{town.address("eva")}"\n')
    found = findings(town)["outgoing mail"]
    assert "takes no mail from" in found.message
    assert "smtpd_sender_login_maps" in found.remedy


def test_an_operator_whom_no_mail_reaches(town: ImapTown) -> None:
    change(town, f'operator = "{town.address("it")}"', 'operator = "ingen@bjurholm.example"')
    assert "operator" in findings(town)["outgoing mail"].remedy


def test_a_server_that_refuses_the_empty_sender(town: ImapTown) -> None:
    smtp = ScriptedSmtp({"MAIL FROM:<>": "550 5.7.1 no"})
    try:
        change(
            town, f'port = {town.postfix.ports["submissions"]}, tls = "implicit"', f'port = {smtp.port}, tls = "none"'
        )
        found = findings(town)["outgoing mail"]
    finally:
        smtp.close()
    assert "takes no mail from <>" in found.message
    assert smtp.lines[-1].upper() == "QUIT"
    assert not [line for line in smtp.lines if line.startswith("DATA")]


def test_a_sent_folder_that_takes_no_copies(town: ImapTown) -> None:
    account = town.accounts["mailbot"]
    with town.dovecot.person(account) as person:
        assert person.setacl("Sent", account.address, "lr")[0] == "OK"
    assert "right i" in findings(town)[f"mailbox {account.address}"].remedy


@pytest.mark.parametrize(("code", "may_file"), [(b"READ-ONLY", False), (b"READ-WRITE", True)])
def test_where_no_rights_are_told_it_counts_how_the_folder_opens(code: bytes, may_file: bool) -> None:
    answers = {
        'LIST "" "*"': b'* LIST () "/" INBOX\r\n* LIST () "/" Sent\r\n',
        "SELECT": b"* 0 EXISTS\r\nTAG OK [" + code + b"] opened\r\n",
        "UID FETCH": b'* 2 FETCH (UID 2 INTERNALDATE "25-Nov-2024 07:01:00 +0000")\r\n',
    }
    with ScriptedImap(answers) as server:
        login = Login(method="user", mailbox="m", user="m", secret=lambda: "x")
        connection = ImapConnection(Endpoint(host="127.0.0.1", port=server.port, tls="none"), login)
        found = access(connection, {}, files=True)
        connection.close()
    assert (found.may_file, found.sent, found.messages) == (may_file, "Sent", 2)
