"""The daemon as a real process under a service manager: what it says, what signals do, what it leaves behind."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_SECONDS, until
from tests.support.town import Town
from tests.work.test_working_day import APPEAL

#: the program with short limits, for what would take minutes
_IMPATIENT = (
    "import mailbot.daemon as d, sys; d._GRACE_SECONDS = 1; d._PULSE_SECONDS = 0.2; "
    "d._Daemon.stuck_seconds = property(lambda self: 1.5); sys.argv[0] = 'mailbot'; "
    "from mailbot.cli.main import main; main()"
)


class ServiceManager:
    """Listens as systemd does, and starts the daemon."""

    def __init__(self, town: Town, *, abstract: bool = False, watchdog_seconds: float = 0.6) -> None:
        self.town, self.watchdog_seconds = town, watchdog_seconds
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"mailbot-{os.getpid()}-{id(self)}"
        self.address = f"@{name}" if abstract else str(town.root / "notify")
        self._socket.bind("\0" + name if abstract else self.address)
        threading.Thread(target=self._listen, daemon=True).start()
        self.processes: list[subprocess.Popen[str]] = []

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.said.append(self._socket.recv(4096).decode())

    def start(self, *, impatient: bool = False) -> subprocess.Popen[str]:
        program = ["-c", _IMPATIENT] if impatient else ["-m", "mailbot"]
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": self.address,
            "WATCHDOG_USEC": str(int(self.watchdog_seconds * 1e6)),
        }
        log = (self.town.root / "log").open("a")
        process = subprocess.Popen(
            [sys.executable, *program, "run", "--config", str(self.town.config_path), "--json"],
            env=environment, stdout=log, stderr=log, text=True,
        )  # fmt: skip
        log.close()
        self.processes.append(process)
        return process

    def log(self) -> list[dict[str, object]]:
        lines = (self.town.root / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, object]]:
        return [line for line in self.log() if line["event"] == name]

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self._socket.close()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture
def manage(town: Town) -> Iterator[Callable[..., ServiceManager]]:
    made: list[ServiceManager] = []

    def make(**options: object) -> ServiceManager:
        made.append(ServiceManager(town, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_hears_that_it_is_ready_lives_and_ends(
    manage: Callable[..., ServiceManager], abstract: bool
) -> None:
    manager = manage(abstract=abstract)
    process = manager.start()
    until(lambda: any("next pass" in one for one in manager.said))
    until(lambda: manager.said.count("WATCHDOG=1") >= 3)
    assert manager.said[0] == "READY=1\nSTATUS=first pass under way"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    until(lambda: any(one.startswith("STOPPING=1") for one in manager.said))
    state = json.loads((manager.town.root / "health.json").read_text())
    assert state["status"] == "ok" and state["mailboxes"] == 6
    assert datetime.fromisoformat(state["stale_after"]) > datetime.now(UTC)


def test_a_new_configuration_takes_effect_and_a_bad_one_does_not(
    manage: Callable[..., ServiceManager], town: Town
) -> None:
    manager = manage()
    process = manager.start()
    until(lambda: manager.events("pass"))
    good = town.config_path.read_text()
    town.config_path.write_text(
        good.replace('mode = "enforce"', 'mode = "enfroce"').replace("kommunen@by", "kommunen@bi")
    )
    process.send_signal(signal.SIGHUP)
    until(lambda: manager.events("configuration_refused"))
    until(lambda: any("refused" in one for one in manager.said))
    assert len(manager.events("configuration_refused")) >= 2, "every problem"
    town.config_path.write_text(good.replace('operator = "it@by.example"', 'operator = "karin@by.example"'))
    town.deliver("2026-11-20T09:00", APPEAL)
    process.send_signal(signal.SIGHUP)
    until(lambda: manager.events("configuration_reloaded"))

    def answered() -> list[str]:
        """What was said, the pulse left out, which may come in between."""
        return [one for one in manager.said if not one.startswith("WATCHDOG=1")]

    until(lambda: len([one for one in answered() if one.startswith("READY=1")]) >= 3)
    reloading = next(one for one in answered() if one.startswith("RELOADING=1\nMONOTONIC_USEC="))
    assert answered()[answered().index(reloading) + 1].startswith("READY=1")
    until(lambda: len(manager.events("pass")) >= 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    with town.open() as context:
        assert len(context.store.diary.list()) == 1


def with_a_silent_server(town: Town) -> socket.socket:
    """Takes connections, and never says a word."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=50)
    port = silent.getsockname()[1]
    text = town.config_path.read_text().replace(
        'address = "kommunen@by.example"\nserver = "post"', 'address = "kommunen@by.example"\nserver = "slow"'
    )
    text += f"""
[servers.slow]
kind = "imap"
host = "127.0.0.1"
port = {port}
tls = "none"
login = "master"
user = "mailbot"
secret = "slow"
"""
    town.config_path.write_text(text)
    (town.root / "secrets" / "slow").write_text("x")
    (town.root / "secrets" / "slow").chmod(0o600)
    return silent


def test_the_end_comes_also_while_a_server_is_silent(manage: Callable[..., ServiceManager], town: Town) -> None:
    with with_a_silent_server(town) as silent:
        manager = manage()
        process = manager.start(impatient=True)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        connection.close()
    assert any(one.startswith("STOPPING=1") for one in manager.said)


def test_the_watchdog_hears_nothing_of_a_pass_that_is_stuck(manage: Callable[..., ServiceManager], town: Town) -> None:
    with with_a_silent_server(town) as silent:
        manager = manage()
        manager.start(impatient=True)
        connection, _ = silent.accept()
        until(lambda: manager.events("pass_is_stuck"))
        heard = manager.said.count("WATCHDOG=1")
        threading.Event().wait(1)
        assert manager.said.count("WATCHDOG=1") == heard
        connection.close()


def test_a_second_daemon_does_not_start(manage: Callable[..., ServiceManager]) -> None:
    manager = manage()
    first = manager.start()
    until(lambda: manager.events("pass"))
    assert manager.start().wait(PATIENCE_SECONDS) == 2
    assert first.poll() is None


def test_it_ends_when_the_database_is_taken_away(manage: Callable[..., ServiceManager], town: Town) -> None:
    manager = manage()
    process = manager.start()
    until(lambda: manager.events("pass"))
    (town.root / "mailbot.db").unlink()
    process.send_signal(signal.SIGHUP)  # makes a pass now
    assert process.wait(PATIENCE_SECONDS) == 2
    assert json.loads((town.root / "health.json").read_text())["failure"] == "DatabaseGone"


def test_a_storm_of_signals_loses_and_repeats_nothing(manage: Callable[..., ServiceManager], town: Town) -> None:
    """Ended, killed and reloaded at any moment while mail arrives."""
    dice = random.Random(7)
    manager = manage()
    pause = threading.Event()
    until_moment = time.monotonic() + 20
    written = 0
    process = manager.start()
    while time.monotonic() < until_moment:
        town.deliver(
            "2026-11-20T09:00",
            APPEAL,
            subject=f"Mitt bygglov {written}",
            from_=f"P{written} <p{written}@privat.example>",
        )
        written += 1
        pause.wait(dice.uniform(0, 0.8))
        process.send_signal(dice.choice((signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)))
        pause.wait(dice.uniform(0, 0.3))
        if process.poll() is not None:
            assert process.returncode in (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP)
            process = manager.start()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_SECONDS)
    with town.open() as context:
        from mailbot.work.passes import one_pass

        one_pass(context, datetime.now(UTC))
        items = context.store.diary.list()
        outbox = context.store.outbox.list()
    assert len(items) == written
    forwarded = [raw for raw in town.inbox("eva@by.example") if b"message/rfc822" in raw]
    assert len(forwarded) == len([one for one in outbox if one.kind == "forward" and one.state == "sent"])
    assert len(
        {line for raw in forwarded for line in raw.splitlines() if line.startswith(b"Message-ID: <mailbot.")}
    ) == len(forwarded)
