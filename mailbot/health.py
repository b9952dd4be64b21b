"""What outside monitoring sees: a file that goes stale when mailbot does, and a URL that is called after every pass.

Neither holds personal data: counts, fixed words, times, and the addresses of authority and function mailboxes.
"""

import json
import os
import threading
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailbot.config.model import Config
from mailbot.log import get_logger
from mailbot.work.passes import PassReport

log = get_logger(__name__)

_PING_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What is known after a pass."""

    at: datetime
    #: None: the pass failed as a whole
    report: PassReport | None
    #: a fixed word, the name of what stopped the pass
    failure: str = ""
    #: None: whoever started this pass starts the next
    next_pass_at: datetime | None = None
    #: from then on the file tells nothing any more
    stale_after: datetime


def health(config: Config, beat: Beat) -> dict[str, Any]:
    """The content of the health file. `status`: ok; attention = a person must act; failing = nothing is read."""
    report = beat.report
    unread = {one.mailbox for one in report.unread} if report else set()
    shown = [box.address for box in config.mailboxes if box.address in unread and box.role in ("authority", "function")]
    return {
        "status": _status(report),
        "mode": config.mode,
        "last_pass_at": beat.at.isoformat(),
        "next_pass_at": beat.next_pass_at and beat.next_pass_at.isoformat(),
        "stale_after": beat.stale_after.isoformat(),
        "failure": beat.failure or None,
        "alarms": list(report.alarms) if report else ["pass_failed"],
        "mailboxes": len(report.mailboxes) if report else 0,
        "unread_mailboxes": shown,
        "unread_count": len(unread),
        "new_messages": report.new_messages if report else 0,
        "sent": report.sent if report else 0,
    }


def _status(report: PassReport | None) -> str:
    if report is None or (report.mailboxes and len(report.unread) == len(report.mailboxes)):
        return "failing"
    return "attention" if report.alarms else "ok"


def metrics(state: dict[str, Any]) -> str:
    """The same for Prometheus' node exporter (textfile collector)."""
    values = {
        "mailbot_up": int(state["status"] != "failing"),
        "mailbot_alarms": len(state["alarms"]),
        "mailbot_unread_mailboxes": state["unread_count"],
        "mailbot_last_pass_timestamp_seconds": datetime.fromisoformat(state["last_pass_at"]).timestamp(),
        "mailbot_stale_after_timestamp_seconds": datetime.fromisoformat(state["stale_after"]).timestamp(),
    }
    return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())


def stale_after(config: Config, now: datetime, next_pass_at: datetime | None) -> datetime:
    """When whoever watches must act: the next pass had its time, and has not told how it went."""
    patience = timedelta(minutes=config.monitoring.stuck_minutes)
    return (next_pass_at or now + timedelta(minutes=config.schedule.poll_minutes)) + patience


def tell(config: Config, beat: Beat) -> threading.Thread | None:
    """Write the files and call the URL. Trouble with either is logged and stops nothing; the call is on its own thread,
    which is returned."""
    state = health(config, beat)
    settings = config.monitoring
    files = {settings.health_file: json.dumps(state, indent=1) + "\n", settings.prometheus_file: metrics(state)}
    for name, content in files.items():
        if name:
            _write(Path(name), content)
    if not settings.ping_url:
        return None
    url = settings.ping_url if state["status"] == "ok" else f"{settings.ping_url.rstrip('/')}/fail"
    thread = threading.Thread(target=_ping, args=(url,), name="ping", daemon=True)
    thread.start()
    return thread


def read(config: Config) -> dict[str, Any] | None:
    """What the last pass wrote; None where nothing is written, or nothing that can be read."""
    try:
        found = json.loads(Path(config.monitoring.health_file).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and "stale_after" in found else None
    except (OSError, ValueError):
        return None


def _write(path: Path, content: str) -> None:
    """Whole or not at all: a monitor never reads half a file. Everybody may read it."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        with new.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
        new.replace(path)
    except OSError as error:
        log.warning("health_file_not_written", error=error.strerror)


def _ping(url: str) -> None:
    """Without content; certificates are verified, as urllib does by default."""
    try:
        # the scheme is checked with the configuration
        with urllib.request.urlopen(url, timeout=_PING_SECONDS):  # noqa: S310
            pass
    except (OSError, ValueError) as error:
        log.warning("ping_failed", error=type(error).__name__)
