"""An absence by mail, for people without a shell: the word brings a form, the returned form plans the absence."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from mailbot.config.model import PersonSettings
from mailbot.mail.message import Message
from mailbot.policy.absence import Option, weeks
from mailbot.policy.absence_model import AbsenceRequest, Finding
from mailbot.policy.spoken_dates import read_day, read_week
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import NewMail, NewTicket
from mailbot.work.absence_mails import tell
from mailbot.work.absence_people import people_like
from mailbot.work.absence_plan import examine, overlapping, replacing, save, sentence
from mailbot.work.answers.answer import Answer, Done, Reaction
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

KIND = "absence"
_WORDS = frozenset(["frånvaro", "fravær", "absence", "fravaer", "franvaro"])
#: the labels of the form in all languages at once
_LABELS: Mapping[str, tuple[str, ...]] = {
    "from": ("från", "fra", "from", "borta från", "borte fra", "away from"),
    "back": ("åter", "tilbake", "back", "back on"),
    "option": ("alternativ", "option"),
    "colleague": ("kollega", "colleague"),
    "contact": ("kontakt", "contact"),
    "replace": ("ersätt", "erstatt", "replace"),
}
_LINE = re.compile(r"^[\s>|*•-]*([^\W\d_][^:\n]{0,90}?|(?:v|uke|week|vecka)\.? ?\d{1,2})\s*:[ \t]*(.*)$", re.IGNORECASE)
_WEEK_LABEL = re.compile(r"(?:kontakt |contact )?(?:v|uke|week|vecka)\.? ?(\d{1,2})", re.IGNORECASE)
_HINT = re.compile(r"\s*\(.*$")
_YES = frozenset(("ja", "j", "yes", "y", "x"))


def asks_for_form(message: Message) -> bool:
    """Whether somebody writes the word for absence: in the subject, or as the first word of the text."""
    text = message.body.text if message.body else ""
    first = text.strip().splitlines()[0] if text.strip() else ""
    words = re.findall(r"\w+", message.subject.casefold()) + re.findall(r"\w+", first.casefold())[:3]
    return any(word in _WORDS for word in words)


def form(context: Context, person: PersonSettings, dedup: str, now: datetime, **filled: object) -> NewMail:
    """The form as a mail with a ticket, empty or with what was filled in and what stands against it."""
    language = person.language or context.config.policy.language
    values: dict[str, object] = {"answers": {}, "findings": [], "person": person.name, **filled}
    return staff_mail(
        context,
        context.templates.render("absence_form", language, **values),
        dedup_key=f"absence_form:{dedup}",
        kind="notice",
        to=(person.email,),
        now=now,
        ticket=NewTicket(kind=KIND, person=person.id, about=""),
    )


class FormAnswers:
    """Tickets of the form; they are about nothing yet."""

    kind = KIND

    def handle(self, context: Context, answer: Answer) -> Reaction:
        filled = read_form(answer.whole.splitlines())
        request, wrong = _request(context, answer, filled)
        if request is not None:
            if (before := _planned_already(context, answer, request)) is not None:
                return Reaction(done=(Done(what="absence_planned", ref=before.ref),))
            if filled.get("replace", "").casefold() in _YES:
                request = replacing(request, overlapping(context, request))
            refusals = [one for one in examine(context, request, answer.now) if one.refused]
            if not refusals:
                stored = save(context, request, by=answer.by, now=answer.arrived_at)
                tell(context, stored, answer.now)
                return Reaction(done=(Done(what="absence_planned", ref=stored.ref),))
            wrong = _sentences(context, answer.person, refusals)
        mail = form(context, answer.person, answer.content_print, answer.now, answers=_shown(filled), findings=wrong)
        return Reaction(mail=(mail,))


def read_form(lines: Iterable[str]) -> dict[str, str]:
    """What was filled in, wherever in the mail: label -> answer; weeks as "week 30"."""
    filled: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line[:500])
        if match is None or not match[2].strip():
            continue
        label = _HINT.sub("", match[1]).strip().casefold()
        if week := _WEEK_LABEL.fullmatch(label):
            filled.setdefault(f"week {int(week[1])}", match[2].strip())
            continue
        for name, words in _LABELS.items():
            if label in words:
                filled.setdefault(name, match[2].strip())
    return filled


def _request(
    context: Context, answer: Answer, filled: Mapping[str, str]
) -> tuple[AbsenceRequest | None, Sequence[str]]:
    """What the form asks for, or what in it could not be read."""
    config, words = context.config, context.templates.words(answer.person.language)
    today = answer.now.astimezone(config.zone).date()
    from_ = read_day(filled.get("from", ""), today=today)
    back = read_day(filled.get("back", ""), today=today, not_before=from_)
    letter = filled.get("option", "").strip().upper()[:1]
    unread = [name for name, value in (("from", from_), ("back", back)) if value is None]
    if letter not in set(Option):
        unread.append("option")
    if unread or from_ is None or back is None:
        return None, [words.word(name, "absence_form") for name in unread]
    covers, unknown = _covers(context, filled, from_, back)
    colleague = _person(context, filled.get("colleague", ""))
    if filled.get("colleague") and not colleague:
        unknown = [*unknown, filled["colleague"]]
    if unknown:
        return None, [words.word("person", "absence_form").format(name=name[:60]) for name in unknown]
    return (
        AbsenceRequest(
            person=answer.person.id,
            from_=from_,
            back=back,
            option=Option(letter),
            colleague=colleague,
            covers=covers,
        ),
        (),
    )


def _covers(
    context: Context, filled: Mapping[str, str], from_: date, back: date
) -> tuple[dict[str, str], Sequence[str]]:
    """One contact for all weeks, and those of single weeks; names that nobody has."""
    calendar = WorkCalendar(context.config.policy.calendar)
    needed = weeks(from_, calendar.on_or_after(back), calendar) if back > from_ else ()
    named = dict.fromkeys(needed, filled["contact"]) if filled.get("contact") else {}
    for label, name in filled.items():
        if label.startswith("week ") and (week := read_week(label[5:], not_before=from_)) is not None:
            named[week] = name
    found = {week: _person(context, name) for week, name in named.items()}
    return {week: one for week, one in found.items() if one}, sorted({named[w] for w, one in found.items() if not one})


def _person(context: Context, name: str) -> str:
    found = people_like(context.config, name)
    return found[0].id if len(found) == 1 else ""


def _planned_already(context: Context, answer: Answer, request: AbsenceRequest) -> StoredAbsence | None:
    """What an earlier reading of the same answer has stored (a crash in between)."""
    wanted = request.planned(WorkCalendar(context.config.policy.calendar))
    stored = context.store.absences.list(person=request.person)
    return next((s for s in stored if s.absence == wanted and s.changed_at == answer.arrived_at), None)


def _sentences(context: Context, person: PersonSettings, findings: Sequence[Finding]) -> list[str]:
    words = context.templates.words(person.language)
    return [sentence(words, finding) for finding in findings]


def _shown(filled: Mapping[str, str]) -> dict[str, object]:
    weeks_ = [{"number": label[5:], "name": name} for label, name in filled.items() if label.startswith("week ")]
    return {**{name: value for name, value in filled.items() if not name.startswith("week ")}, "weeks": weeks_}
