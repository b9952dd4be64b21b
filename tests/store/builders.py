"""Outcomes as intake would hand them over, with everything a test does not care about filled in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mailbot.mail.message import Address, Message, parse_headers
from mailbot.policy.model import (
    Action,
    AskRegistrar,
    CloseObligations,
    Decision,
    Diarise,
    Direction,
    ForwardToRegistrar,
    Kind,
    OpenObligation,
    Stage,
)
from mailbot.store.records import DeliverySeen, NewMail, Outcome
from mailbot.store.store import Store
from tests.store.conftest import REFERENCES

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
TOWN = "kommunen@bjurholm.example"
ANNA = "anna@citizen.example"
DUE = date(2026, 3, 12)

_BARE = parse_headers(b"From: x@citizen.example\r\n\r\n")


def message(
    message_id: str | None = "<q1@citizen.example>",
    *,
    asker: str = ANNA,
    to: tuple[str, ...] = (TOWN,),
    in_reply_to: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    subject: str = "Fråga om bygglov",
) -> Message:
    return replace(
        _BARE,
        message_id=message_id,
        in_reply_to=in_reply_to,
        references=references,
        subject=subject,
        from_=(Address("Anna Ek", asker),),
        to=tuple(Address("", one) for one in to),
        date=NOW,
    )


def question(
    *, stage: Stage = Stage.BODY, judged: bool = True, needs_reply: bool | None = True, **changes: Any
) -> Decision:
    """The decision about mail that wants an answer (or, with `needs_reply` False, does not)."""
    needs_reply = needs_reply if judged else None
    opens: tuple[Action, ...] = () if needs_reply is False else (OpenObligation(DUE, judged=judged),)
    return replace(
        Decision(stage=stage, needs_reply=needs_reply, answer_allowed=judged, language="sv", actions=opens), **changes
    )


def diarised(action: Action | None = None, **changes: Any) -> Decision:
    """The decision about mail that goes to the registrar and needs no answer."""
    chosen = action or ForwardToRegistrar()
    diarise = Diarise.ASK if isinstance(chosen, AskRegistrar) else Diarise.YES
    return replace(
        Decision(
            stage=Stage.BODY, needs_reply=False, automatic=False, diarise=diarise, kind=Kind.APPEAL, actions=(chosen,)
        ),
        **changes,
    )


def outcome(
    mail: Message | None,
    decision: Decision | None,
    *,
    mailbox: str = TOWN,
    unit: str = "ks",
    folder: str = "INBOX",
    delivery_id: str | None = None,
    received_at: datetime = NOW,
    direction: Direction = "incoming",
    key: str | None = None,
    unparsable: str | None = None,
    mails: tuple[NewMail, ...] = (),
    hold_replies: bool = False,
    assignee: str = "",
) -> Outcome:
    key = key or (mail.message_id if mail and mail.message_id else "no-id")
    return Outcome(
        delivery=DeliverySeen(
            mailbox=mailbox, folder=folder, delivery_id=delivery_id or f"d-{key}", internal_date=received_at
        ),
        ref=REFERENCES.ref(key),
        content_key=key,
        message=mail,
        unparsable=unparsable,
        direction=direction,
        received_at=received_at,
        unit=unit,
        assignee=assignee,
        decision=decision,
        item_ref=REFERENCES.ref(key, unit),
        mail=mails,
        hold_replies=hold_replies,
    )


def answer(
    to_id: str = "<q1@citizen.example>",
    *,
    message_id: str = "<a1@bjurholm.example>",
    to: tuple[str, ...] = (ANNA,),
    sent_at: datetime = NOW + timedelta(hours=2),
    mailbox: str = TOWN,
    unit: str = "ks",
) -> Outcome:
    """Mail from a Sent folder that answers `to_id`."""
    mail = message(message_id, asker=mailbox, to=to, in_reply_to=(to_id,), references=(to_id,))
    decision = Decision(stage=Stage.BODY, needs_reply=False, actions=(CloseObligations(sent_at),))
    return outcome(mail, decision, mailbox=mailbox, unit=unit, folder="Sent", received_at=sent_at, direction="outgoing")


def new_mail(dedup_key: str = "forward:1", **changes: Any) -> NewMail:
    return replace(
        NewMail(
            dedup_key=dedup_key,
            kind="forward",
            audience="staff",
            to=("eva@bjurholm.example",),
            envelope_from="mailbot@bjurholm.example",
            message_id=REFERENCES.message_id(dedup_key, "bjurholm.example"),
            raw=b"Subject: x\r\n\r\nx\r\n",
        ),
        **changes,
    )


def record(store: Store, *outcomes: Outcome, now: datetime = NOW, **changes: Any) -> None:
    """One batch of the first outcome's folder."""
    where = (
        outcomes[0].delivery
        if outcomes
        else DeliverySeen(mailbox=TOWN, folder="INBOX", delivery_id="", internal_date=now)
    )
    arguments: dict[str, Any] = {"gone": (), "cursor": "c", "reset": False}
    store.intake.record(
        mailbox=where.mailbox, folder_id=where.folder, outcomes=outcomes, now=now, **(arguments | changes)
    )
