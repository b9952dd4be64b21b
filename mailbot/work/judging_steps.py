"""Deciding about one message, reading further as long as a rule asks: in the worker, and in its children."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from mailbot.mail.message import Message, parse
from mailbot.policy.decide import decide
from mailbot.policy.model import Decision, Facts, Stage
from mailbot.policy.profile import Policy
from mailbot.work.attachment_texts import attachment_texts

#: the bytes of the message as far as the stage that is asked for needs them; None when it has gone
Fetch = Callable[[Stage], bytes | None]


def judge(
    message: Message, facts: Facts, policy: Policy, now: datetime, fetch: Fetch, own_lines: Sequence[str]
) -> tuple[Message, Decision] | None:
    """The message as far as it was read, and the decision; None when it has gone meanwhile.

    `message` is its header block, `own_lines` are lines of the organisation's signature. Raises what `fetch` raises,
    and UnparsableMessage.
    """
    decision = decide(message, facts, policy, now)
    parsed: bytes | None = None
    while decision.needs is not None:
        raw = fetch(decision.needs)
        if raw is None:
            return None
        if raw != parsed:  # small mail came whole the first time
            message, parsed = parse(raw, own_signature_lines=own_lines, known=message), raw
        if decision.needs is Stage.ATTACHMENTS:
            facts = replace(facts, attached=attachment_texts(raw, message))
        decision = decide(message, facts, policy, now)
    return message, decision
