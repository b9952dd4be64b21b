"""What stands in a mailbox for an absence: the automatic reply, and with options B and C the forwarding.

Whatever has tokens in the store was installed, or may have been: what the mailbox had before is kept first. One absence
at a time is installed for each person, the next that stands; mailboxes whose servers cannot answer by themselves are
answered for by mailbot (`absence_replies`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Literal, Protocol, TypeVar

from mailbot.config.model import Config, MailboxSettings, PersonSettings
from mailbot.errors import UserError
from mailbot.platforms.replies import AutoReplies, AutoReply
from mailbot.policy.absence import Absence, Option
from mailbot.policy.absence_text import breaches
from mailbot.policy.workdays import iso_week
from mailbot.store.absences import STANDING
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_facts import authority_mailbox
from mailbot.work.absence_texts import auto_reply
from mailbot.work.context import Context

_NO_REPLY = AutoReply(enabled=False, starts_at=None, ends_at=None, internal_text="", external_text="")
KEPT_REPLY = "reply"
FORWARD_TO = "forward:"


class Closable(Protocol):
    def close(self) -> None: ...


_C = TypeVar("_C", bound=Closable)


@dataclass(frozen=True, slots=True)
class Installed:
    """How it was done: on the `server`; by `mailbot` itself, as mail is read; `later`, when an earlier absence of the
    person has ended; not at all in `observe` mode."""

    how: Literal["server", "mailbot", "later", "observe"]


def install(context: Context, stored: StoredAbsence, now: datetime, *, accepted: str | None = None) -> Installed:
    """Put the automatic reply, and the forwarding, of an absence that stands into its mailbox; again does no harm.

    OwnRulesConflict where the person's own rules stand against it: `accepted` is its proposal, agreed to.
    TransientError and PermanentError as the platform raises them; the next pass tries again.
    """
    if not context.enforcing:
        return Installed("observe")
    settings = mailbox_of(context.config, stored.absence)
    if next_of(context, stored.absence.person).ref != stored.ref:
        return Installed("later")
    _make_room(context, stored)
    with opened(context.open_auto_replies(settings)) as replies:
        if replies is None:
            return Installed("mailbot")
        if KEPT_REPLY not in context.store.absences.tokens(stored.ref):
            if _is_ours(context, stored, replies, now):
                replies.install(settings.address, _NO_REPLY)
            kept = replies.keep(settings.address)
            context.store.absences.keep_token(stored.ref, KEPT_REPLY, kept, now=now)
        replies.install(settings.address, wanted_reply(context, stored, now), accepted=accepted)
    _install_forward(context, stored, settings, now)
    return Installed("server")


def uninstall(context: Context, stored: StoredAbsence) -> None:
    """Take out what was installed: the mailbox has again what it had before. Again does no harm."""
    tokens = context.store.absences.tokens(stored.ref)
    if not tokens:
        return
    settings = mailbox_of(context.config, stored.absence)
    _remove_forwards(context, stored, settings, but=None)
    if KEPT_REPLY in tokens:
        with opened(context.open_auto_replies(settings)) as replies:
            if replies is not None:
                replies.restore(settings.address, tokens[KEPT_REPLY])
    for name in tokens:
        context.store.absences.drop_token(stored.ref, name)


def next_of(context: Context, person: str) -> StoredAbsence:
    """The absence of a person that is installed: the earliest that stands. UserError when none does."""
    standing = context.store.absences.list(states=STANDING, person=person)
    if not standing:
        raise UserError(f"no absence of {person} stands; see `mailbot absence list`")
    return standing[0]


def wanted_reply(context: Context, stored: StoredAbsence, now: datetime) -> AutoReply:
    """The automatic reply as the policy wants it at `now`."""
    config, absence = context.config, stored.absence
    shown = shown_first(config, absence, now)
    internal = auto_reply(config, context.templates, shown, audience="internal")
    external = auto_reply(config, context.templates, shown, audience="external")
    starts_at, ends_at = window(config, absence)
    version = f"{stored.ref}-{stored.text_version}"
    if shown != absence:
        version += f"-{iso_week(local_date(config, now))}"
    return AutoReply(
        enabled=True,
        starts_at=starts_at,
        ends_at=ends_at,
        internal_text=internal.lines.strip("\n"),
        external_text=external.lines.strip("\n"),
        subject=external.subject,
        addresses=addresses_of(config, absence),
        version=version,
    )


def shown_first(config: Config, absence: Absence, now: datetime) -> Absence:
    """With `absence.current_cover_first` this week's contact stands first in the text, the others in their order."""
    week = iso_week(local_date(config, now))
    covers = absence.covers
    if not config.policy.absence.current_cover_first or not covers or week not in {each.week for each in covers[1:]}:
        return absence
    first = [each for each in covers if each.week == week]
    return replace(absence, covers=(*first, *(each for each in covers if each.week != week)))


def window(config: Config, absence: Absence) -> tuple[datetime, datetime]:
    """From the first local midnight to that of the day back, in UTC: clocks may change in between."""
    return _midnight(config, absence.from_), _midnight(config, absence.back)


def forward_to(config: Config, absence: Absence) -> str | None:
    """Where copies go: option B to the authority mailbox of the person's unit, C to the colleague."""
    if absence.option is Option.TO_COLLEAGUE:
        colleague = config.person(absence.colleague)
        return colleague.email if colleague is not None else None
    if absence.option is Option.TO_AUTHORITY_MAILBOX:
        # Another unit's authority mailbox is another authority's: secrecy holds between them (OSL 8 kap. 1-2 §§).
        found = authority_mailbox(config, mailbox_of(config, absence))
        return found.address if found is not None else None
    return None


def mailbox_of(config: Config, absence: Absence) -> MailboxSettings:
    """The mailbox of who is away. UserError when it is not in scope."""
    person = config.person(absence.person)
    settings = config.mailbox(person.email) if person is not None else None
    if settings is None:
        raise UserError(f"{absence.person} has no mailbox in the configuration; add it under [[mailboxes]]")
    return settings


def addresses_of(config: Config, absence: Absence) -> tuple[str, ...]:
    """Every address under which mail reaches the person (RFC 5230 4.5)."""
    person: PersonSettings | None = config.person(absence.person)
    settings = mailbox_of(config, absence)
    theirs = (person.email, *person.aliases) if person is not None else ()
    return tuple(dict.fromkeys(each.lower() for each in (settings.address, *settings.aliases, *theirs)))


def local_date(config: Config, now: datetime) -> date:
    return now.astimezone(config.zone).date()


@contextmanager
def opened(capability: _C | None) -> Iterator[_C | None]:
    """A capability of a platform, closed at the end; None stays None."""
    try:
        yield capability
    finally:
        if capability is not None:
            capability.close()


def _make_room(context: Context, stored: StoredAbsence) -> None:
    """Another absence of the person that has tokens is undone first: else this one would keep its text as their own."""
    for other in context.store.absences.list(person=stored.absence.person):
        if other.ref != stored.ref:
            uninstall(context, other)


def _is_ours(context: Context, stored: StoredAbsence, replies: AutoReplies, now: datetime) -> bool:
    """Whether what stands there is mailbot's own text, of which a restored database has no token. It is nobody's own:
    kept as such it would come back when the absence ends, and answer for good.

    It says what mailbot would install for one of the person's absences, whatever the order of its lines; or it has the
    window of this one and keeps to the template, as a text from before a change of the template does.
    """
    found = replies.read(mailbox_of(context.config, stored.absence).address)
    if not found.enabled:
        return False
    for other in context.store.absences.list(person=stored.absence.person):
        if _lines(found.external_text) == _lines(wanted_reply(context, other, now).external_text):
            return True
    weeks = [cover.week for cover in stored.absence.covers[:1]]
    same_window = (found.starts_at, found.ends_at) == window(context.config, stored.absence)
    language = context.config.policy.language
    return same_window and not any(breaches(found.external_text, language, week=week) for week in weeks)


def _lines(text: str) -> list[str]:
    return sorted(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _install_forward(context: Context, stored: StoredAbsence, settings: MailboxSettings, now: datetime) -> None:
    wanted = forward_to(context.config, stored.absence)
    _remove_forwards(context, stored, settings, but=wanted)
    if wanted is None:
        return
    starts_at, ends_at = window(context.config, stored.absence)
    with opened(context.open_forward_rules(settings)) as rules:
        if rules is None or not (rules.windowed or starts_at <= now < ends_at):
            return
        token = rules.install(settings.address, wanted, starts_at=starts_at, ends_at=ends_at)
    context.store.absences.keep_token(stored.ref, FORWARD_TO + wanted, token, now=now)


def _remove_forwards(context: Context, stored: StoredAbsence, settings: MailboxSettings, *, but: str | None) -> None:
    tokens = context.store.absences.tokens(stored.ref)
    gone = {name: token for name, token in tokens.items() if name.startswith(FORWARD_TO)}
    if but is not None:
        gone.pop(FORWARD_TO + but, None)
    if not gone:
        return
    with opened(context.open_forward_rules(settings)) as rules:
        for name, token in gone.items():
            if rules is not None:
                rules.remove(settings.address, token)
            context.store.absences.drop_token(stored.ref, name)


def _midnight(config: Config, day: date) -> datetime:
    return datetime.combine(day, time(), config.zone).astimezone(UTC)
