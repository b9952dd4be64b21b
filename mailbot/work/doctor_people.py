"""`mailbot doctor`: does every duty have somebody who does it, and every mailbox somebody it belongs to?"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mailbot.config.model import Config
from mailbot.errors import MailbotError, PermanentError
from mailbot.platforms.people import Directory
from mailbot.work.doctor_findings import Check, Findings

_MOST_NAMED = 5


def people_checks(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    """Roles without people, people without mailboxes, mailboxes without owners."""
    yield from _roles(config, find, now)
    yield from _mailboxes(config, find)
    yield from _calendars(config, find, now)
    yield from _answers(config, find)


def _calendars(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    """Calendar files are read: one that is broken would let its owner seem to be at work."""
    files = {person.id: Path(person.calendar) for person in config.people if person.calendar}
    if not files:
        return
    from mailbot.platforms.files.ics import IcsCalendars

    today, calendars, broken = now.astimezone(config.zone).date(), IcsCalendars(files, config.zone), 0
    for person in files:
        try:
            calendars.absences(person, today, today)
        except PermanentError as error:
            broken += 1
            yield find.warning("calendars", "calendar_broken", person=person, error=error)
    if not broken:
        yield find.ok("calendars", "calendars_ok", count=len(files))


def _answers(config: Config, find: Findings) -> Iterator[Check]:
    """Who is asked to act by answering mail although nothing could prove whose answer it is (docs/answers.md)."""
    if config.organisation.authserv_ids:
        return
    asked = {*config.roles.head_of_administration}
    for unit in config.units:
        asked.update(unit.registrars, unit.mail_officers)
    people = filter(None, map(config.person, sorted(asked)))
    unprovable = [one.id for one in people if not any(map(config.mailbox, (one.email, *one.aliases)))]
    if unprovable:
        yield find.warning("answers", "answers_unprovable", people=_named(unprovable))


def _roles(config: Config, find: Findings, now: datetime) -> Iterator[Check]:
    duties = [("roles.head_of_administration", config.roles.head_of_administration)]
    for unit in config.units:
        duties += [(f"{unit.id}.registrars", unit.registrars), (f"{unit.id}.mail_officers", unit.mail_officers)]
    findings = [finding for duty, ids in duties for finding in _duty(config, find, now, duty, ids)]
    if not config.roles.administrators:
        findings.append(find.warning("roles", "roles_no_administrator"))
    yield from findings
    if not findings:
        yield find.ok("roles", "roles_ok")


def _duty(config: Config, find: Findings, now: datetime, duty: str, person_ids: tuple[str, ...]) -> Iterator[Check]:
    """Bjurholm p. 4: the head sees to it that a substitute checks the mailbox, so a duty needs more than one name."""
    today = now.astimezone(config.zone).date()
    people = [person for person in map(config.person, person_ids) if person is not None]
    if not people:
        yield find.problem("roles", "roles_nobody", duty=duty)
    elif all(person.is_away_on(today) for person in people):
        yield find.problem("roles", "roles_all_away", duty=duty)
    elif len(people) == 1:
        yield find.warning("roles", "roles_no_deputy", duty=duty)


def _mailboxes(config: Config, find: Findings) -> Iterator[Check]:
    checked = {mailbox.unit for mailbox in config.mailboxes if mailbox.role == "authority"}
    without_authority = [unit.id for unit in config.units if unit.id not in checked]
    personal = [mailbox for mailbox in config.mailboxes if mailbox.role == "personal"]
    ownerless = [mailbox.address for mailbox in personal if config.owner(mailbox) is None]
    owners = {owner.id for mailbox in personal if (owner := config.owner(mailbox))}
    without_mailbox = [person.id for person in config.people if person.id not in owners] if personal else []
    if without_authority:
        yield find.warning("mailboxes", "people_unit_without_mailbox", units=_named(without_authority))
    if ownerless:
        yield find.warning("mailboxes", "people_ownerless", mailboxes=_named(ownerless))
    if without_mailbox:
        yield find.warning("people", "people_without_mailbox", people=_named(without_mailbox))
    elif not ownerless:
        yield find.ok("people", "people_ok" if personal else "people_not_read", count=len(config.people))


def directory_checks(config: Config, directory: Directory | None, find: Findings) -> Iterator[Check]:
    """The directory is read as a whole; who is in the people file and not in use there has perhaps left."""
    if directory is None:
        return
    try:
        people = list(directory.people())
    except MailbotError as error:
        yield find.problem("directory", "directory_broken", error=error)
        return
    if not people:
        yield find.problem("directory", "directory_empty")
        return
    present = {address.lower() for one in people for address in (one.email, *one.aliases)}
    gone = [one.id for one in config.people if present.isdisjoint(map(str.lower, (one.email, *one.aliases)))]
    if gone:
        yield find.warning("directory", "directory_gone", people=_named(gone))
    else:
        yield find.ok("directory", "directory_ok", count=len(people))


def _named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" (+{len(names) - _MOST_NAMED})" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
