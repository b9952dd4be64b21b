"""From the bytes of new deliveries to outcomes: the pure rules decide, and more is read only when a rule asks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import repeat

from mailbot.config.model import MailboxSettings
from mailbot.errors import PermanentError, TransientError
from mailbot.log import get_logger
from mailbot.mail.message import UnparsableMessage
from mailbot.platforms.base import Arrival, DocumentLimits, Folder, Mailbox
from mailbot.policy.decide import unparsable_decision
from mailbot.policy.model import Facts, Stage
from mailbot.policy.secret_conversation import keep_secret
from mailbot.store.records import Outcome
from mailbot.work.absence_forwards import AbsenceForwards
from mailbot.work.absence_probe import is_probe
from mailbot.work.absence_replies import own_absence
from mailbot.work.attachment_texts import LIMITS
from mailbot.work.context import Context
from mailbot.work.facts import Known, clocks_start_at, facts_for, look_up, static_facts
from mailbot.work.judging_asked import Asked, Batch
from mailbot.work.judging_children import HEADERS_FOR_ONE, children_for
from mailbot.work.judging_outcomes import Outcomes
from mailbot.work.judging_placing import FolderPass, Placing, Reading, judged_before
from mailbot.work.judging_steps import Head, Terms, judge
from mailbot.work.own_signature import organisation_lines

log = get_logger(__name__)

#: what is fetched so that documents can be read: base64 with its line ends makes 100 octets 137
_DOCUMENTS = DocumentLimits(each=LIMITS.document * 14 // 10, together=LIMITS.together * 14 // 10)


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
        self._context = context
        self._settings = settings
        self._mailbox = mailbox
        self._folder = folder
        self._now = now
        self._static = static_facts(context, settings)
        self._start = clocks_start_at(context)
        config = context.config
        units = {unit.id: unit.name for unit in config.units}
        self._terms = Terms(config.policy, organisation_lines(config.organisation), units)
        answered = folder.role not in ("sent", "junk")
        self._away = own_absence(context, settings, now) if answered else None
        under_way = FolderPass(
            context=context,
            settings=settings,
            lies_in=lies_in or settings.address,
            folder=folder,
            now=now,
            static=self._static,
            forwards=AbsenceForwards(context, settings) if answered else None,
        )
        self._outcomes = Outcomes(under_way, away=self._away, fetch=self._fetch)
        self._placing = Placing(under_way, whole=lambda arrival: self._fetch(arrival, with_attachments=True))
        #: children read its header blocks, and have not been asked more
        self._to_ask: Batch | None = None
        #: children judge it, and its outcomes have not been asked for
        self._unrecorded: Batch | None = None

    def is_too_old(self, arrival: Arrival) -> bool:
        """Arrived before `start_from`: not read at all. Legal arrival is never later than the internal date."""
        return self._start is not None and arrival.internal_date < self._start

    def begin(self, fetched: Sequence[tuple[Arrival, bytes]]) -> Batch:
        """Read the header blocks; of a large batch children read and judge what they can, until its outcomes are asked
        for. Batches before need not have been recorded. TransientError when the mailbox stops answering.

        By header blocks alone, children read one batch while they judge the one before, and another is recorded. What
        may be read in full is fetched now, when the server is asked for it anyway.
        """
        children = children_for(self._terms, self._for_children(fetched))
        if children is None:
            self._ask()
            batch = Batch(partial(self._read, fetched, repeat(None)), None)
            batch.readings  # noqa: B018 - while the server is asked anyway
            return batch
        blocks = [(block, arrival.internal_date) for arrival, block in fetched]
        heads = children.read(self._placing.place, self._now, blocks)
        asked, by_headers = Asked(children, self._now, wants_text=self._away is not None), self._reads_headers_only
        batch = Batch(partial(self._read, fetched, heads), asked, begun_ahead=2 if by_headers else 1)
        self._ask()
        self._to_ask = batch
        if not by_headers:
            self._ask()
        return batch

    def _ask(self) -> None:
        """Have children judge the batch that they have read. The one before need not have been recorded."""
        batch, before = self._to_ask, self._unrecorded
        self._to_ask = None
        if batch is None or batch.asked is None:
            return
        asked, to_judge = batch.asked, self._to_judge(batch.readings, self._look_up(batch.readings))
        for reading in batch.readings:
            facts = to_judge.get(reading.arrival.delivery_id)
            raw = self._for_child(reading) if facts is not None else None
            if facts is None or raw is None:
                continue
            # What answers the mail before it waits: what is known of its conversation is about to change.
            if before is not None and not before.ids.isdisjoint(reading.ids):
                asked.keep(reading, raw)
            else:
                asked.ask(reading, raw, facts)
        asked.flush()
        self._unrecorded = batch

    @property
    def _reads_headers_only(self) -> bool:
        return self._static.last_stage is Stage.HEADERS

    def _for_children(self, fetched: Sequence[tuple[Arrival, bytes]]) -> int:
        """How many whole messages are there for children to judge, or what they have to do otherwise."""
        if self._reads_headers_only:
            return len(fetched) // HEADERS_FOR_ONE
        return sum(arrival.comes_whole for arrival, _ in fetched)

    def _read(self, fetched: Sequence[tuple[Arrival, bytes]], heads: Iterable[Head | None]) -> Iterator[Reading]:
        for (arrival, block), head in zip(fetched, heads, strict=False):
            reading = self._placing.read(arrival, block) if head is None else self._placing.placed(arrival, head)
            if not self._is_probe(reading):
                yield reading

    def _for_child(self, reading: Reading) -> bytes | None:
        """What a child must be given beside the header block; None when only the worker can read it to the end."""
        if reading.facts.last_stage is Stage.HEADERS:
            return b""
        return (self._fetch(reading.arrival) or None) if reading.arrival.comes_whole else None

    def outcomes(self, batch: Batch, *, hold_replies: bool) -> Iterator[Outcome]:
        """One outcome per delivery, whatever its bytes are, when all batches before have been recorded. TransientError
        when the mailbox stops answering."""
        if self._to_ask is batch:
            self._ask()
        if self._unrecorded is batch:
            self._unrecorded = None
        known = self._look_up(batch.readings)
        secret_ids = {one for one, conversation in known.conversations.items() if conversation.confidential}
        to_judge = self._to_judge(batch.readings, known)
        if batch.asked is not None:
            batch.asked.ask_again(batch.readings, to_judge, self._for_child)
        for reading in batch.readings:
            must_judge = reading.arrival.delivery_id in to_judge
            judged = (
                self._judged(reading, to_judge[reading.arrival.delivery_id], batch.asked) if must_judge else reading
            )
            vanished = must_judge and judged.decision is None
            judged = _with_its_conversation(judged, secret_ids)
            yield self._outcomes.make(judged, known, secret_ids, hold_replies=hold_replies, vanished=vanished)

    def _look_up(self, readings: Sequence[Reading]) -> Known:
        heads = [reading.head for reading in readings if reading.head]
        return look_up(self._context, [reading.key for reading in readings], heads)

    def _to_judge(self, readings: Sequence[Reading], known: Known) -> dict[str, Facts | None]:
        """By delivery id, what is known of each that is to be judged; None where it is no mail that rules can read."""
        return {
            reading.arrival.delivery_id: self._facts(reading, known)
            for reading in readings
            if self._must_judge(reading, known)
        }

    def _facts(self, reading: Reading, known: Known) -> Facts | None:
        return facts_for(reading.facts, reading.head, known) if reading.head is not None else None

    def _is_probe(self, reading: Reading) -> bool:
        """A probe is no mail for anybody: it enters no clock, digest or register, and is not even recorded."""
        head = reading.head
        return head is not None and is_probe(self._context.references, head.probe_mark, head.message.message_id)

    def _must_judge(self, reading: Reading, known: Known) -> bool:
        """Not what is older than the clocks, nor a further copy of what this unit has judged at least as fully."""
        if self._start is not None and reading.received_at < self._start:
            return False
        return not judged_before(reading, known, self._folder)

    def _judged(self, reading: Reading, facts: Facts | None, asked: Asked | None) -> Reading:
        """Decide, reading further as long as a rule asks. An unexpected failure is recorded, never passed over."""
        message = reading.message
        if message is None or facts is None:
            return replace(reading, decision=unparsable_decision())
        by_child = asked.judged(reading, facts) if asked is not None else None
        if by_child is not None:
            return by_child

        def fetch(stage: Stage) -> bytes | None:
            documents = _DOCUMENTS if stage is Stage.ATTACHMENTS else None
            return self._fetch(reading.arrival, documents=documents)

        try:
            judged = judge(message, facts, self._terms, self._now, fetch)
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
        return replace(reading, message=judged.message, decision=judged.decision, diary_unit=judged.diary_unit)

    def _fetch(
        self, arrival: Arrival, *, with_attachments: bool = False, documents: DocumentLimits | None = None
    ) -> bytes | None:
        return self._mailbox.fetch(
            self._folder, arrival.delivery_id, with_attachments=with_attachments, documents=documents
        )


def _with_its_conversation(reading: Reading, secret_ids: set[str]) -> Reading:
    """The reading, kept secret when its conversation is. `secret_ids` are the Message-IDs of such conversations, to
    which this one's are added."""
    message, decision = reading.message, reading.decision
    if message is None or decision is None:
        return reading
    ids = set(reading.ids)
    if not decision.confidential:
        if secret_ids.isdisjoint(ids):
            return reading
        reading = replace(reading, decision=keep_secret(decision))
    secret_ids |= ids
    return reading
