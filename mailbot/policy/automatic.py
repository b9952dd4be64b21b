"""Automatic mail: two verdicts that must not be confused.

*May mailbot answer this by itself?* is refused generously (`refusals`): a holding reply too few harms nobody, one too
many may start a mail storm. *Does no person need to look?* is granted strictly: people's mail does carry
List-Unsubscribe, X-Auto-Response-Suppress or Auto-Submitted, and must still be read, registered and answered by a
person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbot.mail.message import Message
from mailbot.policy import refusals
from mailbot.policy.automatic_words import automatic_words
from mailbot.policy.model import Evidence, Facts, Kind, Verdict
from mailbot.policy.reading import sender_class, subject_prefixes
from mailbot.policy.webforms import form_verdict, is_listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """Both verdicts. `automatic` is None when only headers were read and the text may still tell."""

    automatic: bool | None
    answer_allowed: bool
    #: id of the rule that decided: of the strict verdict, else the first that refused an answer
    reason: str | None
    #: auto_reply, bounce or advertising when the mail is automatic
    kind: Kind | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the strict rules look at."""

    message: Message
    facts: Facts
    #: names of the reasons against answering, with where they were found
    refused: dict[str, Evidence | None]
    is_form: bool


@dataclass(frozen=True, slots=True)
class _Strict:
    """What a strict rule found: True, or None while the text has not been read; the weightiest verdict first."""

    automatic: bool | None
    kind: Kind
    verdicts: tuple[Verdict, ...]


def judge(message: Message, facts: Facts) -> Automatic:
    """Both verdicts on a message, from its headers alone or, when it was read, its text too."""
    refused = refusals.collect(message, facts)
    form = form_verdict(message, facts, automatic_envelope=bool(refused))
    if form is not None and is_listed(message, facts):
        return _people(refusals.for_web_form(message, facts), form)
    named = {verdict.rule.rpartition(".")[2]: verdict.evidence for verdict in refused}
    signs = _Signs(message, facts, named, form is not None)
    for rule in _STRICT_RULES:
        if found := rule(signs):
            return Automatic(
                automatic=found.automatic,
                answer_allowed=False,
                reason=found.verdicts[0].rule,
                kind=found.kind if found.automatic else None,
                verdicts=(*found.verdicts, *refused),
            )
    return _people(refused, form)


def _people(refused: tuple[Verdict, ...], form: Verdict | None) -> Automatic:
    return Automatic(
        automatic=False,
        answer_allowed=not refused,
        reason=refused[0].rule if refused else None,
        kind=None,
        verdicts=(form, *refused) if form else refused,
    )


def _report(signs: _Signs) -> _Strict | None:
    """A delivery report (RFC 3464) or a read receipt (RFC 8098)."""
    content_type = (signs.message.headers.get("content-type") or "")[:1000].lower()
    # RFC 5965 feedback reports are complaints about our own mail: somebody should know.
    if "report" not in signs.refused or "feedback-report" in content_type:
        return None
    if "disposition-notification" in content_type:
        return _Strict(True, Kind.AUTO_REPLY, (Verdict("automatic.receipt", 3.0, signs.refused["report"]),))
    return _Strict(True, Kind.BOUNCE, (Verdict("automatic.bounce.report", 3.0, signs.refused["report"]),))


def _old_bounce(signs: _Signs) -> _Strict | None:
    """A mail system's own complaint, in the many shapes from before RFC 3464 and of those that never took it up."""
    from_system = "mail_system" in signs.refused
    failed = "x-failed-recipients" in signs.message.headers.names()
    returned = failed or "null_return_path" in signs.refused
    replied = subject_prefixes(signs.message.subject).start > 0
    subject = refusals.phrase_in_subject(signs.message, automatic_words().bounce_phrases)
    from_daemon = signs.message.author.email.startswith(("mailer-daemon", "mailer_daemon", "maildaemon"))
    if from_system and (from_daemon or returned or (subject and not replied)):
        return _Strict(True, Kind.BOUNCE, (Verdict("automatic.bounce.mail_system", 3.0, signs.refused["mail_system"]),))
    if subject and returned and not replied:
        return _Strict(True, Kind.BOUNCE, (Verdict("automatic.bounce.returned", 3.0, subject),))
    return None


#: points from which an absence reply or acknowledgement is established
_ESTABLISHED = 2.0
# What each mark of a program weighs: people's mail carries the light ones too.
_MARKS = {
    "auto_reply_header": 1.5,
    "null_return_path": 1.0,
    "auto_submitted": 0.5,
    "suppress": 0.5,
    "precedence": 0.5,
}
# Server rules that pass on people's mail set these on the copy.
_FORWARDING_MARKS = frozenset({"null_return_path", "auto_submitted", "suppress", "precedence"})


def _auto_reply(signs: _Signs) -> _Strict | None:
    """An absence reply or an acknowledgement by a program (RFC 3834, RFC 5230, [MS-OXCMAIL] 2.1.3.2.20).

    Words alone never establish it, since people write "inte på kontoret" too; nor do the marks of an envelope, since
    forms and e-services carry them. Both are needed, or a mark that programs set on answers only.
    """
    marks = _program_marks(signs)
    if not marks and not automatic_words().subject_beginning(signs.message.subject):
        return None
    words = _absence_words(signs.message)
    answers = any(verdict.rule in _ON_ANSWERS_ONLY for verdict in (*marks, *words))
    if signs.is_form and not answers:
        return None
    verdicts = tuple(sorted((*marks, *words), key=lambda verdict: -verdict.points))
    total = sum(verdict.points for verdict in verdicts)
    marked = sum(verdict.points for verdict in marks)
    if total >= _ESTABLISHED and (answers or (marked >= 1.0 and len(words) > 1)):
        return _Strict(True, Kind.AUTO_REPLY, verdicts)
    if signs.message.body is None and (answers or (words and marks)):
        return _Strict(None, Kind.AUTO_REPLY, verdicts)
    return None


# An answer's mark, or the beginning that mail programs put before the subject they answer.
_ON_ANSWERS_ONLY = frozenset(
    {
        "automatic.auto_reply.auto_replied",
        "automatic.auto_reply.auto_reply_header",
        "automatic.auto_reply.subject_beginning",
    }
)


def _program_marks(signs: _Signs) -> tuple[Verdict, ...]:
    ignored = _FORWARDING_MARKS if refusals.forwarded_by_server(signs.message) else frozenset()
    marks: list[Verdict] = []
    for name, points in _MARKS.items():
        if name not in signs.refused or name in ignored:
            continue
        if name == "auto_submitted" and refusals.auto_submitted(signs.message) == "auto-replied":
            marks.append(Verdict("automatic.auto_reply.auto_replied", 1.5, signs.refused[name]))
        else:
            marks.append(Verdict(f"automatic.auto_reply.{name}", points, signs.refused[name]))
    return tuple(marks)


# "(Inget autosvar, jag svarar från stranden.)": people answer below the subject that a program began.
_DENIED = re.compile(
    r"\b(?:inget|inte (?:ett|något)|ikke (?:et|noe)|ikkje (?:eit|noko)|not an?) "
    r"auto(?:mati(?:skt?|c) )?-?(?:svar|reply)\b",
    re.IGNORECASE,
)


def _absence_words(message: Message) -> tuple[Verdict, ...]:
    """What the subject and the text say, at most one verdict each; nothing where a person says that it is no such."""
    if message.body is not None and _DENIED.search(message.body.text[: refusals.LOOK_AT_CHARACTERS]):
        return ()
    known = automatic_words()
    found: list[Verdict] = []
    if length := known.subject_beginning(message.subject):
        found.append(Verdict("automatic.auto_reply.subject_beginning", 1.5, Evidence("subject", 0, length)))
    elif evidence := refusals.phrase_in_subject(message, known.subject_phrases):
        found.append(Verdict("automatic.auto_reply.subject", 1.0, evidence))
    if evidence := refusals.phrase_in_text(message, known.body_phrases):
        found.append(Verdict("automatic.auto_reply.text", 1.0, evidence))
    return tuple(found)


# One-click unsubscribing (RFC 8058), feedback loops and the programs that send campaigns.
_BULK_HEADERS = frozenset(
    {
        "list-unsubscribe-post",
        "feedback-id",
        "x-campaign",
        "x-campaignid",
        "x-campaign-id",
        "x-csa-complaints",
        "x-mc-user",
        "x-report-abuse",
        "x-ses-outgoing",
        "x-sg-eid",
    }
)


def _bulk(signs: _Signs) -> _Strict | None:
    """A newsletter: sent to many by a program that offers to stop, and not part of a conversation.

    Public bodies send decisions and consultations through the same programs, colleagues write to all staff, and people
    write to discussion lists (List-Post): their mail is read.
    """
    message = signs.message
    names = message.headers.names()
    if "list-unsubscribe" not in names or "list-post" in names or signs.is_form:
        return None
    if message.in_reply_to or subject_prefixes(message.subject).start > 0:
        return None
    if sender_class(message, signs.facts) in ("own", "authority", "private"):
        return None
    if not (_BULK_HEADERS & names or signs.refused.keys() & {"precedence", "unread_sender"}):
        return None
    offer = refusals.phrase_in_text(message, automatic_words().unsubscribe_phrases)
    if message.body is not None and offer is None:
        return None
    return _Strict(True if offer else None, Kind.ADVERTISING, (Verdict("automatic.bulk", 3.0, offer),))


_STRICT_RULES: tuple[Callable[[_Signs], _Strict | None], ...] = (_report, _old_bounce, _auto_reply, _bulk)
