"""A probe proves an automatic reply: a marked mail from a test account inside and one outside, and what comes of it.

The reply must arrive with the right text, the forwarded copy must arrive, the original must stay. A mail server answers
each sender once for each version of the text (RFC 5230 4.2), so a version is proven once. What a probe leaves behind is
removed whatever became of it, and a marked mail is no mail for anybody: intake passes it over.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mailbot.config.model import MailboxSettings, ProbeAddress
from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.mail.addresses import Address
from mailbot.mail.message import Message, UnparsableMessage, parse
from mailbot.platforms.replies import AutoReply
from mailbot.platforms.sending import OutgoingMail
from mailbot.render import compose
from mailbot.store.people_records import StoredAbsence
from mailbot.store.references import References
from mailbot.work.absence_install import forward_to, mailbox_of, opened, wanted_reply
from mailbot.work.context import Context
from mailbot.work.judging_steps import PROBE_MARK

log = get_logger(__name__)

PROBE = "probe"
#: how long a reply may take: greylisting makes a first mail wait up to half an hour
WAIT = timedelta(minutes=45)
#: servers' clocks differ
_EARLIER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attempt to prove one version of a text; it is kept in the store until the absence ends."""

    version: str
    attempt: int
    started_at: datetime
    #: "internal" and "external" -> the Message-ID that was sent
    sent: Mapping[str, str]
    #: None: it is under way
    proven: bool | None = None
    #: "internal:reply_missing", "external:copy_missing" ...
    problems: tuple[str, ...] = ()


def accounts(context: Context) -> Mapping[str, ProbeAddress]:
    """The test accounts by side in which a reply can be found; empty: nothing can be proven."""
    probe = context.config.probe
    both = {"internal": probe.internal, "external": probe.external}
    return {
        side: account
        for side, account in both.items()
        if account is not None and context.open_marked_mail(account.mailbox) is not None
    }


def latest(context: Context, stored: StoredAbsence) -> Probe | None:
    """The last attempt for this absence, whatever version of the text it was about."""
    text = context.store.absences.tokens(stored.ref).get(PROBE)
    return _from_json(json.loads(text)) if text else None


def begin(context: Context, stored: StoredAbsence, now: datetime) -> Probe:
    """Send one probe from each test account. What is about to be sent is committed first.

    TransientError and PermanentError when a test account cannot send.
    """
    reply, before = wanted_reply(context, stored, now), latest(context, stored)
    attempt = before.attempt + 1 if before is not None and before.version == reply.version else 1
    domain = context.config.service_mailbox.address.rpartition("@")[2]
    sent = {
        side: context.references.message_id(f"probe:{reply.version}:{side}:{attempt}", domain)
        for side in accounts(context)
    }
    probe = Probe(version=reply.version, attempt=attempt, started_at=now, sent=sent)
    _keep(context, stored, probe, now)
    for side, account in accounts(context).items():
        _send(context, stored, account, sent[side], now)
    log.info("probe_sent", ref=stored.ref, attempt=attempt)
    return probe


def look(context: Context, stored: StoredAbsence, probe: Probe, now: datetime) -> Probe:
    """What has come of a probe by now. Once everything has arrived, or the time is over, its traces are removed."""
    if probe.proven is not None:
        return probe
    reply = wanted_reply(context, stored, now)
    problems = tuple(_problems(context, stored, probe, reply))
    if problems and now - probe.started_at < WAIT:
        return probe
    clean_up(context, stored, probe)
    probe = replace(probe, proven=not problems, problems=problems)
    _keep(context, stored, probe, now)
    log.info("probe_settled", ref=stored.ref, proven=probe.proven, problems=problems)
    return probe


def clean_up(context: Context, stored: StoredAbsence, probe: Probe) -> None:
    """Remove the probe, its copy and the reply wherever they lie; again does no harm."""
    since = probe.started_at - _EARLIER
    for side, message_id in probe.sent.items():
        for settings in _places(context, stored):
            _remove(context, settings, "Message-ID", message_id, since)
        account = accounts(context).get(side)
        if account is not None:
            for field in ("Message-ID", "In-Reply-To"):
                _remove(context, account.mailbox, field, message_id, since)


def is_probe(references: References, mark: str | None, message_id: str | None) -> bool:
    """Whether a mail carries our mark (PROBE_MARK): a keyed hash of its Message-ID, which nobody else can write."""
    if mark is None or message_id is None:
        return False
    return mark.strip() == _mark(references, message_id)


# --- sending ---


def _send(context: Context, stored: StoredAbsence, account: ProbeAddress, message_id: str, now: datetime) -> None:
    config = context.config
    rendered = context.templates.render("probe", config.policy.language, organisation=config.organisation.name)
    to = mailbox_of(config, stored.absence).address
    raw = compose(
        rendered,
        from_=Address("", account.address),
        to=(to,),
        message_id=message_id,
        date=now,
        # RFC 3834: whatever says that it is automatic is answered by nobody, so a probe must not say so.
        auto_submitted=None,
    )
    marked = f"{PROBE_MARK}: {_mark(context.references, message_id)}\r\n".encode() + raw
    with opened(context.open_sender_as(account.mailbox)) as sender:
        if sender is None:
            return
        mail = OutgoingMail(message_id=message_id, raw=marked, envelope_from=account.address, recipients=(to,))
        sender.send(mail, sender.prepare(mail))


def _mark(references: References, message_id: str) -> str:
    return references.fingerprint(f"probe {message_id}")


# --- looking ---


def _problems(context: Context, stored: StoredAbsence, probe: Probe, reply: AutoReply) -> Iterator[str]:
    since = probe.started_at - _EARLIER
    target = forward_to(context.config, stored.absence)
    for side, message_id in probe.sent.items():
        account = accounts(context).get(side)
        if account is None:
            continue
        text = reply.internal_text if side == "internal" else reply.external_text
        if problem := _reply_problem(context, account, message_id, text, since):
            yield f"{side}:{problem}"
        if not _find(context, mailbox_of(context.config, stored.absence), message_id, since):
            yield f"{side}:original_missing"
        settings = context.config.mailbox(target) if target is not None else None
        if settings is not None and not _find(context, settings, message_id, since):
            yield f"{side}:copy_missing"


def _reply_problem(context: Context, account: ProbeAddress, message_id: str, text: str, since: datetime) -> str | None:
    reply = _reply(context, account, message_id, since)
    if reply is None:
        return "reply_missing"
    if not (reply.headers.get("auto-submitted") or reply.headers.get("x-auto-response-suppress")):
        return "reply_not_marked_automatic"
    body = reply.body.text if reply.body is not None else ""
    return None if normalised(text) in normalised(body) else "other_text"


def _reply(context: Context, account: ProbeAddress, message_id: str, since: datetime) -> Message | None:
    with opened(context.open_marked_mail(account.mailbox)) as mail:
        for raw in mail.find("In-Reply-To", message_id, since) if mail is not None else ():
            try:
                return parse(raw)
            except UnparsableMessage:
                continue
    return None


def _find(context: Context, settings: MailboxSettings, message_id: str, since: datetime) -> bool:
    """True where the platform has no means to look."""
    with opened(context.open_marked_mail(settings)) as mail:
        return mail is None or bool(mail.find("Message-ID", message_id, since))


def _remove(context: Context, settings: MailboxSettings, field: str, value: str, since: datetime) -> None:
    try:
        with opened(context.open_marked_mail(settings)) as mail:
            if mail is not None:
                mail.remove(field, value, since)
    except MailbotError as error:
        log.warning("probe_not_removed", mailbox=settings.address, error=type(error).__name__)


def _places(context: Context, stored: StoredAbsence) -> Iterator[MailboxSettings]:
    """Where a probe may lie: with the absent person, and where copies go."""
    yield mailbox_of(context.config, stored.absence)
    target = forward_to(context.config, stored.absence)
    settings = context.config.mailbox(target) if target is not None else None
    if settings is not None:
        yield settings


def normalised(text: str) -> str:
    """Words only: platforms keep replies as HTML, break lines anew, and add blank ones."""
    return " ".join(text.split())


# --- the store ---


def _keep(context: Context, stored: StoredAbsence, probe: Probe, now: datetime) -> None:
    value = {
        "version": probe.version,
        "attempt": probe.attempt,
        "started_at": probe.started_at.isoformat(),
        "sent": dict(probe.sent),
        "proven": probe.proven,
        "problems": list(probe.problems),
    }
    context.store.absences.keep_token(stored.ref, PROBE, json.dumps(value), now=now)


def _from_json(value: dict[str, Any]) -> Probe:
    return Probe(
        version=value["version"],
        attempt=value["attempt"],
        started_at=datetime.fromisoformat(value["started_at"]),
        sent=value["sent"],
        proven=value["proven"],
        problems=tuple(value["problems"]),
    )
