"""Mistakes in the table of a Microsoft 365 tenant, each told by its key path with what to do."""

import pytest

from mailbot.config.load import load
from mailbot.config.servers import GraphServer
from mailbot.errors import UserError
from tests.config.base import CONFIG, write

SERVER = """\
kind = "graph"
tenant = "8f7c2a10-0000-4000-8000-000000000001"
client_id = "5b1e3d20-0000-4000-8000-000000000002"
certificate = "m365"
out_of_scope = "politiker@by.example"
"""
RIGHT = CONFIG.replace('kind = "maildir"\npath = "mail/{address}"\n', SERVER)


def test_the_base_has_no_problem(tmp_path):
    server = load(write(tmp_path, RIGHT)).servers["post"]
    assert isinstance(server, GraphServer)
    assert server.base_url == "https://graph.microsoft.com/v1.0"


def test_a_server_on_this_machine_needs_no_encryption(tmp_path):
    text = RIGHT.replace("tenant =", 'base_url = "http://127.0.0.1:4010"\ntenant =')
    assert isinstance(load(write(tmp_path, text)).servers["post"], GraphServer)


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('tenant = "8f7c2a10-0000-4000-8000-000000000001"\n', "", "servers.post.tenant: is missing"),
        ('tenant = "8f7c2a10-0000-4000-8000-000000000001"', 'tenant = " "', "servers.post.tenant: is empty"),
        ('tenant = "8f7c2a10-0000-4000-8000-000000000001"', 'tenant = "our tenant"', "servers.post.tenant: is neither"),
        ('client_id = "5b1e3d20', 'client_id = "mailbot', "servers.post.client_id: is no id of an application"),
        ('certificate = "m365"\n', "", "servers.post.certificate: is missing, and there is no secret either"),
        ('certificate = "m365"', 'certificate = "m365"\nsecret = "s"', "servers.post.secret: is not used beside"),
        ('certificate = "m365"', 'secret = "Q8~hem ligt"', "servers.post.secret: is no name of a secret"),
        ('certificate = "m365"', 'certificate = "/etc/m.pem"', "servers.post.certificate: is no name of a secret"),
        ("out_of", 'base_url = "http://graph.example/v1.0"\nout_of', "servers.post.base_url: is not encrypted"),
        ("out_of", 'base_url = "graph.example"\nout_of', "servers.post.base_url: is no web address"),
        ("out_of", 'authority_url = "https://a:b@login.example"\nout_of', "servers.post.authority_url: holds more"),
        ("out_of", "requests_per_second = 0\nout_of", "servers.post.requests_per_second: is 0"),
        ("politiker@by.example", "politiker", "servers.post.out_of_scope: is no address"),
    ],
)
def test_a_mistake_is_told_and_no_value_that_may_be_a_secret(tmp_path, right, wrong, problem):
    assert right in RIGHT
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, RIGHT.replace(right, wrong, 1)))
    assert any(text.startswith(problem) for text in caught.value.problems), caught.value.problems
    assert "Q8~hem" not in str(caught.value)
