"""A message as the rules read it: the words its writer wrote now, and the structure around them.

Quoted text, signatures and list footers are other people's or old words and are not judged. Every offset that a rule
reports is mapped back to the decoded text, so that evidence can be shown without being stored (invariant 6).
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from mailbot.mail import language
from mailbot.mail.message import Attachment, Message
from mailbot.policy.model import Evidence, Facts

#: characters of new text that are judged: more than anybody writes, and cheap enough for any mail
_JUDGED_CHARACTERS = 60_000

SenderClass = Literal["own", "authority", "private", "organisation", "unknown"]
Addressed = Literal["to", "cc", "neither", "unknown"]

# Reply and forward prefixes of mail programs in the languages we meet; also repeated and numbered ("SV[2]: VB:").
_PREFIX = re.compile(r"\s*(?:(re|sv|aw|vs|antw|svar)|(vb|fwd?|wg|vl|vid|tr))\s*(?:\[\d{1,3}\])?\s*:", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")

# Public bodies by the words their domains are made of; Swedish and Norwegian agencies follow these patterns.
_AUTHORITY_DOMAIN = re.compile(
    r"(?:^|[.-])(?:[a-z0-9-]*(?:verket|styrelsen|inspektionen|myndigheten|namnden|direktoratet|tilsynet|"
    r"domstol(?:en|er)?|forvalteren|departement(?:et)?|kommunen?|kommuner|kommunene?|kommune|ombudsmannen|ombudet|"
    r"kanslern|kansliet|utvalget|nemnda)"
    r"|region[a-z-]*|lansstyrelsen|polisen|politiet|politi|riksdagen|stortinget|nav|dep|gov|domstol|jo|jk|ivo|msb|skr|ks|"
    r"forsakringskassan|arbetsformedlingen|kronofogden|riksarkivet|arkivverket|udi|imdi|nve|ssb|scb|mdir)(?:\.|$)"
)
_PRIVATE_DOMAIN = re.compile(
    r"^(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|icloud|me|mac|telia|spray|bredband|comhem|tele2|online|"
    r"broadpark|proton|protonmail|gmx|mail|privat|post|epost|privatmail|hushall|home|swipnet|passagen|frisurf|tele)"
    r"\.[a-z.]{2,}$"
)
_AUTHORITY_NAME = re.compile(
    r"\b(?:kammarrätten|förvaltningsrätten|tingsrätten|hovrätten|mark- och miljödomstolen|polismyndigheten|"
    r"statsforvalteren|fylkesmannen|sivilombudet|justitieombudsmannen|regeringskansliet|tingretten|lagmannsretten|"
    r"\w{2,20}(?:verket|inspektionen|styrelsen|direktoratet|tilsynet|departementet)|"
    r"\w{2,20} kommune?|region \w{2,20})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What rules look at. `new` is the joined new text, cut off where no person writes on; "" without text."""

    message: Message
    #: as decoded, prefixes included (evidence counts in it)
    subject: str
    #: where the subject begins behind "Re:", "SV:", "VB:" ...
    subject_start: int
    new: str
    #: False when `new` was cut off
    is_complete: bool
    #: offset pairs (in `new`, in Body.text) at which each new span begins
    offsets: tuple[tuple[int, int], ...]
    #: who wrote, by the author's address: our own organisation, a public body, a private mail provider, others
    sender_class: SenderClass
    #: where the mailbox that holds this copy stands among the recipients
    addressed: Addressed
    #: distributed by a mailing list (RFC 2369, RFC 2919)
    is_list: bool
    is_reply: bool
    is_forward: bool
    #: what offsets in `new` are counted in, after `offsets`: the mail's own text, or that of an attachment
    field: str = "text"

    @cached_property
    def _language(self) -> tuple[str | None, float]:
        enough = len(self.new) > 40 or self.field != "text"
        return language.detect(self.new if enough else f"{self.subject}\n{self.new}")

    @property
    def language(self) -> str | None:
        """sv, nb, nn, da, fi, en, de; None when too little text tells."""
        return self._language[0]

    @property
    def language_confidence(self) -> float:
        """From 0 to 1."""
        return self._language[1]

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Start and end in `new` of each sentence or line with words in it."""
        return _sentences(self.new)

    @property
    def has_body(self) -> bool:
        """False when only the header block was read."""
        return self.message.body is not None

    @property
    def is_readable(self) -> bool:
        """False when the body is encrypted, or there is no text although there is a body."""
        body = self.message.body
        return body is not None and body.protection != "encrypted" and body.text_source != "none"

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Parts that a person would call attachments: not the pictures shown inside the text."""
        body = self.message.body
        return tuple(part for part in body.attachments if not part.inline) if body else ()

    @property
    def has_attachments(self) -> bool:
        return bool(self.attachments)

    @property
    def bare_subject(self) -> str:
        """The subject without reply and forward prefixes."""
        return self.subject[self.subject_start :]

    @property
    def from_own_organisation(self) -> bool:
        return self.sender_class == "own"

    @property
    def only_cc(self) -> bool:
        return self.addressed == "cc"

    def evidence(self, start: int, end: int) -> Evidence:
        """Characters start <= i < end of `new`, as an offset into the decoded text."""
        return Evidence(self.field, self._in_text(start), self._in_text(max(start, end - 1)) + 1)

    def subject_evidence(self, start: int, end: int) -> Evidence:
        """Characters of `subject`."""
        return Evidence("subject", start, end)

    def _in_text(self, offset: int) -> int:
        if len(self.offsets) <= 1:
            return offset + self.offsets[0][1] if self.offsets else offset
        index = bisect_right(self.offsets, offset, key=lambda pair: pair[0]) - 1
        in_new, in_text = self.offsets[max(index, 0)]
        return in_text + offset - in_new


def read(message: Message, facts: Facts) -> Reading:
    """`message` prepared for the rules; linear in its text."""
    new, offsets = _new_text(message)
    is_complete = len(new) <= _JUDGED_CHARACTERS
    new = new[:_JUDGED_CHARACTERS]
    prefixes = subject_prefixes(message.subject)
    return Reading(
        message=message,
        subject=message.subject,
        subject_start=prefixes.start,
        new=new,
        is_complete=is_complete,
        offsets=offsets,
        sender_class=sender_class(message, facts),
        addressed=_addressed(message, facts),
        is_list=is_list(message),
        is_reply=bool(message.in_reply_to or message.references or prefixes.replied) and not prefixes.forwarded,
        is_forward=prefixes.forwarded,
    )


def of_attachment(reading: Reading, number: int, text: str) -> Reading:
    """The mail as if the text of its attachment were what its writer wrote."""
    new = text[:_JUDGED_CHARACTERS]
    return replace(
        reading,
        new=new,
        is_complete=len(text) <= _JUDGED_CHARACTERS,
        offsets=(),
        field=f"attachment:{number}",
    )


def sender_class(message: Message, facts: Facts) -> SenderClass:
    """Who the author is, judged by the address; the display name counts only for public bodies."""
    author = message.author
    if "@" not in author.email:
        return "unknown"
    if is_own(author.email, facts):
        return "own"
    if by_domain := _class_of_domain(author.domain[:253]):
        return by_domain
    return "authority" if _AUTHORITY_NAME.search(author.name[:200]) else "organisation"


@lru_cache(maxsize=1_024)
def _class_of_domain(domain: str) -> SenderClass | None:
    if _AUTHORITY_DOMAIN.search(domain):
        return "authority"
    return "private" if is_private_domain(domain) else None


def is_private_domain(domain: str) -> bool:
    """Whether it is a provider of people's own mail, whose addresses have nothing to do with one another."""
    return _PRIVATE_DOMAIN.match(domain) is not None


def is_own(email: str, facts: Facts) -> bool:
    """Whether an address belongs to the organisation; sub-domains of its domains do too."""
    if email in facts.own_addresses or email in facts.mailbox_addresses:
        return True
    domain = email.rpartition("@")[2]
    return domain in facts.own_domains or any(domain.endswith("." + own) for own in facts.own_domains)


def is_list(message: Message) -> bool:
    """Whether a mailing list distributed the message, so that an answer would reach strangers (RFC 5230 4.6)."""
    names = message.headers.names()
    return "list-id" in names or "list-post" in names


class SubjectPrefixes(NamedTuple):
    """Where the subject proper begins; whether the outermost prefix says forwarded; whether any says reply."""

    start: int
    forwarded: bool
    replied: bool


def subject_prefixes(subject: str) -> SubjectPrefixes:
    """The "Re:", "SV:", "VB:" ... in front of a subject, however many."""
    start, outermost, replied = 0, "", False
    while match := _PREFIX.match(subject, start):
        outermost = outermost or ("reply" if match.group(1) else "forward")
        replied = replied or bool(match.group(1))
        start = match.end()
    start += len(subject[start:]) - len(subject[start:].lstrip())
    return SubjectPrefixes(start, outermost == "forward", replied)


def _new_text(message: Message) -> tuple[str, tuple[tuple[int, int], ...]]:
    if message.body is None:
        return "", ()
    pieces: list[str] = []
    offsets: list[tuple[int, int]] = []
    length = 0
    for span in message.body.spans:
        if span.kind == "new":
            pieces.append(message.body.text[span.start : span.end])
            offsets.append((length, span.start))
            length += span.end - span.start
    return "".join(pieces), tuple(offsets)


def _sentences(text: str) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if text[start : match.start()].strip():
            found.append((start, match.end()))
        start = match.end()
    if text[start:].strip():
        found.append((start, len(text)))
    return tuple(found)


def _addressed(message: Message, facts: Facts) -> Addressed:
    if not facts.mailbox_addresses:
        return "unknown"
    if any(address.email in facts.mailbox_addresses for address in message.to):
        return "to"
    if any(address.email in facts.mailbox_addresses for address in message.cc):
        return "cc"
    return "neither"
