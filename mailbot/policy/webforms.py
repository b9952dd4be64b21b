"""Web forms and e-services: people's words in an automatic envelope (design section 4.3).

Listed senders (`[[web_forms]]`) are known. Others are recognised by their shape, so far that a person looks at them.
"""

import re

from mailbot.mail.message import Address, Message
from mailbot.policy.automatic_words import automatic_words
from mailbot.policy.model import Evidence, Facts, Verdict

#: a form's fields stand near the top
_LOOK_AT_CHARACTERS = 10_000
#: so many field lines, one of them the sender's name or address, make a form
_ENOUGH_FIELDS = 3
_FIELD = re.compile(r"^[ \t*•-]{0,5}([^\W\d_][\w /()?-]{1,40}?)[ \t]{0,3}[:=](?!//)", re.MULTILINE)
_CONTACT = re.compile(
    r"(?:e-?post(?:adress|adresse)?|e-?mail|mejl|mail|namn|navn|för- och efternamn|fornavn|avsändare|innsender|name|"
    r"ditt namn|ditt navn|din e-post|telefon|telefonnummer|mobil)",
    re.IGNORECASE,
)
_MESSAGE = re.compile(
    r"(?:meddelande|melding|beskjed|fråga|din fråga|spørsmål|beskrivning|beskrivelse|ärende|ärendet gäller|sak|"
    r"synpunkt|synpunkter|rubrik|emne|ämne|kommentar|kategori|message|gäller|gjelder|ditt ärende|tilbakemelding|"
    r"anmälan|ansökan)",
    re.IGNORECASE,
)


def is_listed(message: Message, facts: Facts) -> bool:
    """Whether the author is one of the configured web forms."""
    return message.author.email in facts.web_form_senders


def askers(message: Message, facts: Facts) -> tuple[Address, Address | None]:
    """Whom mailbot answers, and where a person's answer may go as well.

    RFC 3834 section 4: an automatic answer does not follow Reply-To, which anybody can point at anybody. Ours does only
    where From is a program (web forms, senders that nobody reads), and within the author's own domain.
    """
    author, asker = message.author, message.asker
    if asker.email == author.email or not author.email:
        return asker, None
    if is_listed(message, facts) or automatic_words().unread_senders.holds(author.email):
        return asker, None
    return (asker, author) if asker.domain == author.domain else (author, asker)


def form_verdict(message: Message, facts: Facts, *, automatic_envelope: bool) -> Verdict | None:
    """Why `message` holds a person's words filled into a form, or None."""
    if is_listed(message, facts):
        return Verdict(
            "automatic.web_form.listed", 3.0, Evidence("header:From", 0, len(message.headers.get("from") or ""))
        )
    if not automatic_envelope or _is_bulk(message):
        return None
    if _reply_to_someone_else(message):
        evidence = Evidence("header:Reply-To", 0, len(message.headers.get("reply-to") or ""))
        return Verdict("automatic.web_form.reply_to", 2.0, evidence)
    fields = _fields(message)
    return Verdict("automatic.web_form.fields", 2.0, fields) if fields else None


def _is_bulk(message: Message) -> bool:
    return "list-unsubscribe" in message.headers.names()


def _reply_to_someone_else(message: Message) -> bool:
    """An unread sender, but answers go to an address elsewhere that somebody reads."""
    unread = automatic_words().unread_senders
    if not message.reply_to:
        return False
    asker = message.reply_to[0]
    return asker.email not in ("", message.author.email) and not unread.holds(asker.email)


def _fields(message: Message) -> Evidence | None:
    """The span of the field lines when the text looks like a filled-in form."""
    if message.body is None:
        return None
    matches = list(_FIELD.finditer(message.body.text[:_LOOK_AT_CHARACTERS]))
    labels = [match.group(1).strip() for match in matches]
    contact = any(_CONTACT.fullmatch(label) for label in labels)
    said = any(_MESSAGE.fullmatch(label) for label in labels)
    if len(matches) < _ENOUGH_FIELDS or not (contact and said):
        return None
    return Evidence("text", matches[0].start(), matches[-1].end())
