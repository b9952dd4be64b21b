"""What becomes of a judged delivery: what is recorded of it, and the mail that it causes."""

from dataclasses import replace
from functools import cache
from typing import Protocol

from mailbot.mail.message import UnparsableMessage, parse
from mailbot.platforms.base import Arrival
from mailbot.policy.model import Decision, Stage
from mailbot.policy.refusals import collect
from mailbot.policy.webforms import askers
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import DeliverySeen, NewMail, Outcome
from mailbot.work.absence_install import window
from mailbot.work.absence_replies import reply_to
from mailbot.work.facts import Known
from mailbot.work.handover import mail_for
from mailbot.work.judging_placing import FolderPass, Reading, judged_before
from mailbot.work.mode import enforced_since


class Fetch(Protocol):
    """The bytes of a delivery; None when it is gone."""

    def __call__(self, arrival: Arrival, *, with_attachments: bool = False) -> bytes | None: ...


class Outcomes:
    """Of the deliveries of one folder. `away`: the absence of the person whose mailbox it is."""

    def __init__(self, under_way: FolderPass, *, away: StoredAbsence | None, fetch: Fetch) -> None:
        self._pass = under_way
        self._away = away
        self._fetch = fetch
        self._enforced_since = enforced_since(under_way.context)

    def make(
        self, reading: Reading, known: Known, secret_ids: set[str], *, hold_replies: bool, vanished: bool
    ) -> Outcome:
        """`secret_ids` are the Message-IDs of confidential conversations; `vanished`: it was gone before it was
        judged."""
        outcome = self._recorded(reading, hold_replies=hold_replies)
        if not self._pass.context.enforcing or (self._enforced_since and outcome.received_at < self._enforced_since):
            return outcome  # invariant 4: nothing that piled up before the switch is sent
        fetch = cache(lambda: self._fetch(reading.arrival, with_attachments=True) or None)
        mail = mail_for(self._pass.context, outcome, fetch() if _hands_over(reading.decision) else None, self._pass.now)
        forward = None
        if self._pass.forwards is not None and not vanished and not self._is_ours(outcome, known):
            confidential = self._confidential(reading, known, secret_ids)
            forward = self._pass.forwards.mail_for(outcome, self._pass.now, confidential=confidential, fetch=fetch)
        return replace(outcome, mail=(*mail, *self._absence_reply(outcome), *([forward] if forward else [])))

    def _recorded(self, reading: Reading, *, hold_replies: bool) -> Outcome:
        references, unit = self._pass.context.references, reading.unit
        asker, other = askers(reading.message, self._pass.static) if reading.message else (None, None)
        return Outcome(
            delivery=DeliverySeen(
                mailbox=self._pass.lies_in,
                folder=self._pass.folder.id,
                delivery_id=reading.arrival.delivery_id,
                internal_date=reading.arrival.internal_date,
            ),
            ref=references.ref(reading.key),
            content_key=reading.key,
            message=reading.message,
            unparsable=reading.unparsable,
            direction=reading.direction,
            received_at=reading.received_at,
            unit=unit,
            assignee=reading.assignee,
            decision=reading.decision,
            item_ref=references.ref(reading.key, unit),
            hold_replies=hold_replies,
            diary_unit=reading.diary_unit,
            asker=asker.email if asker else None,
            other_asker=other.email if other else None,
            text_print=self._text_print(reading),
            counts_to=self._pass.settings.address,
        )

    def _is_ours(self, outcome: Outcome, known: Known) -> bool:
        """Mailbot's own mail, also a further copy of it. What others send under its Message-ID is theirs."""
        message = outcome.message
        return message is not None and (
            message.message_id in known.ours and message.author.email == self._pass.static.service_address
        )

    def _confidential(self, reading: Reading, known: Known, secret_ids: set[str]) -> bool | None:
        """Also of a further copy that was not judged again; None: nobody has judged that."""
        if reading.decision is not None:
            return reading.decision.confidential
        message_id = reading.message.message_id if reading.message is not None else None
        fully = reading.facts.last_stage is not Stage.HEADERS and judged_before(reading, known, self._pass.folder)
        return message_id in secret_ids if fully and message_id in known.conversations else None

    def _absence_reply(self, outcome: Outcome) -> tuple[NewMail, ...]:
        """The automatic reply of who is away, where no server gives it; also to a mail that a colleague's copy of has
        been judged before."""
        stored, message = self._away, outcome.message
        if stored is None or message is None or outcome.direction == "outgoing":
            return ()
        starts_at, _ = window(self._pass.context.config, stored.absence)
        facts = replace(self._pass.static, direction=outcome.direction, received_at=outcome.received_at)
        if outcome.received_at < starts_at or collect(message, facts):
            return ()
        if outcome.decision is not None and not outcome.decision.answer_allowed:
            return ()
        hold = "first reading, changed folder or unusual burst" if outcome.hold_replies else None
        return (reply_to(self._pass.context, self._pass.settings, stored, message, self._pass.now, hold=hold),)

    def _text_print(self, reading: Reading) -> str | None:
        """Of what was sent to mailbot itself, what it says: proof that the copy that arrived there is this one."""
        service, message = self._pass.static.service_address, reading.message
        if not self._pass.is_sent or message is None or all(one.email != service for one in message.recipients):
            return None
        raw = self._fetch(reading.arrival)
        try:
            whole = parse(raw) if raw is not None else message
        except UnparsableMessage:
            return None
        return self._pass.context.references.text_print(whole.subject, whole.body.text if whole.body else "")


def _hands_over(decision: Decision | None) -> bool:
    """Only what is forwarded needs the whole original; announcements carry nothing of it."""
    return decision is not None and any(action.name == "forward_to_registrar" for action in decision.actions)
