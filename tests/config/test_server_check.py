"""Mistakes in an IMAP server's table, each told by its key path with what to do."""

import pytest

from mailbot.config.load import load
from mailbot.config.servers import ImapServer
from mailbot.errors import UserError
from tests.config.base import CONFIG, write

SERVER = """\
kind = "imap"
host = "mail.by.example"
tls = "implicit"
login = "master"
user = "mailbot"
secret = "post"
smtp = { host = "mail.by.example", port = 465 }
"""
RIGHT = CONFIG.replace('kind = "maildir"\npath = "mail/{address}"\n', SERVER)


def test_the_base_has_no_problem(tmp_path):
    server = load(write(tmp_path, RIGHT)).servers["post"]
    assert isinstance(server, ImapServer)
    assert (server.imap_port, server.folders.sent, server.managesieve) == (993, (), None)


def test_relative_paths_count_from_the_file(tmp_path):
    server = load(write(tmp_path, RIGHT.replace("tls =", 'ca_file = "ca.pem"\ntls ='))).servers["post"]
    assert isinstance(server, ImapServer)
    assert server.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('host = "mail.by.example"\n', "", "servers.post.host: is missing"),
        ('host = "mail.by.example"\n', 'host = ""\n', "servers.post.host: is empty"),
        ('host = "mail.by.example"\n', 'host = "imaps://mail"\n', "servers.post.host: 'imaps://mail' is no host name"),
        ('host = "mail.by.example", port', 'host = "m m", port', "servers.post.smtp.host: 'm m' is no host name"),
        ("port = 465", "port = 70000", "servers.post.smtp.port: is 70000; write 1 to 65535"),
        ('tls = "implicit"', 'tls = "none"', 'servers.post.tls: is "none", so that all mail could be read'),
        ('tls = "implicit"', 'tls = "ssl"', 'servers.post.tls: is "ssl"; write "implicit" or "starttls"'),
        ('tls = "implicit"', "keep_connections = -1", "servers.post.keep_connections: is -1"),
        ('user = "mailbot"\n', "", "servers.post.user: is missing"),
        ('secret = "post"\n', "", "servers.post.secret: is missing, and login"),
        ('secret = "post"', 'secret = "hem ligt!"', "servers.post.secret: is no name of a secret"),
        ('login = "master"', 'login = "master"\ntoken_command = ["x"]', "servers.post.token_command: is used with"),
        ('login = "master"', 'login = "xoauth2"', "servers.post.token_command: is missing"),
        ('login = "master"', 'login = "masters"', "servers.post.login: is"),
        ("smtp = {", "managesieve = {", "servers.post.smtp: is missing, and mailbot@by.example sends from here"),
        ('unit = "ks"\n', 'unit = "ks"\nsecret = "k"\n', "mailboxes[0].secret: is not used"),
        ('login = "master"\nuser = "mailbot"\nsecret = "post"\n', "", "mailboxes[0].secret: is missing: this mailbox"),
    ],
)
def test_a_mistake_is_told(tmp_path, right, wrong, problem):
    assert right in RIGHT
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, RIGHT.replace(right, wrong, 1)))
    assert any(text.startswith(problem) for text in caught.value.problems), caught.value.problems
    assert "hem ligt" not in str(caught.value)


def test_two_mailboxes_never_log_in_as_the_same_user(tmp_path):
    text = RIGHT.replace('login = "master"\nuser = "mailbot"\n', "")
    text = text.replace('address = "eva@by.example"', 'address = "eva@by.example"\nuser = "KOMMUNEN@by.example"')
    with pytest.raises(UserError, match="stands at mailboxes"):
        load(write(tmp_path, text))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_may_be_spoken_to_in_clear(tmp_path, host):
    text = RIGHT.replace('"mail.by.example"\ntls = "implicit"', f'"{host}"\ntls = "none"')
    server = load(write(tmp_path, text)).servers["post"]
    assert isinstance(server, ImapServer)
    assert server.imap_port == 143


DIRECTORY = """
[directory]
kind = "ldap"
host = "dc1.by.example"
user = "svc@by.example"
secret = "ldap"
base = "DC=by,DC=example"
"""


def test_a_directory_of_people(tmp_path):
    directory = load(write(tmp_path, CONFIG + DIRECTORY + 'ca_file = "ca.pem"\n')).directory
    assert directory is not None
    assert (directory.ldap_port, directory.ca_file) == (636, str(tmp_path / "ca.pem"))
    assert load(write(tmp_path, CONFIG)).directory is None


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('host = "dc1.by.example"\n', "", "directory.host: is missing"),
        ('"dc1.by.example"', '"ldaps://dc1"', "directory.host: 'ldaps://dc1' is no host name"),
        ('base = "DC=by,DC=example"\n', "", "directory.base: is missing"),
        ('"DC=by,DC=example"', '" "', "directory.base: is empty"),
        ('kind = "ldap"', 'kind = "ldaps"', "directory.kind: is"),
        ('kind = "ldap"', 'kind = "ldap"\ntls = "none"', 'directory.tls: is "none"'),
        ('secret = "ldap"\n', "", "directory.secret: is missing beside directory.user"),
        ('user = "svc@by.example"\n', "", "directory.user: is missing beside directory.secret"),
        ('secret = "ldap"', 'secret = "hem ligt!"', "directory.secret: is no name of a secret"),
    ],
)
def test_each_mistake_in_a_directory_is_told(tmp_path, right, wrong, problem):
    assert right in DIRECTORY
    with pytest.raises(UserError) as told:
        load(write(tmp_path, CONFIG + DIRECTORY.replace(right, wrong)))
    assert any(each.startswith(problem) for each in told.value.problems), told.value.problems
    assert "hem ligt!" not in str(told.value.problems)


@pytest.mark.parametrize(
    ("category", "problem"),
    [
        ("Till diariet", "marks.handed_over: needs Exchange or Microsoft 365"),
        ("Till, diariet", "marks.handed_over: is no category"),
        ("x" * 256, "marks.handed_over: is no category"),
    ],
)
def test_a_category_needs_a_server_that_has_them(tmp_path, category, problem):
    with pytest.raises(UserError) as told:
        load(write(tmp_path, CONFIG + f'\n[marks]\nhanded_over = "{category}"\n'))
    assert any(each.startswith(problem) for each in told.value.problems)
