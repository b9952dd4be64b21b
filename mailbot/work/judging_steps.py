"""What is found out about one message from its bytes and known facts alone: in the worker, and in its children.

Its header block is read first. Then it is decided about, reading further as long as a rule asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.mail.conversation import linked_ids
from mailbot.mail.identity import content_key
from mailbot.mail.message import Message, parse, parse_headers
from mailbot.mail.received import arrival_time
from mailbot.policy.addressee import unit_meant
from mailbot.policy.decide import decide
from mailbot.policy.model import Decision, Direction, Facts, Stage
from mailbot.policy.profile import Policy
from mailbot.work.attachment_texts import attachment_texts

#: in mail that proves automatic replies: no mail for anybody
PROBE_MARK = "X-Mailbot-Probe"

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
class Place:
    """Where header blocks lie."""

    #: whether the organisation sent what lies there
    is_sent: bool
    #: who received it: mail servers of the organisation, lower case
    own_hosts: frozenset[str]
    own_domains: frozenset[str]
    web_form_senders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Head:
    """What a header block says."""

    message: Message
    #: the content key
    key: str
    #: the Message-IDs that tie it to a conversation: those it names, nearest first, and its own
    ids: tuple[str, ...]
    direction: Direction
    #: legal arrival (requirements 0); for what we sent, when it was filed
    received_at: datetime
    #: the field in which our own probes prove themselves
    probe_mark: str | None


def head_of(message: Message, place: Place, internal_date: datetime, now: datetime) -> Head:
    """`internal_date` is the server's, aware UTC as `now`."""
    own = (message.message_id,) if message.message_id else ()
    if place.is_sent:
        received_at = internal_date
    else:
        received_at = arrival_time(message.headers, own_hosts=place.own_hosts, internal_date=internal_date, now=now)
    return Head(
        message=message,
        key=content_key(message),
        ids=(*linked_ids(message), *own),
        direction=_direction(message, place),
        received_at=received_at,
        probe_mark=message.headers.get(PROBE_MARK),
    )


def read_head(block: bytes, place: Place, internal_date: datetime, now: datetime) -> Head:
    """As `head_of`; UnparsableMessage when no header field can be read there: a mail may begin with an empty line."""
    return head_of(parse_headers(block), place, internal_date, now)


def _direction(message: Message, place: Place) -> Direction:
    if place.is_sent:
        return "outgoing"
    if message.author.email in place.web_form_senders:
        return "incoming"  # a citizen's words, though the envelope is ours
    return "internal" if message.author.domain in place.own_domains else "incoming"


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
