"""Deciding about one message, reading further as long as a rule asks: in the worker, and in its children."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.mail.message import Message, parse
from mailbot.policy.addressee import unit_meant
from mailbot.policy.decide import decide
from mailbot.policy.model import Decision, Facts, Stage
from mailbot.policy.profile import Policy
from mailbot.work.attachment_texts import attachment_texts

#: the bytes of the message as far as the stage that is asked for needs them; None when it has gone
Fetch = Callable[[Stage], bytes | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every message of an installation."""

    policy: Policy
    #: of the organisation's signature
    own_lines: Sequence[str]
    #: unit id -> its name
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judgment:
    """What reading a message came to."""

    #: as far as it was read
    message: Message
    decision: Decision
    #: the unit whose diary it belongs in, where it is plainly for another one's board than that of its mailbox
    diary_unit: str


def judge(message: Message, facts: Facts, terms: Terms, now: datetime, fetch: Fetch) -> Judgment | None:
    """None when the message has gone meanwhile. `message` is its header block.

    Raises what `fetch` raises, and UnparsableMessage.
    """
    decision = decide(message, facts, terms.policy, now)
    parsed: bytes | None = None
    while decision.needs is not None:
        raw = fetch(decision.needs)
        if raw is None:
            return None
        if raw != parsed:  # small mail came whole the first time
            message, parsed = parse(raw, own_signature_lines=terms.own_lines, known=message), raw
        if decision.needs is Stage.ATTACHMENTS:
            facts = replace(facts, attached=attachment_texts(raw, message))
        decision = decide(message, facts, terms.policy, now)
    return Judgment(message, decision, _diary_unit(message, facts, terms))


def _diary_unit(message: Message, facts: Facts, terms: Terms) -> str:
    own = facts.unit or ""
    if len(terms.units) == 1 or facts.direction == "outgoing":
        return ""
    meant = unit_meant(message, terms.units, facts.diary_patterns, own=own)
    return meant if meant != own else ""
