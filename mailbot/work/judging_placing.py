"""What is known of a new delivery before any rule runs: whose mail it is, when it arrived, how far it may be read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from mailbot.config.model import MailboxSettings
from mailbot.mail.identity import raw_key
from mailbot.mail.message import Message, UnparsableMessage, parse
from mailbot.platforms.base import Arrival, Folder
from mailbot.policy.model import Decision, Direction, Facts, Stage
from mailbot.work.absence_forwards import AbsenceForwards
from mailbot.work.context import Context
from mailbot.work.facts import Known
from mailbot.work.forwarded_copies import ForwardedCopies
from mailbot.work.judging_steps import Head, Place, head_of, read_head
from mailbot.work.own_signature import organisation_lines


@dataclass(frozen=True, slots=True)
class Reading:
    """One new delivery and what has been read of it so far."""

    arrival: Arrival
    #: the content key
    key: str
    #: None: the bytes cannot be parsed
    head: Head | None
    #: as far as it has been read
    message: Message | None
    unparsable: str | None
    #: what holds for the mailbox whose mail it is
    facts: Facts
    #: whose it is to answer, or ""
    assignee: str
    direction: Direction
    #: legal arrival, aware UTC
    received_at: datetime
    decision: Decision | None = None
    #: whose diary it belongs in, where that is not its own unit's
    diary_unit: str = ""

    @property
    def unit(self) -> str:
        return self.facts.unit or ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The Message-IDs that tie it to a conversation: its own, and those it names."""
        return self.head.ids if self.head is not None else ()


def judged_before(reading: Reading, known: Known, folder: Folder) -> bool:
    """Whether its unit has judged a further copy of it, and at least as fully."""
    before = known.messages.get(reading.key)
    stage = Stage.HEADERS if reading.facts.last_stage is Stage.HEADERS else Stage.BODY
    return before is not None and before.judged_for(reading.unit, at_least=stage, sent=folder.role == "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPass:
    """What is the same for all deliveries of one folder in one pass."""

    context: Context
    #: the mailbox to which the mail counts
    settings: MailboxSettings
    #: the address of the mailbox in which it lies
    lies_in: str
    folder: Folder
    now: datetime
    #: what rules know of every mail there
    static: Facts
    #: what is passed on while a person is away; None where no mail is received
    forwards: AbsenceForwards | None

    @property
    def is_sent(self) -> bool:
        return self.folder.role == "sent"


class Placing:
    """Reads header blocks of deliveries in one folder. `whole` fetches all of a delivery."""

    def __init__(self, under_way: FolderPass, *, whole: Callable[[Arrival], bytes | None]) -> None:
        organisation, static = under_way.context.config.organisation, under_way.static
        self._pass = under_way
        self._whole = whole
        self._copies = (
            None if under_way.is_sent else ForwardedCopies(under_way.context, under_way.settings, static, under_way.now)
        )
        self._own_lines = organisation_lines(organisation)
        #: what children must know to read header blocks
        self.place = Place(
            is_sent=under_way.is_sent,
            own_hosts=frozenset(host.lower() for host in organisation.mail_hosts),
            own_domains=static.own_domains,
            web_form_senders=static.web_form_senders,
        )

    def read(self, arrival: Arrival, header_block: bytes) -> Reading:
        """The headers; where none can be read there, all of it: a mail may begin with an empty line."""
        try:
            head = read_head(header_block, self.place, arrival.internal_date, self._pass.now)
        except UnparsableMessage:
            whole = self._whole(arrival) or header_block
            try:
                message = parse(whole, own_signature_lines=self._own_lines)
            except UnparsableMessage as error:
                # What no server can give has no content to be known by: it is known by its place.
                place = f"{self._pass.lies_in}\n{self._pass.folder.id}\n{arrival.delivery_id}".encode()
                return self._placed(arrival, raw_key(whole or place), None, str(error))
            head = head_of(message, self.place, arrival.internal_date, self._pass.now)
        return self.placed(arrival, head)

    def placed(self, arrival: Arrival, head: Head) -> Reading:
        """What a header block says, with whose mail it is, and how far it may be read."""
        return self._placed(arrival, head.key, head, None)

    def _placed(self, arrival: Arrival, key: str, head: Head | None, unparsable: str | None) -> Reading:
        received_at = head.received_at if head else arrival.internal_date
        direction = head.direction if head else "outgoing" if self.place.is_sent else "incoming"
        message, facts, assignee = head.message if head else None, self._pass.static, self._assignee
        forwards = self._pass.forwards
        source = self._copies.source(message, arrival.internal_date) if self._copies and message else None
        if source is not None:
            facts, assignee = source.facts, source.person
        elif facts.last_stage is Stage.HEADERS and forwards and forwards.may_read_in_full(received_at):
            facts = replace(facts, last_stage=Stage.ATTACHMENTS)
        return Reading(arrival, key, head, message, unparsable, facts, assignee, direction, received_at)

    @cached_property
    def _assignee(self) -> str:
        """A personal mailbox's owner; mail to any other is the mail officers' to hand out."""
        owner = self._pass.context.config.person_by_address(self._pass.settings.address)
        return owner.id if owner and self._pass.settings.role == "personal" else ""
