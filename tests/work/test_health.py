"""What outside monitoring sees of a pass: the files, and the URL that is called."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mailbot import health
from mailbot.config.model import Config
from mailbot.health import Beat
from mailbot.work.intake import MailboxPass
from mailbot.work.passes import PassReport
from tests.support.command import mailbot
from tests.support.town import Town, at

NOW, NEXT = at("2026-05-11T07:00"), at("2026-05-11T07:05")
BOTH = ("kommunen@by.example", "anna@by.example")


def report(*unread: str, alarms: tuple[str, ...] = ()) -> PassReport:
    mailboxes = tuple(MailboxPass(one, 0, "no answer" if one in unread else None) for one in BOTH)
    return PassReport(mailboxes=mailboxes, holding_replies=0, digests=0, answers=0, sent=1, alarms=alarms)


def told(config: Config, found: PassReport | None, failure: str = "") -> dict[str, object]:
    stale = health.stale_after(config, NOW, NEXT)
    health.tell(config, Beat(at=NOW, report=found, failure=failure, next_pass_at=NEXT, stale_after=stale))
    return dict(json.loads(Path(config.monitoring.health_file).read_text()))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (report(), "ok"),
        (report("kommunen@by.example", alarms=("mailbox_not_read",)), "attention"),
        (report(*BOTH, alarms=("mailbox_not_read",)), "failing"),
        (None, "failing"),
    ],
)
def test_the_status(settled_town: Town, found: PassReport | None, status: str) -> None:
    state = told(settled_town.config, found)
    assert state["status"] == status
    assert state["stale_after"] == "2026-05-11T05:35:00+00:00", "the next pass, and half an hour of patience"


def test_personal_mailboxes_are_only_counted(settled_town: Town) -> None:
    state = told(settled_town.config, report(*BOTH))
    assert (state["unread_mailboxes"], state["unread_count"]) == (["kommunen@by.example"], 2)
    assert "anna" not in json.dumps(state)


def test_the_files_are_whole_and_for_everybody_to_read(settled_town: Town) -> None:
    prometheus = settled_town.root / "mailbot.prom"
    monitoring = replace(settled_town.config.monitoring, prometheus_file=str(prometheus))
    config = replace(settled_town.config, monitoring=monitoring)
    told(config, report(), "")
    assert Path(config.monitoring.health_file).stat().st_mode & 0o777 == 0o644
    metrics = prometheus.read_text()
    assert "mailbot_up 1\n" in metrics and "mailbot_last_pass_timestamp_seconds 1778475600.0\n" in metrics


def test_a_file_that_cannot_be_written_stops_nothing(settled_town: Town) -> None:
    monitoring = replace(settled_town.config.monitoring, health_file="/dev/full/health.json")
    config = replace(settled_town.config, monitoring=monitoring)
    assert health.tell(config, Beat(at=NOW, report=report(), stale_after=NEXT)) is None


def test_a_failing_pass_is_told(settled_town: Town) -> None:
    assert told(settled_town.config, None, "TransientError")["failure"] == "TransientError"


@pytest.fixture
def called() -> Iterator[tuple[str, list[str]]]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ping/0a1b", paths
    server.shutdown()
    server.server_close()


def test_the_url_is_called_after_a_pass(settled_town: Town, called: tuple[str, list[str]]) -> None:
    town, (url, paths) = settled_town, called
    with town.config_path.open("a") as file:
        file.write(f'\n[monitoring]\nping_url = "{url}"\n')
    once = ("run", "--once", "--config", town.config_path, "--at")
    assert mailbot(*once, "2026-05-11T07:30").status == 0
    assert paths == ["/ping/0a1b"]
    (town.maildir("anna@by.example") / "cur").rename(town.root / "away")
    assert mailbot(*once, "2026-05-11T07:35").status == 1
    assert paths[1:] == ["/ping/0a1b/fail"]
    state = json.loads((town.root / "health.json").read_text())
    assert (state["status"], state["next_pass_at"]) == ("attention", None)


def test_nobody_there_delays_nothing(settled_town: Town) -> None:
    monitoring = replace(settled_town.config.monitoring, ping_url="http://127.0.0.1:9/ping")
    config = replace(settled_town.config, monitoring=monitoring)
    thread = health.tell(config, Beat(at=NOW, report=report(), stale_after=NEXT))
    assert thread is not None and thread.daemon
    thread.join(5)


def test_status_tells_when_the_passes_have_stopped(settled_town: Town) -> None:
    once = ("--config", settled_town.config_path, "--at")
    mailbot("run", "--once", *once, "2026-05-11T07:30")
    status = ("status", "--lang", "en", *once)
    assert "Last pass 2026-05-11 07:30" in mailbot(*status, "2026-05-11T07:40").out
    late = mailbot(*status, "2026-05-11T09:00")
    assert late.status == 0 and "THE PASSES HAVE STOPPED" in late.out
    assert mailbot(*status, "2026-05-11T09:00", "--check").status == 1
    assert mailbot(*status, "2026-05-11T07:40", "--check").status == 0
    assert mailbot(*status, "2026-05-11T07:40", "--json").rows[0]["service"]["stale"] is False
