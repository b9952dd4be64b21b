"""Whose answer it is: accepted only when provably theirs (design section 1).

Either our own server vouches for who submitted it (Authentication-Results), or the person's own Sent folder holds the
same mail. Sent folders are filled some time after a mail has left; until then nobody can tell.
"""

from datetime import datetime, timedelta
from typing import Literal

from mailbot.config.model import Config, PersonSettings
from mailbot.mail.authentication import trusted_results, vouches_for
from mailbot.mail.message import Message
from mailbot.policy import automatic
from mailbot.policy.model import Facts
from mailbot.work.context import Context

#: so long may a telephone take to lay its copy into Sent, and our reading to come round to it
PROOF_MAY_TAKE = timedelta(hours=1)

#: RFC 3834 section 2 and what else no person sends; a person's own mail may carry the others (see policy/refusals)
_PROGRAMS = frozenset(
    {
        "answer.refused.auto_submitted",
        "answer.refused.null_return_path",
        "answer.refused.auto_reply_header",
        "answer.refused.machine_header",
        "answer.refused.list",
        "answer.refused.precedence",
        "answer.refused.mail_system",
        "answer.refused.program_sender",
        "answer.refused.report",
        "answer.refused.calendar",
        "answer.refused.subject",
    }
)

Proof = Literal["proved", "open", "missing"]


def is_automatic(message: Message) -> bool:
    """Whether a program wrote it: an absence reply to our digest, a delivery report, a read receipt."""
    judged = automatic.judge(message, Facts(direction="internal"))
    found = {verdict.rule for verdict in judged.verdicts}
    if judged.automatic or found & _PROGRAMS:
        return True
    # Exchange's absence replies may carry nothing else, not even In-Reply-To; people's answers always have that.
    return "answer.refused.suppress" in found and not (message.in_reply_to or message.references)


def claimed_person(config: Config, message: Message) -> PersonSettings | None:
    """Who says to have written it; None for anybody who does not work here, and where From is not plain."""
    if len(message.from_) != 1 or "header_repeated" in message.defects:
        return None
    return config.person_by_address(message.author.email)


def proof(
    context: Context, message: Message, person: PersonSettings, content_print: str, arrived_at: datetime, now: datetime
) -> Proof:
    """Whether `message` is provably from `person`; "open" while their Sent folder may still show it."""
    config = context.config
    if message.sender is not None and message.sender.email not in _addresses(person):
        return "missing"  # somebody sent it on their behalf
    organisation = config.organisation
    results = trusted_results(
        message.headers, authserv_ids=organisation.authserv_ids, own_hosts=organisation.mail_hosts
    )
    if vouches_for(results, message.author.email, (person.login, *_addresses(person))):
        return "proved"
    mailboxes = [address for address in _addresses(person) if config.mailbox(address) is not None]
    text = message.body.text if message.body else ""
    text_print = context.references.text_print(message.subject, text)
    own = {settings.address for address in mailboxes if (settings := config.mailbox(address)) is not None}
    if context.store.answers.is_in_sent(content_print, text_print, own):
        return "proved"
    return "open" if own and now - arrived_at < PROOF_MAY_TAKE else "missing"


def _addresses(person: PersonSettings) -> tuple[str, ...]:
    return tuple(address.lower() for address in (person.email, *person.aliases))
