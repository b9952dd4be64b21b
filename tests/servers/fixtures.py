"""Session fixtures: each test session has servers of its own, started when the first test asks for them."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.certificates import Authority
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres, programs

if TYPE_CHECKING:
    from tests.servers.exchange.server import ExchangeServer
    from tests.servers.graph_server import GraphServer

_PACKAGES = {
    "/usr/sbin/dovecot": "dovecot-imapd",
    "/usr/lib/dovecot/managesieve": "dovecot-managesieved",
    "/usr/lib/dovecot/modules/lib90_sieve_plugin.so": "dovecot-sieve",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "/usr/lib/postfix/sbin/master": "postfix",
}
#: for another make of ManageSieve; cyrus-imapd itself cannot be installed beside dovecot-imapd
_CYRUS_PACKAGES = {"/usr/lib/cyrus/bin/timsieved": "cyrus-common", "/usr/sbin/saslpasswd2": "sasl2-bin"}


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path, world-readable: Dovecot's and Postfix's own users go through it to their sockets."""
    _require_servers(_PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="mbt"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def authority(server_folder: Path) -> Authority:
    return Authority(server_folder / "tls")


@pytest.fixture(scope="session")
def dovecot(server_folder: Path, authority: Authority) -> Iterator[Dovecot]:
    server = Dovecot(server_folder / "d", authority)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postfix(server_folder: Path, authority: Authority, dovecot: Dovecot) -> Iterator[Postfix]:
    server = Postfix(server_folder / "p", authority, dovecot)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> "Iterator[GraphServer]":
    """A pretended Microsoft Graph with an empty tenant; all that passes through it must be as Microsoft describes."""
    from mailbot.platforms.pacing import Pacing
    from tests.servers.graph_schema import SCHEMA
    from tests.servers.graph_server import GraphServer
    from tests.servers.graph_tenant import Tenant

    if not SCHEMA.exists():
        _tell("REQUESTS TO MICROSOFT GRAPH WERE NOT VALIDATED: ../shared/schemas/graph/graph-mail.yaml is absent")
    with GraphServer(Tenant()) as server:
        # what mailbot would wait is noted, and nobody waits
        patient = partial(Pacing, sleep=server.waits.append, jitter=lambda: 0.5)
        monkeypatch.setattr("mailbot.platforms.graph.servers.Pacing", patient)
        yield server
    assert server.violations == []


@pytest.fixture
def ews() -> "Iterator[ExchangeServer]":
    """A pretended Exchange without mailboxes; all that passes through it must be as Microsoft's schema says."""
    from tests.servers.exchange.organisation import Organisation
    from tests.servers.exchange.server import SCHEMAS, ExchangeServer

    if not SCHEMAS.exists():
        _tell("REQUESTS TO EXCHANGE WERE NOT VALIDATED: ../shared/schemas/ews is absent")
    server = ExchangeServer(Organisation([]))
    yield server
    server.stop()
    assert server.violations == []


@pytest.fixture(scope="session")
def cyrus(server_folder: Path, authority: Authority, postfix: Postfix) -> Iterator[Cyrus]:
    _require_servers(_CYRUS_PACKAGES)
    server = Cyrus(server_folder / "c", authority)
    server.start(postfix.ports["smtp"])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    _require_servers({str(programs() / "postgres"): "postgresql"})
    folder = Path(tempfile.mkdtemp(prefix="mbp"))
    folder.chmod(0o755)
    server = Postgres(folder / "p")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def require_ldap() -> None:
    _require_servers({"/usr/sbin/slapd": "slapd"})


_told: set[str] = set()


def _tell(warning: str) -> None:
    """Once, and loudly."""
    if warning not in _told:
        _told.add(warning)
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(warning, stacklevel=1)


def _require_servers(packages: Mapping[str, str]) -> None:
    """Without the programs: a failure in CI, elsewhere one loud skip that names the packages."""
    missing = [package for program, package in packages.items() if not Path(program).exists()]
    problem = f"apt-get install {' '.join(missing)}" if missing else ""
    if not missing and os.geteuid() != 0:
        problem = "run the tests as root (Postfix's master needs it)"
    if not problem:
        return
    if os.environ.get("CI"):
        pytest.fail(f"real mail servers are missing: {problem}", pytrace=False)
    _tell(f"NO TEST AGAINST REAL MAIL SERVERS WAS RUN: {problem}")
    pytest.skip(f"real mail servers are missing: {problem}")
