"""What somebody who leaves must have emptied or handed over (Bjurholm p. 7, "ska din inkorg vara tömd")."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from mailbot.config.model import PersonSettings
from mailbot.errors import MailbotError
from mailbot.store.absences import STANDING
from mailbot.work.absence_facts import personal_mailbox
from mailbot.work.context import Context

#: folders that must be empty too; archived mail lies in others and is sorted by the person
_TO_EMPTY = ("inbox", "drafts", "trash", "junk", "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """Something that stands in the way. `what` is a fixed word; None as count: it could not be counted."""

    what: str
    count: int | None
    #: folder, role, references
    detail: str = ""


def left_over(context: Context, person: PersonSettings, now: datetime) -> tuple[LeftOver, ...]:
    """Everything that is left at `now` (aware); empty: the person can go."""
    return (
        *_mail(context, person),
        *_items(context, person),
        *_roles(context, person),
        *_promises(context, person, now),
    )


def _mail(context: Context, person: PersonSettings) -> Iterator[LeftOver]:
    settings = personal_mailbox(context.config, person)
    if settings is None:
        return
    try:
        with closing(context.open_mailbox(settings)) as mailbox:
            for folder in mailbox.folders():
                if folder.role in _TO_EMPTY:
                    count = sum(len(changes.arrived) for changes in mailbox.changes(folder, None))
                    if count:
                        yield LeftOver(what="mail", count=count, detail=folder.name)
    except (MailbotError, OSError):
        yield LeftOver(what="mail", count=None, detail=settings.address)


def _items(context: Context, person: PersonSettings) -> Iterator[LeftOver]:
    owed = context.store.obligations.list(states=("open",), assignee=person.id)
    if owed:
        yield LeftOver(what="replies", count=len(owed), detail=", ".join(one.ref for one in owed[:10]))
    settings = personal_mailbox(context.config, person)
    waiting = context.store.diary.list(states=("proposed", "asked", "forwarded")) if settings else []
    theirs = [item.ref for item in waiting if settings and item.mailbox == settings.address]
    if theirs:
        yield LeftOver(what="diary", count=len(theirs), detail=", ".join(theirs[:10]))


def _roles(context: Context, person: PersonSettings) -> Iterator[LeftOver]:
    config = context.config
    held = [
        *("head_of_administration" for one in config.roles.head_of_administration if one == person.id),
        *("administrators" for one in config.roles.administrators if one == person.id),
        *(f"registrars {unit.id}" for unit in config.units if person.id in unit.registrars),
        *(f"mail_officers {unit.id}" for unit in config.units if person.id in unit.mail_officers),
    ]
    if held:
        yield LeftOver(what="roles", count=len(held), detail=", ".join(held))
    led = [one.id for one in config.people if one.manager == person.id]
    if led:
        yield LeftOver(what="manager", count=len(led), detail=", ".join(led[:10]))


def _promises(context: Context, person: PersonSettings, now: datetime) -> Iterator[LeftOver]:
    today = now.astimezone(context.config.zone).date()
    mandates = [one for one in context.store.mandates.list(standing_on=today) if person.id in (one.owner, one.reader)]
    if mandates:
        yield LeftOver(what="mandates", count=len(mandates), detail=", ".join(one.ref for one in mandates[:10]))
    absences = context.store.absences.list(states=STANDING, from_=today)
    own = [stored.ref for stored in absences if stored.absence.person == person.id]
    if own:
        yield LeftOver(what="absences", count=len(own), detail=", ".join(own[:10]))
    covered = [
        stored.ref
        for stored in absences
        if stored.absence.colleague == person.id or any(cover.person == person.id for cover in stored.covers)
    ]
    if covered:
        yield LeftOver(what="covers", count=len(covered), detail=", ".join(covered[:10]))
