"""What stands in each digest, taken from the store. Everything open is in exactly one list of a digest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mailbot.config.model import Config, PersonSettings, Unit
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.records import DiaryItem, DiaryState, Obligation, OutboxState
from mailbot.store.store import Store
from mailbot.work.context import Context
from mailbot.work.daily_check import authority_mailboxes, check_days
from mailbot.work.digest_lines import (
    CheckLine,
    DiaryLine,
    Pile,
    ReplyLine,
    Rows,
    UnreadMailbox,
    check_line,
    diary_line,
    is_document_late,
    is_overdue,
    local_date,
    queue_line,
    reply_line,
    rows,
    runs_out_on,
    unread_mailboxes,
)
from mailbot.work.digest_model import HeadDigest, OfficerDigest, OperatorDigest, RegistrarDigest, Replies, StaffDigest
from mailbot.work.digest_week import week_figures
from mailbot.work.digest_would_have import would_have

_WAITING_FOR_REGISTRAR: tuple[DiaryState, ...] = ("proposed", "asked", "forwarded")
#: a daemon that stood still for longer tells of the newest days
_LONGEST_LOOK_BACK = timedelta(days=14)
_NOT_LEAVING: tuple[OutboxState, ...] = ("held", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Desk:
    """Builds digests as of `now` (aware) from what the store holds at the moment of the call."""

    context: Context
    now: datetime

    @property
    def config(self) -> Config:
        return self.context.config

    @property
    def store(self) -> Store:
        return self.context.store

    @property
    def today(self) -> date:
        return local_date(self.now, self.config.zone)

    def registrar(self, unit: Unit) -> RegistrarDigest:
        rules = self.config.policy.diary
        unconfirmed, to_register, to_decide, confidential, unparsable = (Pile[DiaryItem](self._most) for _ in range(5))
        for item in self.store.diary.each(states=_WAITING_FOR_REGISTRAR, unit=unit.id):
            if item.confidential:
                confidential.add(item)
            elif item.unparsable:
                unparsable.add(item)
            elif item.state == "asked":
                to_decide.add(item)
            elif self._waits_longer_than(item, rules.remind_after):
                unconfirmed.add(item)
            else:
                to_register.add(item)
        return RegistrarDigest(
            today=self.today,
            unit=unit.name,
            unconfirmed=self._diary(unconfirmed),
            to_register=self._diary(to_register),
            to_decide=self._diary(to_decide),
            confidential=self._diary(confidential),
            unparsable=self._diary(unparsable),
            remind_after=rules.remind_after,
        )

    def staff(self, person: PersonSettings) -> StaffDigest:
        owed = self.store.obligations.each(states=("open",), assignee=person.id)
        return StaffDigest(today=self.today, person=person.name, replies=self._replies(owed))

    def officer(self, unit: Unit) -> OfficerDigest:
        """Obligations of the unit's authority mailboxes, and those of nobody, or of somebody who left."""
        mailboxes = {mailbox.address for mailbox in authority_mailboxes(self.config, unit.id)}
        owed = (
            obligation
            for obligation in self.store.obligations.each(states=("open",), unit=unit.id)
            if obligation.mailbox in mailboxes or self.config.person(obligation.assignee) is None
        )
        unread = [mailbox for mailbox in self._unread() if mailbox.mailbox in mailboxes]
        return OfficerDigest(
            today=self.today,
            unit=unit.name,
            checks=self._checks(self.today, self.today, unit.id),
            missed=self._missed(unit.id),
            replies=self._replies(owed),
            unread=tuple(unread),
        )

    def head(self) -> HeadDigest:
        rules = self.config.policy.diary
        documents, others = self._pile(), self._pile()
        for one in self.store.obligations.each(states=("open",)):
            if is_overdue(one, self.today):
                (documents if is_document_late(one, self.today) else others).add(one)
        late = Pile[DiaryItem](self._most)
        for item in self.store.diary.each(states=_WAITING_FOR_REGISTRAR):
            if self._waits_longer_than(item, rules.escalate_after):
                late.add(item)
        return HeadDigest(
            today=self.today,
            missed=self._missed(),
            late_documents=self._lines(documents),
            overdue=self._lines(others),
            unconfirmed=self._diary(late),
            unread=self._unread(),
            week=week_figures(self.context, self.now),
            escalate_after=rules.escalate_after,
        )

    def operator(self) -> OperatorDigest:
        queue = self.store.outbox.list(states=_NOT_LEAVING)
        paused = self.store.installation.paused()
        return OperatorDigest(
            today=self.today,
            mode=self.config.mode,
            paused=replace(paused, since=paused.since.astimezone(self.config.zone)) if paused else None,
            unread=self._unread(),
            mailboxes=sum(mailbox.role != "service" for mailbox in self.config.mailboxes),
            queue=rows(queue, queue_line, self._most),
            waiting=len(self.store.outbox.list(states=("pending", "sending"))),
            missed=self._missed(),
            refused_answers=tuple(
                sorted(
                    local_date(one.settled_at, self.config.zone)
                    for one in self.store.answers.settled_since(self._since_last_digest(), ("refused",))
                    if one.settled_at is not None
                )
            ),
            would_have=None
            if self.context.enforcing
            else would_have(self.context, self.now, self._since_last_digest()),
        )

    def _since_last_digest(self) -> datetime:
        """The same local time on the day of the digests before today's, at least the working day before."""
        calendar, day = WorkCalendar(self.config.policy.calendar), self.today - timedelta(days=1)
        while not calendar.is_mailbox_check_day(day):
            day -= timedelta(days=1)
        written = self.store.installation.get("digests_written_on")
        if written and date.fromisoformat(written) < day:
            day = max(date.fromisoformat(written), self.today - _LONGEST_LOOK_BACK)
        local = self.now.astimezone(self.config.zone)
        return local.replace(year=day.year, month=day.month, day=day.day)

    def _missed(self, unit: str | None = None) -> tuple[CheckLine, ...]:
        found = self._checks(self._since_last_digest().date(), self.today, unit)
        return tuple(line for line in found if line.state == "missed" and line.day < self.today)

    def _checks(self, first: date, last: date, unit: str | None = None) -> tuple[CheckLine, ...]:
        days = check_days(self.context, first, last, self.now)
        return tuple(check_line(self.context, one) for one in days if unit in (None, one.unit))

    def _replies(self, owed: Iterable[Obligation]) -> Replies:
        overdue, due_today, later, to_judge = self._pile(), self._pile(), self._pile(), self._pile()
        for one in owed:
            day = runs_out_on(one) or date.max
            if not one.judged:
                to_judge.add(one)
            elif day == self.today:
                due_today.add(one)
            else:
                (overdue if day < self.today else later).add(one)
        return Replies(
            overdue=self._lines(overdue),
            due_today=self._lines(due_today),
            later=self._lines(later),
            to_judge=self._lines(to_judge),
        )

    def _pile(self) -> Pile[Obligation]:
        return Pile(self._most, key=lambda one: (runs_out_on(one) or date.max, one.received_at))

    def _lines(self, owed: Pile[Obligation]) -> Rows[ReplyLine]:
        refs = [one.ref for one in owed.first()]
        proposed = self.store.obligations.proposed_answers(refs)
        pass_on = self.store.obligations.to_pass_on(refs)

        def line(one: Obligation) -> ReplyLine:
            return reply_line(one, self.config, self.today, proposed.get(one.ref), pass_on=one.ref in pass_on)

        return owed.rows(line)

    def _diary(self, items: Pile[DiaryItem]) -> Rows[DiaryLine]:
        return items.rows(lambda item: diary_line(item, self.config))

    def _unread(self) -> tuple[UnreadMailbox, ...]:
        return unread_mailboxes(self.config, self.store.intake.last_checks(), self.today)

    def _waits_longer_than(self, item: DiaryItem, working_days: int) -> bool:
        """Whether more working days than that have passed since the item came to the registrar."""
        since = local_date(item.forwarded_at or item.created_at, self.config.zone)
        return WorkCalendar(self.config.policy.calendar).add_working_days(since, working_days) < self.today

    @property
    def _most(self) -> int:
        return self.config.policy.digest.most_rows
