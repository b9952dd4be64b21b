"""The daemon on a real server: mail is read when it arrives, connections are kept, SIGTERM ends it."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailbot import daemon
from mailbot.config.model import MailboxSettings
from mailbot.work import watching
from mailbot.work.context import Context
from mailbot.work.watching import Bell
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.imap_town import ImapTown
from tests.support.patience import PATIENCE_SECONDS, until
from tests.system.test_imap_working_day import APPEAL


@pytest.fixture
def town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    return ImapTown(tmp_path, dovecot, postfix)


def forwarded(town: ImapTown) -> bool:
    return any(part.get_content_type() == "message/rfc822" for mail in town.mails("eva") for part in mail.walk())


def test_mail_is_read_when_it_arrives_and_a_dead_link_is_taken_up_again(
    town: ImapTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "_GATHER_SECONDS", 0)
    monkeypatch.setattr(watching, "_FIRST_PAUSE_SECONDS", 0.1)
    bell = Bell()
    opened: list[object] = []  # of the authority mailbox; mailbot's own is watched too

    def serve(context: Context) -> None:
        real = context.open_watch

        def open_watch(settings: MailboxSettings) -> object:
            watch = real(settings)
            if settings.role == "authority":
                opened.append(watch)
            return watch

        object.__setattr__(context, "open_watch", open_watch)
        daemon.serve(context, bell)

    with town.open() as context:
        thread = threading.Thread(target=serve, args=(context,))
        thread.start()
        try:
            everybody = len(context.config.mailboxes)  # mailbot's own is the last to be read in a pass
            until(lambda: len(opened) == 1 and len(context.store.intake.last_checks()) == everybody)
            town.post(town.letter(APPEAL), town.address("kommunen"))
            until(lambda: forwarded(town))
            opened[0].interrupt()  # as when a router forgets the connection
            until(lambda: len(opened) == 2)
            town.post(town.letter(APPEAL, subject="Till"), town.address("kommunen"))
            until(lambda: len([m for m in town.mails("eva") if m.is_multipart()]) >= 2)
        finally:
            bell.stop()
            thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_sigterm_ends_the_daemon_while_it_waits(town: ImapTown) -> None:
    command = [sys.executable, "-m", "mailbot", "run", "--config", str(town.config_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        first = next(line for line in process.stdout if " pass " in line)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, output
    assert "daemon_stopped" in first + output


def test_connections_are_kept_between_passes(town: ImapTown) -> None:
    from mailbot.daemon import utc_now
    from mailbot.work.passes import one_pass

    recording = town.recording("anna")
    with town.open() as context:
        for _ in range(3):
            one_pass(context, utc_now())
    assert sum(line.upper().startswith("LOGOUT") for line in recording.commands()) == 1
    assert not [line for line in recording.commands() if line.upper().startswith(("SELECT", "STORE", "UID STORE"))]
