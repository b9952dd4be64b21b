"""What stands in the way of mailbot's work here: every check tells what was found and what to do.

The checks look and try, and leave nothing behind. Confidential content is never read.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mailbot.config.model import Config, MailboxSettings
from mailbot.errors import MailbotError
from mailbot.platforms.base import Mailbox
from mailbot.platforms.people import Directory
from mailbot.policy.workdays import WorkCalendar
from mailbot.secrets import REFERENCE_KEY, REQUIRED, Account, Secrets
from mailbot.store import schema
from mailbot.store.database import sqlite_path
from mailbot.work.doctor_absence import absence_checks
from mailbot.work.doctor_ews import ews_checks
from mailbot.work.doctor_findings import Check, Findings
from mailbot.work.doctor_graph import graph_checks
from mailbot.work.doctor_imap import imap_checks
from mailbot.work.doctor_mail import mailbox_checks, outgoing_checks
from mailbot.work.doctor_people import directory_checks, people_checks

if TYPE_CHECKING:
    from mailbot.platforms.ews.servers import EwsServers
    from mailbot.platforms.graph.servers import GraphServers
    from mailbot.platforms.imap.servers import ImapServers

_MEGABYTE = 1024 * 1024
#: free disk from which it is a warning and a problem: a day's mail of a large municipality fits in the latter
_LITTLE_DISK, _NO_DISK = 1024 * _MEGABYTE, 100 * _MEGABYTE
# mail servers and this machine must agree on "today"; NTP keeps both within a second
_CLOCK_TOLERANCE_SECONDS = 120
#: mailbot did not exist earlier
_EARLIEST = date(2026, 1, 1)
#: weekdays closed by law in every country that mailbot knows
_FEWEST_HOLIDAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the checks look at; `wiring` and the command line know how to open it."""

    config: Config
    secrets: Secrets
    #: the account mailbot runs as
    account: Account
    open_mailbox: Callable[[MailboxSettings], Mailbox]
    template_problems: Callable[[], Sequence[str]]
    #: live IMAP servers; None where there are none
    imap: "ImapServers | None" = None
    graph: "GraphServers | None" = None
    ews: "EwsServers | None" = None
    #: the directory of people; None where there is none
    directory: Directory | None = None


def examine(installation: Installation, *, language: str, now: datetime) -> list[Check]:
    """All checks in the order in which an administrator sets things up; texts in `language` (sv, nb, en)."""
    find = Findings(language)
    config = installation.config
    return [
        *_configuration(config, find, now),
        *_account(installation.account, find),
        *_secrets(installation.secrets, find),
        *_database(config, find),
        *mailbox_checks(config, installation.open_mailbox, find),
        *imap_checks(config, installation.imap, find, now),
        *absence_checks(config, installation.imap, find),
        *ews_checks(config, installation.ews, find),
        *graph_checks(config, installation.graph, find),
        *outgoing_checks(config, find),
        *_templates(installation.template_problems, find),
        *_calendar(config, find, now),
        *_clock(config, find, now),
        *people_checks(config, find, now),
        *directory_checks(config, installation.directory, find),
    ]


def _configuration(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    name = "configuration"
    yield find.ok(
        name, "configuration_ok", mode=config.mode, mailboxes=len(config.mailboxes), people=len(config.people)
    )
    for path in filter(None, (config.source, Path(config.paths.people))):
        if path.exists() and path.stat().st_mode & stat.S_IWOTH:
            yield find.problem(name, "configuration_writable", path=path)
    if config.start_from and config.start_from > now.astimezone(config.zone).date():
        yield find.warning(name, "configuration_start", start_from=config.start_from)
    if not config.organisation.mail_hosts:
        yield find.warning(name, "configuration_mail_hosts")


def _account(account: Account, find: Findings) -> Iterator[Check]:
    """Rights are only proven for the account that tries them."""
    if os.geteuid() == account.uid and account.uid != 0:
        yield find.ok("account", "account_ok", account=account.name)
    elif os.geteuid() == 0:
        key = "account_is_root" if account.uid == 0 else "account_root"
        yield find.warning("account", key, account=account.name)
    else:
        yield find.problem("account", "account_other", account=account.name)


def _secrets(secrets: Secrets, find: Findings) -> Iterator[Check]:
    for secret in REQUIRED:
        name = f"secret {secret}"
        try:
            if secret == REFERENCE_KEY:
                secrets.reference_key()
            yield find.ok(name, "secret_ok", where=secrets.where(secret))
        except MailbotError as error:
            yield find.problem(name, "secret_unusable", error=error)


def _database(config: Config, find: Findings) -> Iterator[Check]:
    name = "database"
    try:
        path = sqlite_path(config.paths.database)
        if path is not None and not path.exists():
            yield find.problem(name, "database_missing", path=path)
            return
        problems = schema.check(config.paths.database)
    except (MailbotError, OSError) as error:
        yield find.problem(name, "database_unusable", error=error)
        return
    for problem in problems:
        yield find.problem(name, "database_unusable", error=problem)
    if path is None:
        if not problems:
            yield find.ok(name, "database_server_ok")
        return
    yield from _database_file(path, find, healthy=not problems)


def _database_file(path: Path, find: Findings, *, healthy: bool) -> Iterator[Check]:
    name = "database"
    # SQLite keeps its journal beside the file
    if not (
        os.access(path, os.W_OK, effective_ids=True) and os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True)
    ):
        yield find.problem(name, "database_read_only", path=path)
        healthy = False
    if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield find.warning(name, "database_open", path=path)
    free = shutil.disk_usage(path.parent).free
    if free < _NO_DISK:
        yield find.problem(name, "database_disk", megabytes=free // _MEGABYTE, folder=path.parent)
    elif free < _LITTLE_DISK:
        yield find.warning(name, "database_disk", megabytes=free // _MEGABYTE, folder=path.parent)
    elif healthy:
        yield find.ok(name, "database_ok", gigabytes=free // (1024 * _MEGABYTE))


def _templates(template_problems: Callable[[], Sequence[str]], find: Findings) -> Iterator[Check]:
    problems = template_problems()
    for problem in problems:
        yield find.problem("templates", "templates_broken", problem=problem)
    if not problems:
        yield find.ok("templates", "templates_ok")


def _calendar(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    """The holidays of this year and the next must be known, or clocks would run through them."""
    rules = config.policy.calendar
    this_year = now.astimezone(config.zone).year
    counts = {year: _closed_weekdays(WorkCalendar(rules), year) for year in (this_year, this_year + 1)}
    unknown = [year for year, count in counts.items() if count < _FEWEST_HOLIDAYS]
    for year in unknown:
        yield find.problem("calendar", "calendar_unknown", country=rules.country, year=year)
    if not unknown:
        found = ", ".join(f"{year}: {count}" for year, count in counts.items())
        yield find.ok("calendar", "calendar_ok", country=rules.country, found=found)


def _closed_weekdays(calendar: WorkCalendar, year: int) -> int:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return sum(1 for day in days if day.weekday() < 5 and not calendar.is_mailbox_check_day(day))


def _clock(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    """A clock that differs from the file system's (which may be another machine's) would date mail wrongly."""
    if now.date() < _EARLIEST:
        yield find.problem("clock", "clock_wrong", now=now.date())
        return
    skew = _file_system_skew_seconds(config, now)
    if abs(skew) > _CLOCK_TOLERANCE_SECONDS:
        yield find.problem("clock", "clock_skew", seconds=round(abs(skew)))
        return
    local = now.astimezone(config.zone)
    yield find.ok("clock", "clock_ok", now=f"{local:%Y-%m-%d %H:%M}", zone=config.zone.key)


def _file_system_skew_seconds(config: Config, now: datetime) -> float:
    """How far the time that the database's file system writes is from `now`; 0 where nothing can be written."""
    path = sqlite_path(config.paths.database)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent if path else None, prefix=".mailbot-clock.") as probe:
            return os.fstat(probe.fileno()).st_mtime - now.timestamp()
    except OSError:
        return 0.0
