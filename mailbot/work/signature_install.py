"""A person's official signature into their mail program: through the server where it has one, else by mail to them.

Bjurholm p. 4: all mail ends with the brevfot as automatic signature. Exchange on-premises keeps that of Outlook on the
web; Microsoft 365 (roaming signatures) and IMAP servers have no interface for it.
"""

import hashlib
from datetime import datetime
from typing import Literal

from mailbot.config.model import PersonSettings
from mailbot.store.audit import NewLine
from mailbot.work.context import Context
from mailbot.work.signature_check import signature_of
from mailbot.work.staff_mail import staff_mail

Way = Literal["installed", "mailed", "observed"]


def install_signature(context: Context, person: PersonSettings, *, by: str, now: datetime) -> Way:
    """How it was done; the same signature is mailed once. In observe mode nothing is done (invariant 4).

    Raises TransientError or PermanentError when the server cannot take it.
    """
    if not context.enforcing:
        return "observed"
    block = signature_of(context.config, person)
    settings = context.config.mailbox(person.email)
    signatures = context.open_signatures(settings) if settings is not None else None
    if signatures is not None:
        signatures.install(person.email, block.lines, block.fragment)
        context.store.audit.note(NewLine(actor=by, action="signature_installed", detail={"person": person.id}), now=now)
        return "installed"
    rendered = context.templates.render(
        "signature_block",
        person.language or context.config.policy.language,
        block=block.lines.splitlines(),
        organisation=context.config.organisation,
    )
    version = hashlib.sha256(block.lines.encode()).hexdigest()[:12]
    mail = staff_mail(
        context,
        rendered,
        dedup_key=f"signature:{person.id}:{version}",
        kind="notice",
        to=(person.email,),
        now=now,
    )
    context.store.outbox.enqueue([mail], now=now)
    return "mailed"
