"""What is known of a new delivery before any rule runs: whose mail it is, when it arrived, how far it may be read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from mailbot.config.model import MailboxSettings
from mailbot.mail.conversation import linked_ids
from mailbot.mail.identity import content_key, raw_key
from mailbot.mail.message import Message, UnparsableMessage, parse, parse_headers
from mailbot.mail.received import arrival_time
from mailbot.platforms.base import Arrival, Folder
from mailbot.policy.model import Decision, Direction, Facts, Stage
from mailbot.work.absence_forwards import AbsenceForwards
from mailbot.work.context import Context
from mailbot.work.forwarded_copies import ForwardedCopies
from mailbot.work.own_signature import organisation_lines


@dataclass(frozen=True, slots=True)
class Reading:
    """One new delivery and what has been read of it so far."""

    arrival: Arrival
    key: str
    message: Message | None
    unparsable: str | None
    #: what holds for the mailbox whose mail it is
    facts: Facts
    #: whose it is to answer, or ""
    assignee: str
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
        if self.message is None:
            return ()
        return (*linked_ids(self.message), *([self.message.message_id] if self.message.message_id else []))


class Placing:
    """Reads header blocks of deliveries in one folder. `whole` fetches all of a delivery."""

    def __init__(
        self,
        context: Context,
        settings: MailboxSettings,
        folder: Folder,
        static: Facts,
        now: datetime,
        *,
        lies_in: str,
        forwards: AbsenceForwards | None,
        whole: Callable[[Arrival], bytes | None],
    ) -> None:
        self._config = context.config
        self._settings = settings
        self._folder = folder
        self._static = static
        self._now = now
        self._lies_in = lies_in
        self._forwards = forwards
        self._whole = whole
        self._copies = ForwardedCopies(context, settings, static, now) if folder.role != "sent" else None
        self._own_lines = organisation_lines(self._config.organisation)
        self._own_hosts = frozenset(host.lower() for host in self._config.organisation.mail_hosts)

    def read(self, arrival: Arrival, header_block: bytes) -> Reading:
        """The headers; where none can be read there, all of it: a mail may begin with an empty line."""
        try:
            message = parse_headers(header_block)
        except UnparsableMessage:
            whole = self._whole(arrival) or header_block
            try:
                message = parse(whole, own_signature_lines=self._own_lines)
            except UnparsableMessage as error:
                # What no server can give has no content to be known by: it is known by its place.
                place = f"{self._lies_in}\n{self._folder.id}\n{arrival.delivery_id}".encode()
                return self._placed(arrival, raw_key(whole or place), None, str(error))
        return self._placed(arrival, content_key(message), message, None)

    def direction(self, message: Message | None) -> Direction:
        if self._folder.role == "sent":
            return "outgoing"
        if message is None or message.author.email in self._static.web_form_senders:
            return "incoming"  # a citizen's words, though the envelope is ours
        return "internal" if message.author.domain in self._static.own_domains else "incoming"

    def _placed(self, arrival: Arrival, key: str, message: Message | None, unparsable: str | None) -> Reading:
        """With whose mail it is, and how far it may be read."""
        received_at, facts, assignee = self._received_at(arrival, message), self._static, self._assignee
        source = self._copies.source(message, arrival.internal_date) if self._copies and message else None
        if source is not None:
            facts, assignee = source.facts, source.person
        elif facts.last_stage is Stage.HEADERS and self._forwards and self._forwards.may_read_in_full(received_at):
            facts = replace(facts, last_stage=Stage.ATTACHMENTS)
        return Reading(arrival, key, message, unparsable, facts, assignee, received_at)

    def _received_at(self, arrival: Arrival, message: Message | None) -> datetime:
        """Legal arrival (requirements 0); for what we sent, when it was filed."""
        internal_date = arrival.internal_date
        if message is None or self._folder.role == "sent":
            return internal_date
        return arrival_time(message.headers, own_hosts=self._own_hosts, internal_date=internal_date, now=self._now)

    @cached_property
    def _assignee(self) -> str:
        """A personal mailbox's owner; mail to any other is the mail officers' to hand out."""
        owner = self._config.person_by_address(self._settings.address)
        return owner.id if owner and self._settings.role == "personal" else ""
