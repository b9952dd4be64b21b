"""Whether an absence is answered for, on three levels: configured, effective, proven.

Configured: what the server has, read back, is what the policy wants. Effective: it is active and inside its window.
Proven: a probe mail from outside the server was answered (`absence_probe`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailbot.errors import MailbotError
from mailbot.platforms.replies import AutoReplies, AutoReply
from mailbot.policy.absence import Option
from mailbot.store.people_records import StoredAbsence
from mailbot.work import absence_probe
from mailbot.work.absence_install import forward_to, local_date, mailbox_of, next_of, opened, wanted_reply, window
from mailbot.work.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found. None: it cannot be told (the server was not reached, no probe was made, or is under way)."""

    ref: str
    person: str
    configured: bool | None
    effective: bool | None
    proven: bool | None
    #: fixed words: "not_installed", "other_text", "other_window", "forward_missing", "other_forward", "not_shown",
    #: "unreachable", "hindered:own_reply", "probe:external:reply_missing" ...
    problems: tuple[str, ...] = ()
    #: mailbot answers itself, because the server cannot
    by_mailbot: bool = False
    #: an earlier absence of the person comes first; this one is installed afterwards
    later: bool = False


def verify(context: Context, stored: StoredAbsence, now: datetime, *, probe: bool = False) -> Verification:
    """Read back and compare. With `probe`, and inside the window, a probe is sent unless this version has one, and
    looked at. Trouble with the server is a problem named here, never an exception."""
    starts_at, ends_at = window(context.config, stored.absence)
    inside = starts_at <= now < ends_at
    by_mailbot = later = False
    try:
        later = next_of(context, stored.absence.person).ref != stored.ref
        problems, by_mailbot = ((), False) if later else _compared(context, stored, now, inside=inside)
    except MailbotError:
        return _unreachable(stored)
    configured = not problems and not later
    # A probe proves what a server does; mailbot passes probes over, and its own mail is settled in the outbox.
    try_now = probe and inside and configured and not by_mailbot
    proven, probe_problems = _proof(context, stored, now, try_now=try_now)
    return Verification(
        ref=stored.ref,
        person=stored.absence.person,
        configured=configured,
        effective=configured and inside,
        proven=proven,
        problems=(*problems, *probe_problems),
        by_mailbot=by_mailbot,
        later=later,
    )


def _unreachable(stored: StoredAbsence) -> Verification:
    return Verification(
        ref=stored.ref,
        person=stored.absence.person,
        configured=None,
        effective=None,
        proven=None,
        problems=("unreachable",),
    )


def _compared(context: Context, stored: StoredAbsence, now: datetime, *, inside: bool) -> tuple[tuple[str, ...], bool]:
    """What differs from what is wanted, and whether mailbot answers itself."""
    settings = mailbox_of(context.config, stored.absence)
    with opened(context.open_auto_replies(settings)) as replies:
        if replies is None:
            return tuple(_forward_problems(context, stored, inside=inside)), True
        wanted = wanted_reply(context, stored, now)
        found = replies.read(settings.address)
        problems = list(_reply_problems(replies, wanted, found))
        if not problems and inside and replies.shows_away(settings.address) is False:
            problems.append("not_shown")
    return (*problems, *_forward_problems(context, stored, inside=inside)), False


def _reply_problems(replies: AutoReplies, wanted: AutoReply, found: AutoReply) -> Iterator[str]:
    if not found.enabled:
        yield "not_installed"
        return
    if found.hindered_by is not None:
        yield f"hindered:{found.hindered_by}"
    internal = wanted.internal_text if replies.two_texts else wanted.external_text
    if (_words(found.internal_text), _words(found.external_text)) != (_words(internal), _words(wanted.external_text)):
        yield "other_text"
    if (found.starts_at, found.ends_at) != (wanted.starts_at, wanted.ends_at):
        yield "other_window"
    if found.audience != wanted.audience:
        yield "other_audience"


def _forward_problems(context: Context, stored: StoredAbsence, *, inside: bool) -> Iterator[str]:
    settings = mailbox_of(context.config, stored.absence)
    wanted = forward_to(context.config, stored.absence)
    with opened(context.open_forward_rules(settings)) as rules:
        if wanted is None and stored.absence.option is Option.TO_AUTHORITY_MAILBOX:
            yield "forward_missing"  # the unit has no authority mailbox any more
        if rules is None:
            return  # mailbot forwards itself, as mail is read (`absence_forwards`)
        if not (inside or rules.windowed):
            return
        found = {each.lower() for each in rules.read(settings.address)}
    expected = {wanted.lower()} if wanted is not None else set()
    if expected - found:
        yield "forward_missing"
    if found - expected:
        yield "other_forward"


def _proof(
    context: Context, stored: StoredAbsence, now: datetime, *, try_now: bool
) -> tuple[bool | None, tuple[str, ...]]:
    """Whether this version of the text is proven; None: no test account, not tried, or under way."""
    if not absence_probe.accounts(context):
        return None, ()
    probe = absence_probe.latest(context, stored)
    if probe is not None and probe.version != wanted_reply(context, stored, now).version:
        probe = None  # about an older text
    if try_now and context.enforcing:
        try:
            if probe is None or (probe.proven is False and _is_of_another_day(context, probe, now)):
                probe = absence_probe.begin(context, stored, now)
            probe = absence_probe.look(context, stored, probe, now)
        except MailbotError:
            return None, ("probe:not_sent",)
    return (probe.proven, _named(probe)) if probe is not None else (None, ())


def _is_of_another_day(context: Context, probe: absence_probe.Probe, now: datetime) -> bool:
    """What has failed is tried once a day: the server has answered nobody, so it may still answer."""
    return local_date(context.config, probe.started_at) != local_date(context.config, now)


def _named(probe: absence_probe.Probe) -> tuple[str, ...]:
    return tuple(f"probe:{problem}" for problem in probe.problems)


def _words(text: str) -> list[str]:
    """Line by line without blank ones: platforms differ in how they keep them."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
