"""From the bytes of new deliveries to outcomes: the pure rules decide, and more is read only when a rule asks."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from mailbot.config.model import MailboxSettings
from mailbot.errors import PermanentError, TransientError
from mailbot.log import get_logger
from mailbot.mail.conversation import linked_ids
from mailbot.mail.identity import content_key, raw_key
from mailbot.mail.message import Message, UnparsableMessage, parse, parse_headers
from mailbot.mail.received import arrival_time
from mailbot.platforms.base import Arrival, DocumentLimits, Folder, Mailbox
from mailbot.policy.addressee import unit_meant
from mailbot.policy.decide import unparsable_decision
from mailbot.policy.model import Decision, Direction, Facts, Stage
from mailbot.policy.refusals import collect
from mailbot.policy.secret_conversation import keep_secret
from mailbot.policy.webforms import askers
from mailbot.store.records import DeliverySeen, NewMail, Outcome
from mailbot.work.absence_forwards import AbsenceForwards
from mailbot.work.absence_install import window
from mailbot.work.absence_probe import is_probe
from mailbot.work.absence_replies import own_absence, reply_to
from mailbot.work.attachment_texts import LIMITS
from mailbot.work.context import Context
from mailbot.work.facts import Known, clocks_start_at, facts_for, look_up, static_facts
from mailbot.work.forwarded_copies import ForwardedCopies
from mailbot.work.handover import mail_for
from mailbot.work.judging_child import Judged, Question, Terms
from mailbot.work.judging_children import CHUNK, WORTH_IT, lent
from mailbot.work.judging_steps import judge
from mailbot.work.mode import enforced_since
from mailbot.work.own_signature import organisation_lines

log = get_logger(__name__)

#: what is fetched so that documents can be read: base64 with its line ends makes 100 octets 137
_DOCUMENTS = DocumentLimits(each=LIMITS.document * 14 // 10, together=LIMITS.together * 14 // 10)


@dataclass(frozen=True, slots=True)
class _Reading:
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

    @property
    def unit(self) -> str:
        return self.facts.unit or ""


class Judge:
    """Judges the new deliveries of one folder."""

    def __init__(
        self,
        context: Context,
        settings: MailboxSettings,
        mailbox: Mailbox,
        folder: Folder,
        now: datetime,
        *,
        lies_in: str = "",
    ) -> None:
        """`settings` is the mailbox to which the mail counts; `lies_in` is the one opened, where that is another."""
        self._lies_in = lies_in or settings.address
        self._context = context
        self._settings = settings
        self._mailbox = mailbox
        self._folder = folder
        self._now = now
        self._static = static_facts(context, settings)
        self._start = clocks_start_at(context)
        self._enforced_since = enforced_since(context)
        self._own_lines = organisation_lines(context.config.organisation)
        answered = folder.role not in ("sent", "junk")
        self._away = own_absence(context, settings, now) if answered else None
        self._forwards = AbsenceForwards(context, settings) if answered else None
        self._copies = ForwardedCopies(context, settings, self._static, now) if folder.role != "sent" else None

    def is_too_old(self, arrival: Arrival) -> bool:
        """Arrived before `start_from`: not read at all. Legal arrival is never later than the internal date."""
        return self._start is not None and arrival.internal_date < self._start

    def outcomes(self, fetched: Sequence[tuple[Arrival, bytes]], *, hold_replies: bool) -> Iterator[Outcome]:
        """One outcome per delivery, whatever its bytes are. TransientError when the mailbox stops answering."""
        readings = [reading for reading in (self._read(*each) for each in fetched) if not self._is_probe(reading)]
        messages = [reading.message for reading in readings if reading.message]
        known = look_up(self._context, [reading.key for reading in readings], messages)
        secret_ids = {one for one, conversation in known.conversations.items() if conversation.confidential}
        by_children = self._judged_by_children(readings, known)
        for reading in readings:
            must_judge = self._must_judge(reading, known)
            judged = by_children.pop(reading.arrival.delivery_id, None) or (
                self._judged(reading, known) if must_judge else reading
            )
            judged = _with_its_conversation(judged, secret_ids)
            outcome = self._outcome(judged, hold_replies=hold_replies)
            yield self._with_mail(judged, outcome, known, secret_ids, vanished=must_judge and judged.decision is None)

    def _is_probe(self, reading: _Reading) -> bool:
        """A probe is no mail for anybody: it enters no clock, digest or register, and is not even recorded."""
        return reading.message is not None and is_probe(self._context.references, reading.message)

    def _read(self, arrival: Arrival, header_block: bytes) -> _Reading:
        """The headers; where none can be read there, all of it: a mail may begin with an empty line."""
        try:
            message = parse_headers(header_block)
        except UnparsableMessage:
            whole = self._fetch(arrival, with_attachments=True) or header_block
            try:
                message = parse(whole, own_signature_lines=self._own_lines)
            except UnparsableMessage as error:
                # What no server can give has no content to be known by: it is known by its place.
                place = f"{self._lies_in}\n{self._folder.id}\n{arrival.delivery_id}".encode()
                return self._placed(arrival, raw_key(whole or place), None, str(error))
        return self._placed(arrival, content_key(message), message, None)

    def _placed(self, arrival: Arrival, key: str, message: Message | None, unparsable: str | None) -> _Reading:
        """With whose mail it is, and how far it may be read."""
        received_at, facts, assignee = self._received_at(arrival, message), self._static, self._assignee()
        source = self._copies.source(message, arrival.internal_date) if self._copies and message else None
        if source is not None:
            facts, assignee = source.facts, source.person
        elif facts.last_stage is Stage.HEADERS and self._forwards and self._forwards.may_read_in_full(received_at):
            facts = replace(facts, last_stage=Stage.ATTACHMENTS)
        return _Reading(arrival, key, message, unparsable, facts, assignee, received_at)

    def _must_judge(self, reading: _Reading, known: Known) -> bool:
        """Not what is older than the clocks, nor a further copy of what this unit has judged at least as fully."""
        if self._start is not None and reading.received_at < self._start:
            return False
        return not self._judged_before(reading, known)

    def _judged_before(self, reading: _Reading, known: Known) -> bool:
        before = known.messages.get(reading.key)
        stage = Stage.HEADERS if reading.facts.last_stage is Stage.HEADERS else Stage.BODY
        return before is not None and before.judged_for(reading.unit, at_least=stage, sent=self._folder.role == "sent")

    def _judged(self, reading: _Reading, known: Known) -> _Reading:
        """Decide, reading further as long as a rule asks. An unexpected failure is recorded, never passed over."""
        message = reading.message
        if message is None:
            return replace(reading, decision=unparsable_decision())
        facts = facts_for(reading.facts, message, known, self._direction(message), reading.received_at)
        policy = self._context.config.policy

        def fetch(stage: Stage) -> bytes | None:
            documents = _DOCUMENTS if stage is Stage.ATTACHMENTS else None
            return self._fetch(reading.arrival, documents=documents)

        try:
            judged = judge(message, facts, policy, self._now, fetch, self._own_lines)
        except (UnparsableMessage, PermanentError) as error:
            return replace(reading, unparsable=str(error), decision=unparsable_decision())
        except (TransientError, OSError):
            raise
        except Exception as error:
            # A defect of ours: this message goes to a person, the others are judged (invariant 1).
            log.exception("message_not_judged", mailbox=self._settings.address)
            reason = f"judging it failed ({type(error).__name__})"
            return replace(reading, unparsable=reason, decision=unparsable_decision())
        if judged is None:  # moved or deleted meanwhile: its next place is read with the next change
            return reading
        message, decision = judged
        return replace(reading, message=message, decision=decision)

    def _judged_by_children(self, readings: Sequence[_Reading], known: Known) -> dict[str, _Reading]:
        """By delivery id, what children have judged of a batch with much to read in full."""
        wanted = [
            (reading, reading.message)
            for reading in readings
            if reading.message is not None
            and reading.arrival.comes_whole
            and reading.facts.last_stage is not Stage.HEADERS
            and self._must_judge(reading, known)
        ]
        if len(wanted) < WORTH_IT:
            return {}
        found: dict[str, _Reading] = {}
        with lent(Terms(self._context.config.policy, self._own_lines)) as children:
            if children is None:
                return {}
            waiting: deque[tuple[list[_Reading], Future[Sequence[Judged | None]]]] = deque()
            for start in range(0, len(wanted), CHUNK):
                asked, questions = [], []
                for reading, message in wanted[start : start + CHUNK]:
                    raw = self._fetch(reading.arrival)
                    if raw:
                        facts = facts_for(reading.facts, message, known, self._direction(message), reading.received_at)
                        asked.append(reading)
                        questions.append(Question(raw, message, facts))
                waiting.append((asked, children.submit(self._now, questions)))
                if len(waiting) > 2 * len(children.processes):
                    found |= _answered(*waiting.popleft())
            while waiting:
                found |= _answered(*waiting.popleft())
        return found

    def _outcome(self, reading: _Reading, *, hold_replies: bool) -> Outcome:
        references, unit = self._context.references, reading.unit
        asker, other = askers(reading.message, self._static) if reading.message else (None, None)
        return Outcome(
            delivery=DeliverySeen(
                mailbox=self._lies_in,
                folder=self._folder.id,
                delivery_id=reading.arrival.delivery_id,
                internal_date=reading.arrival.internal_date,
            ),
            ref=references.ref(reading.key),
            content_key=reading.key,
            message=reading.message,
            unparsable=reading.unparsable,
            direction=self._direction(reading.message),
            received_at=reading.received_at,
            unit=unit,
            assignee=reading.assignee,
            decision=reading.decision,
            item_ref=references.ref(reading.key, unit),
            hold_replies=hold_replies,
            diary_unit=self._diary_unit(reading, unit),
            asker=asker.email if asker else None,
            other_asker=other.email if other else None,
            text_print=self._text_print(reading),
            counts_to=self._settings.address,
        )

    def _with_mail(
        self, reading: _Reading, outcome: Outcome, known: Known, secret_ids: set[str], *, vanished: bool
    ) -> Outcome:
        """The outcome with the mail it causes."""
        received_at = outcome.received_at
        if not self._context.enforcing or (self._enforced_since and received_at < self._enforced_since):
            return outcome  # invariant 4: nothing that piled up before the switch is sent
        fetch = cache(lambda: self._fetch(reading.arrival, with_attachments=True) or None)
        mail = mail_for(self._context, outcome, fetch() if _hands_over(reading.decision) else None, self._now)
        forward = None
        if self._forwards is not None and not vanished and not self._is_ours(outcome, known):
            confidential = self._confidential(reading, known, secret_ids)
            forward = self._forwards.mail_for(outcome, self._now, confidential=confidential, fetch=fetch)
        return replace(outcome, mail=(*mail, *self._absence_reply(outcome), *([forward] if forward else [])))

    def _is_ours(self, outcome: Outcome, known: Known) -> bool:
        """Mailbot's own mail, also a further copy of it. What others send under its Message-ID is theirs."""
        message = outcome.message
        return message is not None and (
            message.message_id in known.ours and message.author.email == self._static.service_address
        )

    def _confidential(self, reading: _Reading, known: Known, secret_ids: set[str]) -> bool | None:
        """Also of a further copy that was not judged again; None: nobody has judged that."""
        if reading.decision is not None:
            return reading.decision.confidential
        message_id = reading.message.message_id if reading.message is not None else None
        fully = reading.facts.last_stage is not Stage.HEADERS and self._judged_before(reading, known)
        return message_id in secret_ids if fully and message_id in known.conversations else None

    def _absence_reply(self, outcome: Outcome) -> tuple[NewMail, ...]:
        """The automatic reply of who is away, where no server gives it; also to a mail that a colleague's copy of has
        been judged before."""
        stored, message = self._away, outcome.message
        if stored is None or message is None or outcome.direction == "outgoing":
            return ()
        starts_at, _ = window(self._context.config, stored.absence)
        facts = replace(self._static, direction=outcome.direction, received_at=outcome.received_at)
        if outcome.received_at < starts_at or collect(message, facts):
            return ()
        if outcome.decision is not None and not outcome.decision.answer_allowed:
            return ()
        hold = "first reading, changed folder or unusual burst" if outcome.hold_replies else None
        return (reply_to(self._context, self._settings, stored, message, self._now, hold=hold),)

    def _diary_unit(self, reading: _Reading, unit: str) -> str:
        """Of mail that belongs in a diary: another unit's, where the mail is plainly for that one's board."""
        units, message = self._context.config.units, reading.message
        if message is None or len(units) == 1 or self._folder.role == "sent" or reading.decision is None:
            return ""
        patterns = self._static.diary_patterns
        meant = unit_meant(message, {one.id: one.name for one in units}, patterns, own=unit)
        return meant if meant != unit else ""

    def _text_print(self, reading: _Reading) -> str | None:
        """Of what was sent to mailbot itself, what it says: proof that the copy that arrived there is this one."""
        service, message = self._static.service_address, reading.message
        if self._folder.role != "sent" or message is None or all(one.email != service for one in message.recipients):
            return None
        raw = self._fetch(reading.arrival)
        try:
            whole = parse(raw) if raw is not None else message
        except UnparsableMessage:
            return None
        return self._context.references.text_print(whole.subject, whole.body.text if whole.body else "")

    def _fetch(
        self, arrival: Arrival, *, with_attachments: bool = False, documents: DocumentLimits | None = None
    ) -> bytes | None:
        return self._mailbox.fetch(
            self._folder, arrival.delivery_id, with_attachments=with_attachments, documents=documents
        )

    def _direction(self, message: Message | None) -> Direction:
        if self._folder.role == "sent":
            return "outgoing"
        if message is None or message.author.email in self._static.web_form_senders:
            return "incoming"  # a citizen's words, though the envelope is ours
        return "internal" if message.author.domain in self._static.own_domains else "incoming"

    def _received_at(self, arrival: Arrival, message: Message | None) -> datetime:
        """Legal arrival (requirements 0); for what we sent, when it was filed."""
        internal_date = arrival.internal_date
        if message is None or self._folder.role == "sent":
            return internal_date
        hosts = frozenset(host.lower() for host in self._context.config.organisation.mail_hosts)
        return arrival_time(message.headers, own_hosts=hosts, internal_date=internal_date, now=self._now)

    def _assignee(self) -> str:
        """A personal mailbox's owner; mail to any other is the mail officers' to hand out."""
        owner = self._context.config.person_by_address(self._settings.address)
        return owner.id if owner and self._settings.role == "personal" else ""


def _answered(asked: Sequence[_Reading], answers: "Future[Sequence[Judged | None]]") -> dict[str, _Reading]:
    """What children found out, put together with what the worker knows; what they did not answer is left out."""
    found: dict[str, _Reading] = {}
    for reading, judged in zip(asked, answers.result(), strict=False):
        if judged is not None and reading.message is not None:
            message = replace(reading.message, body=judged.body, size=judged.size, defects=judged.defects)
            found[reading.arrival.delivery_id] = replace(reading, message=message, decision=judged.decision)
    return found


def _with_its_conversation(reading: _Reading, secret_ids: set[str]) -> _Reading:
    """The reading, kept secret when its conversation is. `secret_ids` are the Message-IDs of such conversations, to
    which this one's are added."""
    message, decision = reading.message, reading.decision
    if message is None or decision is None:
        return reading
    ids = {*linked_ids(message), *([message.message_id] if message.message_id else [])}
    if not decision.confidential:
        if secret_ids.isdisjoint(ids):
            return reading
        reading = replace(reading, decision=keep_secret(decision))
    secret_ids |= ids
    return reading


def _hands_over(decision: Decision | None) -> bool:
    """Only what is forwarded needs the whole original; announcements carry nothing of it."""
    return decision is not None and any(action.name == "forward_to_registrar" for action in decision.actions)
