"""What children were asked about one batch, and under which facts: recording the batch before may change these."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from mailbot.policy.model import Facts
from mailbot.work.judging_child import Question
from mailbot.work.judging_children import CHUNK, Answers, Children
from mailbot.work.judging_placing import Reading

#: times as many header blocks in one request
_HEADERS_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an answer will be."""

    facts: Facts
    answers: "Future[Answers]"
    index: int


class Asked:
    """Questions to children about the deliveries of one batch."""

    def __init__(self, children: Children, now: datetime, *, wants_text: bool) -> None:
        """`wants_text`: what is to be done with the mail needs more than the decision."""
        self._children = children
        self._now = now
        self._wants_text = wants_text
        self._places: dict[str, _Place] = {}
        self._kept: dict[str, bytes] = {}
        self._together: list[tuple[str, Question]] = []

    def keep(self, reading: Reading, raw: bytes) -> None:
        """Ask about this one when the batch before has been recorded."""
        self._kept[reading.arrival.delivery_id] = raw

    def ask(self, reading: Reading, raw: bytes, facts: Facts, *, urgent: bool = False) -> None:
        """Soon, together with others; `urgent`: before what was asked about later batches. `raw` is empty where only
        the header block may be read."""
        assert reading.message is not None, "what cannot be parsed is no question"
        self._together.append((reading.arrival.delivery_id, Question(raw, reading.message, facts, self._wants_text)))
        if len(self._together) >= (CHUNK if raw else CHUNK * _HEADERS_TOGETHER):
            self.flush(urgent=urgent)

    def ask_again(
        self,
        readings: Sequence[Reading],
        to_judge: Mapping[str, Facts | None],
        fetch: Callable[[Reading], bytes | None],
    ) -> None:
        """The batch before has been recorded: what waited for that, and what is known otherwise by now."""
        for reading in readings:
            delivery_id = reading.arrival.delivery_id
            facts, place = to_judge.get(delivery_id), self._places.get(delivery_id)
            raw = self._kept.pop(delivery_id, None)
            if facts is not None and place is not None and place.facts != facts:
                raw = fetch(reading)
            if facts is not None and raw is not None:
                self.ask(reading, raw, facts, urgent=True)
        self.flush(urgent=True)

    def flush(self, *, urgent: bool = False) -> None:
        """Ask what has been waiting for company."""
        if not self._together:
            return
        answers = self._children.submit(self._now, [question for _, question in self._together], urgent=urgent)
        for index, (delivery_id, question) in enumerate(self._together):
            self._places[delivery_id] = _Place(question.facts, answers, index)
        self._together = []

    def judged(self, reading: Reading, facts: Facts) -> Reading | None:
        """What a child found out under these facts, put together with what the worker knows; None: judge it here."""
        place = self._places.get(reading.arrival.delivery_id)
        if place is None or place.facts != facts or reading.message is None:
            return None
        answers = place.answers.result()
        judged = answers[place.index] if place.index < len(answers) else None
        if judged is None:
            return None
        message = replace(reading.message, body=judged.body) if self._wants_text else reading.message
        return replace(reading, message=message, decision=judged.decision, diary_unit=judged.diary_unit)


class Batch:
    """New deliveries on their way to being recorded together."""

    def __init__(self, read: Callable[[], Iterable[Reading]], asked: Asked | None, *, begun_ahead: int = 0) -> None:
        """`read` may wait for children, and is called again where it has failed. `begun_ahead`: so many later batches
        are to be begun before this one is recorded."""
        self._read = read
        #: None: the worker judges them itself
        self.asked = asked
        self.begun_ahead = begun_ahead

    @cached_property
    def readings(self) -> Sequence[Reading]:
        return tuple(self._read())

    @cached_property
    def ids(self) -> frozenset[str]:
        """Of the conversations that recording it will touch."""
        return frozenset(one for reading in self.readings for one in reading.ids)
