"""The servers that other tests lean on do what those tests believe."""

import smtplib
import ssl
import time

import pytest

from tests.servers.dovecot import BARE, FULL, MASTER_PASSWORD, MASTER_USER, OLD, Dovecot
from tests.servers.postfix import Postfix

MAIL = b"From: bo@medborgare.example\r\nSubject: hej\r\n\r\nHej!\r\n"


def test_variants_advertise_less(dovecot: Dovecot) -> None:
    account = dovecot.add_account()
    offered = {}
    for host in (FULL, OLD, BARE):
        with dovecot.person(account, host=host) as client:
            offered[host] = set(client.capability()[1][0].decode().split())
    assert {"CONDSTORE", "QRESYNC", "UIDPLUS", "SPECIAL-USE", "LIST-STATUS", "ESEARCH", "LITERAL+"} <= offered[FULL]
    assert not {"LIST-STATUS", "ESEARCH", "LITERAL+", "ID"} & offered[OLD]
    assert offered[BARE] == {"IMAP4rev1"}


def test_mail_is_delivered_and_commands_are_recorded(dovecot: Dovecot) -> None:
    account = dovecot.add_account(separator=".", prefix="INBOX.")
    recording = dovecot.record_commands(account)
    dovecot.deliver(account, MAIL)
    dovecot.append(account, MAIL)
    with dovecot.person(account) as client:
        assert client.select("INBOX") == ("OK", [b"2"])
        assert client.namespace()[1][0].startswith(b'(("INBOX." "."))')
    assert "SELECT INBOX" in recording.commands()


def test_the_acl_trap_lets_a_master_user_in_and_shows_nothing(dovecot: Dovecot) -> None:
    import imaplib

    for trap, answer in ((False, "OK"), (True, "NO")):
        account = dovecot.add_account(acl_trap=trap)
        context = ssl.create_default_context(cafile=str(dovecot.ca_file))
        with imaplib.IMAP4_SSL(FULL, dovecot.ports["imaps"], ssl_context=context) as client:
            client.login(f"{account.address}*{MASTER_USER}", MASTER_PASSWORD)
            assert client.select("INBOX")[0] == answer


def test_uidvalidity_changes(dovecot: Dovecot) -> None:
    account = dovecot.add_account()
    dovecot.append(account, MAIL)
    seen = []
    for _ in range(2):
        with dovecot.person(account) as client:
            seen.append(client.status("INBOX", "(UIDVALIDITY)")[1])
        dovecot.change_uidvalidity(account)
    assert seen[0] != seen[1]


@pytest.mark.parametrize("port", ["submission", "submissions", "seven"])
def test_submission(postfix: Postfix, dovecot: Dovecot, port: str) -> None:
    sender, recipient = dovecot.add_account(), dovecot.add_account()
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    if port == "submissions":
        client: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", postfix.ports[port], context=context)
    else:
        client = smtplib.SMTP("127.0.0.1", postfix.ports[port])
        client.starttls(context=context)
    with client:
        client.login(sender.address, sender.password)
        assert ("8bitmime" in client.esmtp_features) == (port != "seven")
        to = [recipient.address, "nobody@bjurholm.example", "busy@bjurholm.example"]
        refused = client.sendmail(sender.address, to, MAIL)
        assert {address: code for address, (code, _) in refused.items()} == {to[1]: 550, to[2]: 450}
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with dovecot.person(recipient) as person:
            if person.select("INBOX") == ("OK", [b"1"]):
                return
        time.sleep(0.02)
    raise AssertionError("the mail did not arrive")


def test_nobody_sends_in_anothers_name(postfix: Postfix, dovecot: Dovecot) -> None:
    account = dovecot.add_account()
    with smtplib.SMTP("127.0.0.1", postfix.ports["submission"]) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(postfix.ca_file)))
        client.login(account.address, account.password)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("eva@bjurholm.example", [account.address], MAIL)
        client.sendmail("", [account.address], MAIL)
