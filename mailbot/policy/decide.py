"""From a message to a decision: the rules in their order, and what follows from them.

The order: our own mail, automatic mail, kind, secrecy, need of a reply, diary, actions. Headers are judged first; the
text is asked for only when a rule needs it. `decide` is pure: the same message, facts, policy and time give the same
decision, so that every decision can be explained and replayed.
"""

from datetime import datetime

from mailbot.mail.message import Message
from mailbot.policy import attachments, automatic, judgment, second_opinion, signals
from mailbot.policy.automatic import Automatic
from mailbot.policy.deadlines import document_deadline, reply_deadline
from mailbot.policy.judgment import Judgment
from mailbot.policy.model import (
    Action,
    AnnounceConfidential,
    AskRegistrar,
    CloseObligations,
    Decision,
    Diarise,
    Facts,
    ForwardToRegistrar,
    Kind,
    OpenObligation,
    ProposePassingOn,
    ReportUnparsable,
    Stage,
    Verdict,
)
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading, read
from mailbot.policy.references import diary_number
from mailbot.policy.refusals import auto_submitted


def decide(message: Message, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """What mailbot concludes about one message.

    `needs` names the stage to read before deciding again; nothing else of such a decision may be acted on, and its
    `actions` are empty. `now` (aware) stands in where a message has no time of its own.
    """
    reading = read(message, facts)
    if record_only := _own_mail(reading, facts):
        return record_only
    automation = automatic.judge(message, facts)
    if message.body is not None:
        judged = _from_text(reading, facts, policy, automation)
        if attachments.wanted(reading, facts, automation, judged):
            return _read_further(automation, Stage.BODY, Stage.ATTACHMENTS)
        if facts.attached:
            judged = attachments.weigh(
                reading, facts, policy, judged, lambda document: _from_text(document, facts, policy, automation)
            )
    elif facts.last_stage is Stage.HEADERS or judgment.settled_by_headers(reading, facts, policy, automation):
        judged = judgment.from_headers(reading, facts, policy, automation)
    else:
        return _read_further(automation, Stage.HEADERS, Stage.BODY)
    return _assemble(reading, facts, policy, now, automation, judged)


def _from_text(reading: Reading, facts: Facts, policy: Policy, automation: Automatic) -> Judgment:
    """The rules first; what they leave open about people's mail is settled by the second opinion."""
    hits = signals.hits(reading, policy)
    judged = judgment.from_text(reading, facts, policy, automation, hits)
    return judged if automation.automatic else second_opinion.weigh(reading, facts, policy, hits, judged)


def _read_further(automation: Automatic, stage: Stage, needs: Stage) -> Decision:
    return Decision(
        stage=stage,
        needs=needs,
        automatic=automation.automatic,
        automatic_reason=automation.reason,
        answer_allowed=automation.answer_allowed,
        verdicts=automation.verdicts,
    )


def unparsable_decision() -> Decision:
    """What follows when bytes cannot be read as mail: a person looks (invariant 1)."""
    return Decision(
        stage=Stage.HEADERS,
        diarise=Diarise.ASK,
        verdicts=(Verdict("unparsable"),),
        actions=(ReportUnparsable(),),
    )


def _own_mail(reading: Reading, facts: Facts) -> Decision | None:
    """Mail of mailbot itself, and what our people answer to it, is recorded and nothing more.

    Only from our own addresses: everybody who got a mail of ours may repeat its Message-ID.
    """
    if not reading.from_own_organisation:
        return None
    author = reading.message.author.email
    ours = facts.sent_by_mailbot and author == (facts.service_address or author)
    if ours:
        verdict = Verdict("own.sent_by_mailbot")
    elif _is_for_mailbot(reading, facts):
        verdict = Verdict("own.answer_to_mailbot")
    else:
        return None
    return Decision(
        stage=_stage(reading),
        automatic=ours,
        automatic_reason=verdict.rule,
        needs_reply=False,
        diarise=Diarise.NO,
        kind=Kind.INTERNAL,
        confidential=False,
        verdicts=(verdict,),
    )


def _is_for_mailbot(reading: Reading, facts: Facts) -> bool:
    """In mailbot's own mailbox, or the sender's copy of it: an answer names diary numbers and is no case mail."""
    if facts.direction == "outgoing":
        return {one.email for one in reading.message.recipients} == {facts.service_address}
    return facts.mailbox_role == "service"


def _assemble(
    reading: Reading, facts: Facts, policy: Policy, now: datetime, automation: Automatic, judged: Judgment
) -> Decision:
    """The final decision with its clocks and actions."""
    message = reading.message
    received_at = facts.received_at or min(message.date or now, now)
    unmarked = _unmarked_reply(automation, judged)
    owed = _owed(facts, policy, received_at, judged)
    return Decision(
        stage=Stage.ATTACHMENTS if facts.attached is not None else _stage(reading),
        language=reading.language,
        automatic=automation.automatic,
        automatic_reason=automation.reason or (unmarked.rule if unmarked else None),
        answer_allowed=automation.answer_allowed and unmarked is None,
        needs_reply=judged.needs_reply,
        due_on=owed.due_on if owed else None,
        document_due_on=owed.document_due_on if owed else None,
        diarise=judged.diarise,
        kind=judged.kind,
        confidential=judged.confidential,
        diary_number=diary_number(reading, facts)[0],
        verdicts=(*automation.verdicts, *((unmarked,) if unmarked else ()), *judged.verdicts),
        actions=_actions(reading, facts, judged, owed, automation, sent_at=message.date or received_at),
    )


def _unmarked_reply(automation: Automatic, judged: Judgment) -> Verdict | None:
    """Why a mail that reads like an automatic reply is not answered, though its headers do not tell: answers may loop.

    RFC 3834 section 2. It stays a person's mail for everybody else: `automatic` is for what is certain.
    """
    looks_like_it = automation.answer_allowed and judged.kind in (Kind.AUTO_REPLY, Kind.BOUNCE)
    return Verdict(f"answer.refused.reads_like_{judged.kind}") if looks_like_it else None


def _stage(reading: Reading) -> Stage:
    return Stage.BODY if reading.has_body else Stage.HEADERS


def _owed(facts: Facts, policy: Policy, received_at: datetime, judged: Judgment) -> OpenObligation | None:
    """What is owed to the sender; what nobody could judge is owed until a person has looked."""
    if facts.direction == "outgoing" or judged.needs_reply is False:
        return None
    deadline = reply_deadline(received_at, policy)
    asks_for_documents = judged.kind is Kind.DOCUMENT_REQUEST and policy.reply.document_request_clock
    return OpenObligation(
        due_on=deadline.due_on if deadline else None,
        document_due_on=document_deadline(received_at, policy) if asks_for_documents else None,
        judged=judged.needs_reply is not None,
    )


def _actions(
    reading: Reading,
    facts: Facts,
    judged: Judgment,
    owed: OpenObligation | None,
    automation: Automatic,
    *,
    sent_at: datetime,
) -> tuple[Action, ...]:
    actions: list[Action] = []
    if owed:
        actions.append(owed)
    # A matching subject alone only proposes that something was answered; In-Reply-To or References prove it.
    linked = bool(reading.message.in_reply_to or reading.message.references)
    # RFC 3834 section 5: what a program sent in answer is no answer, whatever its words are.
    by_program = automation.automatic or auto_submitted(reading.message) not in {"", "no"}
    if facts.direction == "outgoing" and linked and reading.is_reply and not by_program:
        actions.append(CloseObligations(sent_at))
    if judged.confidential:
        # Bjurholm p. 6: secret information is not sent by mail, so the registrar gets no copy (invariant 6).
        actions.append(AnnounceConfidential())
    elif judged.diarise is Diarise.YES:
        actions.append(ForwardToRegistrar())
    elif judged.diarise is Diarise.ASK:
        actions.append(AskRegistrar())
    if owed and judged.kind is Kind.MISDIRECTED:
        actions.append(ProposePassingOn())
    return tuple(actions)
