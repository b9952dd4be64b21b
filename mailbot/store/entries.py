"""Outcomes made ready to be recorded: identified by fingerprints, given their references and conversation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mailbot.mail.conversation import normalise_subject
from mailbot.mail.message import Address, Message
from mailbot.policy.model import CloseObligations, OpenObligation, Stage
from mailbot.store.database import SOME, find
from mailbot.store.linking import Linked, named_ids
from mailbot.store.records import Outcome
from mailbot.store.references import References
from mailbot.store.tables import messages, unit_messages

STAGES = {stage: number for number, stage in enumerate(Stage)}
DIARY_ACTIONS = frozenset({"forward_to_registrar", "ask_registrar", "announce_confidential", "report_unparsable"})

_REFS = select(messages.c.content_print, messages.c.ref).where(messages.c.content_print.in_(SOME))
_ITEM_REFS = select(unit_messages.c.message_ref, unit_messages.c.unit, unit_messages.c.ref).where(
    unit_messages.c.message_ref.in_(SOME)
)
_OWNING_MESSAGES = select(messages.c.ref, messages.c.content_print).where(messages.c.ref.in_(SOME))
_OWNING_ITEMS = (
    select(unit_messages.c.ref, messages.c.content_print, unit_messages.c.unit)
    .join(messages, messages.c.ref == unit_messages.c.message_ref)
    .where(unit_messages.c.ref.in_(SOME))
)


@dataclass(slots=True)
class Entry:
    """One outcome on its way into the tables."""

    outcome: Outcome
    content_print: str
    message_id_print: str | None
    linked: Linked
    #: the copy that we sent, not one that we received
    sent: bool
    #: whether its message is in the tables already
    is_known: bool = True
    ref: str = ""
    item_ref: str = ""
    conversation: str = ""
    #: the same message is in that unit's diary by another copy already
    proposed_before: bool = False

    @property
    def closing(self) -> CloseObligations | None:
        decision = self.outcome.decision
        actions = decision.actions if decision else ()
        return next((action for action in actions if isinstance(action, CloseObligations)), None)

    @property
    def opening(self) -> OpenObligation | None:
        decision = self.outcome.decision
        actions = decision.actions if decision else ()
        return next((action for action in actions if isinstance(action, OpenObligation)), None)

    @property
    def diary_actions(self) -> frozenset[str]:
        decision = self.outcome.decision
        return DIARY_ACTIONS.intersection(action.name for action in decision.actions) if decision else frozenset()

    @property
    def side(self) -> str:
        return "sent" if self.sent else "received"


def prepare(outcome: Outcome, references: References) -> Entry:
    """The entry of one outcome; references and conversation come later."""
    content_print = references.fingerprint(outcome.content_key)
    message = outcome.message
    message_id = message.message_id if message else None
    message_id_print = references.fingerprint(message_id) if message_id else None
    named = tuple(map(references.fingerprint, named_ids(message))) if message else ()
    entry = Entry(
        outcome=outcome,
        content_print=content_print,
        message_id_print=message_id_print,
        linked=Linked(own=message_id_print or content_print, named=named),
        sent=False,
    )
    entry.sent = outcome.direction == "outgoing" or entry.closing is not None
    return entry


def address_print(references: References, address: Address | str) -> str:
    """The fingerprint by which an asker is found among the recipients of an answer."""
    return references.fingerprint(f"address:{(address if isinstance(address, str) else address.email).lower()}")


def subject_print(references: References, message: Message | None) -> str | None:
    """The fingerprint by which questions and answers without links find each other; None for an empty subject."""
    subject = normalise_subject(message.subject) if message else ""
    return references.fingerprint(f"subject:{subject}") if subject else None


def recipient_prints(references: References, message: Message | None, *, limit: int = 200) -> tuple[str, ...]:
    """The fingerprints of the recipients; a mail to more than `limit` answers nobody in particular."""
    recipients = message.recipients if message else ()
    return tuple(dict.fromkeys(address_print(references, address) for address in recipients[:limit]))


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose a reference is: a message, or its item in a unit."""

    content_print: str
    unit: str | None

    def shares_with(self, other: "_Owner") -> bool:
        """A message may share a reference with its own item, and with nothing else."""
        same_unit = self.unit is None or other.unit is None or self.unit == other.unit
        return self.content_print == other.content_print and same_unit


def assign_references(connection: Connection, entries: Sequence[Entry], references: References) -> None:
    """Give each entry its references. Stored ones stay; where two meet, the later one takes its next choice."""
    _take_stored(connection, entries)
    wanted = {ref for entry in entries for ref in (entry.outcome.ref, entry.outcome.item_ref)}
    owners = _owners(connection, wanted)
    for entry in entries:
        outcome, mine = entry.outcome, _Owner(entry.content_print, None)
        entry.ref = entry.ref or _choose(connection, owners, mine, outcome.ref, outcome.content_key, references)
        item = _Owner(entry.content_print, outcome.unit)
        entry.item_ref = entry.item_ref or _choose(
            connection, owners, item, outcome.item_ref, outcome.content_key, references
        )


def _take_stored(connection: Connection, entries: Sequence[Entry]) -> None:
    prints = sorted({entry.content_print for entry in entries})
    refs: dict[str, str] = dict(find(connection, _REFS, prints))
    found = find(connection, _ITEM_REFS, sorted(refs.values()))
    items: dict[tuple[str, str], str] = {(message_ref, unit): ref for message_ref, unit, ref in found}
    for entry in entries:
        entry.is_known = entry.content_print in refs
        entry.ref = refs.get(entry.content_print, "")
        entry.item_ref = items.get((entry.ref, entry.outcome.unit), "")


def _owners(connection: Connection, refs: Iterable[str]) -> dict[str, list[_Owner]]:
    owners: dict[str, list[_Owner]] = {}
    wanted = sorted(refs)
    for ref, content_print in find(connection, _OWNING_MESSAGES, wanted):
        owners.setdefault(ref, []).append(_Owner(content_print, None))
    for ref, content_print, unit in find(connection, _OWNING_ITEMS, wanted):
        owners.setdefault(ref, []).append(_Owner(content_print, unit))
    return owners


def _choose(
    connection: Connection,
    owners: dict[str, list[_Owner]],
    owner: _Owner,
    first: str,
    content_key: str,
    references: References,
) -> str:
    ref, attempt = first, 0
    while not all(owner.shares_with(other) for other in owners.get(ref, ())):
        attempt += 1
        ref = references.ref(content_key, owner.unit or "", attempt=attempt)
        if ref not in owners:
            owners.update(_owners(connection, [ref]))
    owners.setdefault(ref, []).append(owner)
    return ref
