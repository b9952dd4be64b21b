"""Who gets which digest, and the mail it becomes (one short mail to each person who has something to do)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from mailbot.config.model import Config, PersonSettings, Unit
from mailbot.render import Rendered, ReplyTo, Templates
from mailbot.store.records import NewMail, NewTicket
from mailbot.work.context import Context
from mailbot.work.daily_check import checker
from mailbot.work.digest_content import Desk
from mailbot.work.digest_model import Digest, OfficerDigest, OperatorDigest
from mailbot.work.digest_would_have import WouldDigest
from mailbot.work.staff_mail import staff_mail

DigestKind = Literal["registrar", "staff", "officer", "head", "operator"]
KINDS: tuple[DigestKind, ...] = ("registrar", "staff", "officer", "head", "operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A digest and who reads it. `about` is the unit it is about, or "" (a person may act for several units)."""

    kind: DigestKind
    about: str
    #: person id, or the address of an operator who is nobody in the directory
    recipient: str
    email: str
    language: str
    digest: Digest


def digest_mails(context: Context, now: datetime, kinds: Sequence[DigestKind] = KINDS) -> list[NewMail]:
    """The digests of the local day of `now` (aware) that have something to say, ready to queue.

    In observe mode only the operator's: nothing else leaves then (invariant 4).
    """
    config = context.config
    wanted = [kind for kind in kinds if context.enforcing or kind == "operator"]
    found = (one for kind in wanted for one in addressed(context, now, kind) if is_worth_sending(config, one))
    return [digest_mail(context, one, now) for one in found]


def addressed(
    context: Context, now: datetime, kind: DigestKind, *, unit: str | None = None, person: str | None = None
) -> Iterator[Addressed]:
    """Digests of one kind with their readers, of one unit or one person when asked for, empty ones too."""
    config, store, presence = context.config, context.store, context.presence
    desk = Desk(context, now)
    units = [one for one in config.units if unit in (None, one.id)]
    match kind:
        case "registrar":
            for one in units:
                yield from _to(config, kind, one.id, presence.acting_at(one.registrars, now), desk.registrar(one))
        case "officer":
            for one in units:
                yield from _to(config, kind, one.id, officer_of(context, one, now), desk.officer(one))
        case "staff":
            owing = store.obligations.assignees()
            for member in config.people:
                if member.id == person or (person is None and member.id in owing):
                    yield from _to(config, kind, "", member, desk.staff(member))
        case "head":
            head = presence.acting_at(config.roles.head_of_administration, now)
            yield from _to(config, kind, "", head, desk.head())
        case "operator" if config.operator:
            reader = config.person_by_address(config.operator)
            yield Addressed(
                kind=kind,
                about="",
                recipient=reader.id if reader else config.operator,
                email=config.operator,
                language=_language(config, reader),
                digest=_with_digests(context, desk.operator(), now),
            )
        case _:
            return


def role_readers(context: Context, now: datetime) -> str:
    """Who gets the digests of registrars and mail officers at this moment, as one comparable text."""
    units = context.config.units
    readers = ((officer_of(context, one, now), context.presence.acting_at(one.registrars, now)) for one in units)
    return " ".join(person.id if person else "-" for pair in readers for person in pair)


def _with_digests(context: Context, digest: OperatorDigest, now: datetime) -> OperatorDigest:
    """While mailbot only observes, the operator hears which morning mails there would have been."""
    if digest.would_have is None:
        return digest
    others = (one for kind in KINDS if kind != "operator" for one in addressed(context, now, kind))
    names = {person.id: person.name for person in context.config.people}
    found = tuple(
        WouldDigest(kind=one.kind, to=names.get(one.recipient, one.recipient), count=one.digest.count)
        for one in others
        if is_worth_sending(context.config, one)
    )
    return replace(digest, would_have=replace(digest.would_have, digests=found))


def officer_of(context: Context, unit: Unit, now: datetime) -> PersonSettings | None:
    """Who gets the morning mail: whoever checks today, else the first mail officer, with whom it waits."""
    today = now.astimezone(context.config.zone).date()
    return checker(context, unit, today) or context.presence.acting(unit.mail_officers, today)


def is_worth_sending(config: Config, one: Addressed) -> bool:
    """Nothing to do is no mail, unless the rules say otherwise or silence would hide that mailbot only observes."""
    rules = config.policy.digest
    match one.digest:
        case digest if digest.count:
            return True
        case OfficerDigest():
            return rules.officer_on_empty_days
        case OperatorDigest(would_have=would_have) if would_have is not None:
            return True
        case _:
            return rules.others_on_empty_days


def render_digest(config: Config, templates: Templates, one: Addressed, reply: ReplyTo | None = None) -> Rendered:
    """The digest in its reader's language; with `reply` its references begin an answer."""
    return templates.render(
        f"digest_{one.kind}", one.language, digest=one.digest, organisation=config.organisation, reply=reply
    )


def digest_mail(context: Context, one: Addressed, now: datetime) -> NewMail:
    """The mail of one digest; its dedup_key lets it leave once a day."""
    about = f"{one.kind}/{one.about}" if one.about else one.kind
    dedup_key = f"digest:{about}:{one.recipient}:{one.digest.today.isoformat()}"
    ticket = _ticket(one)
    code = context.references.ticket_code(dedup_key, ticket) if ticket else None
    reply = ReplyTo(context.config.service_mailbox.address, code) if code else None
    rendered = render_digest(context.config, context.templates, one, reply)
    return staff_mail(
        context,
        rendered,
        dedup_key=dedup_key,
        kind="digest",
        to=(one.email,),
        now=now,
        ticket=ticket,
    )


def _ticket(one: Addressed) -> NewTicket | None:
    """What the reader may do by answering the digest."""
    match one.kind:
        case "registrar":
            return NewTicket(kind="registrar", person=one.recipient, about=one.about)
        case "officer":
            return NewTicket(kind="attest", person=one.recipient, about=f"{one.about} {one.digest.today.isoformat()}")
        case "staff":
            return NewTicket(kind="replies", person=one.recipient, about="")
        case _:
            return None


def _to(
    config: Config, kind: DigestKind, about: str, reader: PersonSettings | None, digest: Digest
) -> Iterator[Addressed]:
    """Nothing for a role that nobody holds; `doctor` complains about that."""
    if reader is not None:
        yield Addressed(
            kind=kind,
            about=about,
            recipient=reader.id,
            email=reader.email,
            language=_language(config, reader),
            digest=digest,
        )


def _language(config: Config, reader: PersonSettings | None) -> str:
    return (reader.language if reader else "") or config.policy.language
