"""The week's figures for the head of administration (Bjurholm p. 1: kommunstyrelsen follows up the policy)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.config.model import Config
from mailbot.store.records import Obligation
from mailbot.work.context import Context
from mailbot.work.daily_check import check_days
from mailbot.work.digest_lines import local_date


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """The seven days before the digest. Days of checks end with yesterday."""

    needing_reply: int
    answered_in_time: int
    answered_late: int
    holding_replies: int
    registered: int
    #: mailboxes times working days, and how many of them were checked on the day itself
    checks_due: int
    checks_made: int

    @property
    def most(self) -> int:
        """Where the bars of the chart end."""
        return max(self.needing_reply, self.answered_in_time, self.answered_late, self.holding_replies, self.registered)


def week_figures(context: Context, now: datetime) -> WeekFigures:
    """As of `now` (aware)."""
    config, store, since = context.config, context.store, now - timedelta(days=7)
    needing_reply = in_time = late = holding_replies = 0
    for one in store.obligations.each(states=("open", "answered"), since=since):
        needing_reply += one.received_at >= since and one.judged
        holding_replies += one.acknowledged_at is not None and one.acknowledged_at >= since
        if one.state == "answered" and one.met_at is not None and one.met_at >= since:
            if _was_late(one, config):
                late += 1
            else:
                in_time += 1
    registered = store.diary.each(states=("registered",))
    today = local_date(now, config.zone)
    checks = check_days(context, today - timedelta(days=7), today - timedelta(days=1), now)
    return WeekFigures(
        needing_reply=needing_reply,
        answered_in_time=in_time,
        answered_late=late,
        holding_replies=holding_replies,
        registered=sum(item.settled_at is not None and item.settled_at >= since for item in registered),
        checks_due=len(checks),
        checks_made=sum(one.state == "checked" for one in checks),
    )


def _was_late(obligation: Obligation, config: Config) -> bool:
    """A holding reply in time satisfies the three-day rule (Bjurholm p. 4)."""
    instants = [instant for instant in (obligation.met_at, obligation.acknowledged_at) if instant is not None]
    first = local_date(min(instants), config.zone)
    return obligation.due_on is not None and first > obligation.due_on
