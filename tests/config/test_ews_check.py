"""Mistakes in the table of an Exchange server, each told by its key path with what to do."""

import pytest

from mailbot.config.load import load
from mailbot.config.servers import EwsServer
from mailbot.errors import UserError
from tests.config.base import CONFIG, write

SERVER = """\
kind = "ews"
url = "https://mail.by.example/EWS/Exchange.asmx"
auth = "ntlm"
user = 'BY\\svc-mailbot'
secret = "exchange"
out_of_scope = "politiker@by.example"
"""
RIGHT = CONFIG.replace('kind = "maildir"\npath = "mail/{address}"\n', SERVER)


def test_the_base_has_no_problem(tmp_path):
    server = load(write(tmp_path, RIGHT.replace("auth =", 'ca_file = "ca.pem"\nauth ='))).servers["post"]
    assert isinstance(server, EwsServer)
    assert (server.user, server.ca_file) == ("BY\\svc-mailbot", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('url = "https://mail.by.example/EWS/Exchange.asmx"\n', "", "servers.post.url: is missing"),
        ("https://mail.by.example", "http://mail.by.example", "servers.post.url: is not encrypted"),
        ("https://mail.by.example/EWS/Exchange.asmx", "mail.by.example", "servers.post.url: is no web address"),
        ("user = 'BY\\svc-mailbot'\n", "", "servers.post.user: is missing"),
        ('secret = "exchange"\n', "", "servers.post.secret: is missing"),
        ('secret = "exchange"', 'secret = "hem ligt!"', "servers.post.secret: is no name of a secret"),
        ('auth = "ntlm"', 'auth = "certificate"', "servers.post.certificate: is missing"),
        ('auth = "ntlm"', 'auth = "oauth"', "servers.post.tenant: is missing"),
        ('auth = "ntlm"', 'auth = "digest"', "servers.post.auth: is"),
        ('auth = "ntlm"', 'auth = "ntlm"\nkeep_connections = -1', "servers.post.keep_connections: is -1"),
        ("politiker@by.example", "politiker", "servers.post.out_of_scope: is no address"),
    ],
)
def test_a_mistake_is_told_and_no_value_that_may_be_a_secret(tmp_path, right, wrong, problem):
    assert right in RIGHT
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, RIGHT.replace(right, wrong, 1)))
    assert any(text.startswith(problem) for text in caught.value.problems), caught.value.problems
    assert "hem ligt" not in str(caught.value)
