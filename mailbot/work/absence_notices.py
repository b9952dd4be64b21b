"""What people are told while an absence goes on: what is wrong with it, whose week begins, and what came meanwhile.

Every mail has a dedup key of absence, occasion and day, so that a pass that is repeated adds nothing (invariant 2).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from mailbot.config.model import PersonSettings
from mailbot.policy.absence import days_in_week, week_number
from mailbot.policy.workdays import WorkCalendar
from mailbot.render.words import Words
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import Obligation
from mailbot.work.absence_install import FORWARD_TO, KEPT_REPLY, local_date, mailbox_of, window
from mailbot.work.absence_texts import values_of
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

_MOST_LINES = 25


def tell_broken(
    context: Context, stored: StoredAbsence, problems: Sequence[str], *, put_back: Sequence[str], now: datetime
) -> int:
    """Tell person and manager what is wrong now and what was put back, once a day; nothing without either."""
    if not problems and not put_back:
        return 0
    today = local_date(context.config, now)
    return _queue_about(
        context,
        stored,
        "absence_broken",
        _person_and_manager(context, stored),
        now,
        about=today.isoformat(),
        values=lambda words: {
            "ref": stored.ref,
            "problems": [problem_words(words, each) for each in problems],
            "put_back": [problem_words(words, each) for each in put_back],
            "command": f"mailbot absence verify {stored.ref} --mend",
        },
    )


def tell_returned(context: Context, stored: StoredAbsence, now: datetime) -> int:
    """The summary on the day back: what arrived, what is open, what others answered."""
    config, store = context.config, context.store
    starts_at, ends_at = window(config, stored.absence)
    mailbox = mailbox_of(config, stored.absence).address
    since = [
        each
        for each in store.obligations.list(states=("open", "answered"), mailbox=mailbox)
        if starts_at <= each.received_at < ends_at
    ]
    open_ = [each for each in since if each.state == "open"]
    answered = [each for each in since if each.state == "answered"]
    tokens = store.absences.tokens(stored.ref)
    by = Counter(_who(context, each.met_by or "") for each in answered)
    person = config.person(stored.absence.person)
    return _queue_about(
        context,
        stored,
        "absence_returned",
        [person] if person is not None else [],
        now,
        values=lambda _: {
            "forwarded": any(name.startswith(FORWARD_TO) for name in tokens),
            "own_restored": KEPT_REPLY in tokens,
            "arrived": store.messages.count_in(mailbox, starts_at, now),
            "answered": len(answered),
            "open_count": len(open_),
            **_open_lines(open_),
            "answered_lines": [{"by": name, "count": count} for name, count in sorted(by.items())],
        },
    )


def tell_covers_of_next_week(context: Context, stored: StoredAbsence, now: datetime) -> int:
    """The mail to each cover whose days begin before the next working day is over: sent the working day before."""
    config = context.config
    calendar = WorkCalendar(config.policy.calendar)
    today = local_date(config, now)
    next_working_day = calendar.on_or_after(today + timedelta(days=1))
    mailbox = mailbox_of(config, stored.absence).address
    told = 0
    for cover in stored.covers:
        days = days_in_week(stored.absence, cover.week, calendar)
        person = config.person(cover.person)
        if not days or person is None or not today < days[0] <= next_working_day:
            continue
        waiting = context.store.obligations.list(states=("open",), mailbox=mailbox)
        told += _queue_about(
            context,
            stored,
            "absence_week",
            [person],
            now,
            about=cover.week,
            values=lambda _, days=days, cover=cover, waiting=waiting: {  # type: ignore[misc]
                "first": days[0],
                "last": days[-1],
                "number": week_number(cover.week),
                "is_colleague": stored.absence.colleague == cover.person,
                **_open_lines(waiting),
            },
        )
    return told


def tell_unplanned(
    context: Context,
    person: PersonSettings,
    first: date,
    *,
    readers: Iterable[PersonSettings],
    away_now: bool,
    now: datetime,
    inactive_days: int = 0,
    problems: Sequence[str] = (),
) -> int:
    """Tell `readers` that somebody is, or soon will be, away without a plan, with the command that makes one."""

    def values(reader: PersonSettings, words: Words) -> Mapping[str, object]:
        whose = "" if reader.id == person.id else f" --for {person.id}"
        return {
            "person": {"name": person.name, "id": person.id},
            "first": first,
            "away_now": away_now,
            "inactive_days": inactive_days,
            "problems": [problem_words(words, each) for each in problems],
            "command": f"mailbot setup-autoreply{whose} --from {first}",
        }

    about = f"{person.id}:{first}:{'now' if away_now else 'ahead'}"
    return _queue(context, "absence_unplanned", readers, now, about=about, values=values)


def problem_words(words: Words, problem: str) -> str:
    """A problem's fixed words ("probe:external:reply_missing") as people read them."""
    kind, _, detail = problem.partition(":")
    details = [words.word(each, "absence_details") for each in detail.split(":") if each]
    return words.phrase(kind, "absence_problems", ", ".join(details))


def manager_of(context: Context, person: PersonSettings, now: datetime) -> PersonSettings | None:
    """Whom a person answers to; without one the head of administration who is there."""
    manager = context.config.person(person.manager) if person.manager else None
    return manager or context.presence.acting_at(context.config.roles.head_of_administration, now)


def _person_and_manager(context: Context, stored: StoredAbsence) -> list[PersonSettings]:
    config = context.config
    person = config.person(stored.absence.person)
    heads = context.config.roles.head_of_administration
    manager = config.person(person.manager) if person is not None and person.manager else None
    manager = manager or next(filter(None, map(config.person, heads)), None)
    return [each for each in dict.fromkeys((person, manager)) if each is not None]


def _queue_about(
    context: Context,
    stored: StoredAbsence,
    template: str,
    readers: Iterable[PersonSettings],
    now: datetime,
    *,
    values: Callable[[Words], Mapping[str, object]],
    about: str = "",
) -> int:
    """Mails about one absence; `about` is what else tells them apart."""
    absence = values_of(context.config, stored.absence)
    return _queue(
        context,
        template,
        readers,
        now,
        about=f"{stored.ref}:{about}",
        values=lambda _, words: {"absence": absence, **values(words)},
    )


def _queue(
    context: Context,
    template: str,
    readers: Iterable[PersonSettings],
    now: datetime,
    *,
    about: str,
    values: Callable[[PersonSettings, Words], Mapping[str, object]],
) -> int:
    """A mail to each of the readers in their language; how many were not queued before."""
    templates = context.templates
    mails = [
        staff_mail(
            context,
            templates.render(template, reader.language or None, **values(reader, templates.words(reader.language))),
            dedup_key=f"{template}:{about}:{reader.id}",
            kind="notice",
            to=(reader.email,),
            now=now,
        )
        for reader in readers
    ]
    return context.store.outbox.enqueue(mails, now=now)


def _open_lines(open_: Sequence[Obligation]) -> Mapping[str, object]:
    lines = [
        {"ref": each.ref, "due_on": each.due_on, "subject": each.subject, "confidential": each.confidential}
        for each in open_[:_MOST_LINES]
    ]
    return {"open_lines": lines, "open_more": max(0, len(open_) - _MOST_LINES)}


def _who(context: Context, by: str) -> str:
    """The name behind what settled an obligation: a mailbox address or "person:ID"."""
    config = context.config
    person = config.person(by.removeprefix("person:").split(" ")[0]) or config.person_by_address(by)
    return person.name if person is not None else by
