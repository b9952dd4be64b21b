"""What configuration and store know about new deliveries, loaded before any rule runs (rules never query)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from mailbot.config.model import MailboxSettings
from mailbot.policy.model import Facts, Stage
from mailbot.store.intake import ConversationFacts, KnownMessage
from mailbot.work.context import Context
from mailbot.work.judging_steps import Head


def clocks_start_at(context: Context) -> datetime | None:
    """Mail that arrived earlier starts no clocks; None: everything counts."""
    start = context.config.start_from
    if start is None:
        return None
    return datetime.combine(start, time(), context.config.zone).astimezone(UTC)


def static_facts(context: Context, settings: MailboxSettings) -> Facts:
    """What holds for every message of one mailbox."""
    config = context.config
    return Facts(
        own_domains=frozenset(domain.lower() for domain in config.organisation.domains),
        own_addresses=config.own_addresses,
        web_form_senders=frozenset(form.from_.lower() for form in config.web_forms),
        mailbox=settings.address,
        mailbox_role=settings.role,
        mailbox_addresses=_addresses_of(context, settings),
        unit=settings.unit or None,
        diary_patterns={unit.id: unit.diary_pattern for unit in config.units if unit.diary_pattern},
        service_address=config.service_mailbox.address.lower(),
        last_stage=Stage.HEADERS if config.reads_headers_only(settings) else Stage.ATTACHMENTS,
    )


def _addresses_of(context: Context, settings: MailboxSettings) -> frozenset[str]:
    """Every address under which mail reaches this mailbox (RFC 5230 4.5)."""
    owner = context.config.person_by_address(settings.address)
    return frozenset(
        address.lower() for address in (settings.address, *settings.aliases, *(owner.aliases if owner else ()))
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows about the messages of one batch, looked up with a fixed number of queries."""

    messages: Mapping[str, KnownMessage]
    conversations: Mapping[str, ConversationFacts]
    #: Message-IDs of mail that mailbot itself sent
    ours: frozenset[str]


def look_up(context: Context, content_keys: Sequence[str], heads: Sequence[Head]) -> Known:
    """Everything the store knows about a batch of messages."""
    intake = context.store.intake
    return Known(
        messages=intake.known_messages(content_keys),
        conversations=intake.conversations({one for head in heads for one in head.ids}),
        ours=context.store.outbox.known_ids([head.message.message_id for head in heads if head.message.message_id]),
    )


def facts_for(static: Facts, head: Head, known: Known) -> Facts:
    """The facts about one message."""
    linked = [known.conversations[one] for one in head.ids if one in known.conversations]
    return replace(
        static,
        direction=head.direction,
        received_at=head.received_at,
        we_wrote_before=any(facts.we_wrote for facts in linked),
        conversation_has_open_obligation=any(static.unit in facts.open_obligation_units for facts in linked),
        conversation_diary_number=next((facts.diary_number for facts in linked if facts.diary_number), None),
        sent_by_mailbot=head.message.message_id in known.ours,
    )
