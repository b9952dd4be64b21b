"""What the daemon does about absences with every pass: install, look after, put back, prove, and take out at the end.

Once a day, at the start, and after a change of the text, what is installed is read back and compared. What somebody
changed by hand is reported the same day; in enforce mode it is put back, unless the absence was cancelled.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.platforms.own_rules import OwnRulesConflict
from mailbot.store.absences import STANDING
from mailbot.store.people_records import AbsenceState, StoredAbsence
from mailbot.work import absence_probe
from mailbot.work.absence_install import install, local_date, uninstall, wanted_reply, window
from mailbot.work.absence_notices import tell_broken, tell_returned
from mailbot.work.absence_verify import Verification, verify
from mailbot.work.context import Context

log = get_logger(__name__)

CHECKED = "checked"
_UNDONE: tuple[AbsenceState, ...] = ("ended", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one pass did about absences."""

    installed: int = 0
    undone: int = 0
    broken: int = 0


def keep_up(context: Context, now: datetime) -> Upkeep:
    """Everything that is due at `now`. Trouble with one mailbox is reported and tried again, and stops no other.

    In observe mode nothing is installed or taken out (invariant 4); absences still end.
    """
    undone = sum(_undo(context, stored) for stored in context.store.absences.list(states=_UNDONE))
    installed = broken = 0
    silent: set[str] = set()  # servers that did not answer in this pass: nobody else waits for them too
    for stored in context.store.absences.list(states=STANDING):
        starts_at, ends_at = window(context.config, stored.absence)
        if now >= ends_at:
            undone += _end(context, stored, now)
        elif context.enforcing and _server(context, stored) not in silent and _is_due(context, stored, now):
            state = _look_after(context, stored, now, inside=now >= starts_at)
            installed += state is not None and state != "broken"
            broken += state == "broken"
            if state is None:
                silent.add(_server(context, stored))
    return Upkeep(installed=installed, undone=undone, broken=broken)


def verify_now(context: Context, stored: StoredAbsence, now: datetime, *, probe: bool) -> Verification:
    """`verify`, and the state of the absence follows what was found."""
    found = verify(context, stored, now, probe=probe)
    if found.problems != ("unreachable",) and context.enforcing:
        context.store.absences.move(stored.ref, _state(found), now=now)
    return found


def _server(context: Context, stored: StoredAbsence) -> str:
    person = context.config.person(stored.absence.person)
    settings = context.config.mailbox(person.email) if person is not None else None
    return settings.server if settings is not None else ""


def _look_after(context: Context, stored: StoredAbsence, now: datetime, *, inside: bool) -> AbsenceState | None:
    """Install what is missing, compare, prove; the state it is in then, or None: its server does not answer."""
    before = verify(context, stored, now)
    if before.problems == ("unreachable",):
        log.warning("absence_not_verified", ref=stored.ref)
        return None  # asked again with the next pass
    trouble = ""
    try:
        # Also what is right is installed again: own rules that were changed since then show themselves.
        install(context, stored, now)
    except OwnRulesConflict as error:
        trouble = f"conflict:{error.reason}"
    except MailbotError as error:
        trouble = "not_installed"
        log.warning("absence_not_installed", ref=stored.ref, error=type(error).__name__)
    found = verify(context, stored, now, probe=inside and not trouble)
    state: AbsenceState = "broken" if trouble else _state(found)
    context.store.absences.move(stored.ref, state, now=now)
    problems = tuple(dict.fromkeys([*([trouble] if trouble else []), *found.problems]))
    changed_by_hand = _was_installed(context, stored) and before.configured is False
    tell_broken(context, stored, problems, put_back=before.problems if changed_by_hand else (), now=now)
    if not (found.proven is None and found.effective and absence_probe.accounts(context)):
        _note(context, stored, now)  # else a probe is under way
    return state


def _state(found: Verification) -> AbsenceState:
    if found.later or (found.configured and not found.effective):
        return "planned"
    if not found.configured or found.proven is False:
        return "broken"
    return "proven" if found.proven else "active"


def _was_installed(context: Context, stored: StoredAbsence) -> bool:
    """Looked after before with this version of the text: what differs now was changed by somebody else."""
    checked = _checked(context, stored)
    return checked is not None and checked.get("text_version") == stored.text_version


def _is_due(context: Context, stored: StoredAbsence, now: datetime) -> bool:
    return _checked(context, stored) != _stamp(context, stored, now)


def _note(context: Context, stored: StoredAbsence, now: datetime) -> None:
    value = json.dumps(_stamp(context, stored, now))
    context.store.absences.keep_token(stored.ref, CHECKED, value, now=now)


def _stamp(context: Context, stored: StoredAbsence, now: datetime) -> dict[str, object]:
    """What must be the same for a check to hold: the day, the text, and whether the absence has begun."""
    starts_at, _ = window(context.config, stored.absence)
    return {
        "day": local_date(context.config, now).isoformat(),
        "text_version": stored.text_version,
        "version": wanted_reply(context, stored, now).version,
        "inside": now >= starts_at,
    }


def _checked(context: Context, stored: StoredAbsence) -> dict[str, object] | None:
    text = context.store.absences.tokens(stored.ref).get(CHECKED)
    return json.loads(text) if text else None


def _end(context: Context, stored: StoredAbsence, now: datetime) -> bool:
    """Back again: what was installed goes, and the person gets a summary."""
    context.store.absences.move(stored.ref, "ended", now=now)
    if context.enforcing:
        tell_returned(context, stored, now)
    return _undo(context, stored)


def _undo(context: Context, stored: StoredAbsence) -> bool:
    """Whether something was taken out; False: nothing was there, or it must be tried again."""
    if not context.store.absences.tokens(stored.ref) or not context.enforcing:
        return False
    try:
        probe = absence_probe.latest(context, stored)
        if probe is not None:
            absence_probe.clean_up(context, stored, probe)
        uninstall(context, stored)
    except MailbotError as error:
        log.warning("absence_not_undone", ref=stored.ref, error=type(error).__name__)
        return False
    log.info("absence_undone", ref=stored.ref)
    return True
