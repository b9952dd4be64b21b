"""What stands in attached documents, as far as the judgment of the mail depends on it.

Their text is asked for only where something could follow from it: what is confidential already, automatic mail and
advertising are judged without. A document is judged for secrecy like the mail itself; where the mail says hardly more
than "see attachment", the document is read as its words. A document that nobody could read never passes silently.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mailbot.policy import secrecy
from mailbot.policy.automatic import Automatic
from mailbot.policy.judgment import Judgment
from mailbot.policy.model import AttachedText, Diarise, Evidence, Facts, Kind, Stage, Verdict
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading, of_attachment

#: a mail of fewer words of its own, which asks nothing, leaves what it means to its attachment
_THIN_WORDS = 15
#: kinds that "see attachment" looks like, and which the document may correct
_SAYS_LITTLE = frozenset({Kind.OTHER, Kind.FOR_INFORMATION, Kind.ENQUIRY, Kind.INTERNAL})
#: whose attachments matter to nobody
_IGNORED = frozenset({Kind.ADVERTISING, Kind.AUTO_REPLY, Kind.BOUNCE})
#: pictures hold no words of the writer's, unless the writer wrote none beside them
_PICTURE = "picture"


def wanted(reading: Reading, facts: Facts, automation: Automatic, judged: Judgment) -> bool:
    """Whether the attachments' text could change anything and has not been asked for yet."""
    if facts.attached is not None or facts.last_stage is not Stage.ATTACHMENTS or automation.automatic:
        return False
    if judged.confidential or judged.kind in _IGNORED or not reading.is_readable:
        return False
    return any(not part.content_type.startswith(("image/", "audio/", "video/")) for part in reading.attachments) or (
        bool(reading.attachments) and _is_thin(reading)
    )


def weigh(
    reading: Reading, facts: Facts, policy: Policy, judged: Judgment, judge_words: Callable[[Reading], Judgment]
) -> Judgment:
    """The judgment after the attachments were read; `judge_words` judges a document as if the mail consisted of it."""
    attached = facts.attached or ()
    verdicts = tuple(_secrets(attached, policy))
    if secrecy.points(verdicts) >= policy.secrecy.threshold:
        return replace(
            judged, confidential=True, diarise=Diarise.YES, verdicts=(*verdicts, *judged.verdicts), forbids_silence=True
        )
    if _is_thin(reading):
        document = max(attached, key=lambda one: len(one.text.strip()), default=None)
        if document and document.text.strip():
            judged = _merged(judged, judge_words(of_attachment(reading, document.number, document.text)))
    unread = next(_unread(reading, attached), None)
    if unread and judged.diarise is Diarise.NO:
        return replace(judged, diarise=Diarise.ASK, forbids_silence=True, verdicts=(unread, *judged.verdicts))
    return judged


def _is_thin(reading: Reading) -> bool:
    return len(reading.new.split()) < _THIN_WORDS and "?" not in reading.new


def _secrets(attached: Iterable[AttachedText], policy: Policy) -> Iterator[Verdict]:
    """The secrecy verdicts of the document in which most was found."""
    weighed = [secrecy.judge_document(one.text, f"attachment:{one.number}", policy) for one in attached if one.text]
    yield from max(weighed, key=secrecy.points, default=())


def _unread(reading: Reading, attached: Iterable[AttachedText]) -> Iterator[Verdict]:
    names = reading.message.body.attachments if reading.message.body else ()
    for one in attached:
        if one.unread and (one.unread != _PICTURE or _is_thin(reading)):
            name = names[one.number].filename or ""
            place = Evidence(f"attachment_name:{one.number}", 0, len(name))
            yield Verdict(f"diary.ask.attachment_unread.{one.unread}", 1.0, place)


def _merged(mail: Judgment, document: Judgment) -> Judgment:
    """What mail and document say together: the stronger answer of each; the document's kind where the mail has none."""
    diarise = next(
        (answer for answer in (Diarise.YES, Diarise.ASK) if answer in (mail.diarise, document.diarise)), mail.diarise
    )
    changed = diarise is not mail.diarise or mail.kind in _SAYS_LITTLE
    return replace(
        mail,
        kind=document.kind if mail.kind in _SAYS_LITTLE and document.kind is not Kind.OTHER else mail.kind,
        confidential=mail.confidential or document.confidential,
        needs_reply=mail.needs_reply or document.needs_reply,
        diarise=Diarise.YES if document.confidential else diarise,
        forbids_silence=mail.forbids_silence or document.forbids_silence,
        verdicts=(*document.verdicts, *mail.verdicts) if changed else (*mail.verdicts, *document.verdicts),
    )
