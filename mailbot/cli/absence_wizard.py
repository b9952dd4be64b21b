"""The questions of `mailbot setup-autoreply`, in their order; what cannot be is said at once, with the remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar

import click

from mailbot.cli.absence_answers import Draft, read_option, read_reason
from mailbot.cli.language import say
from mailbot.cli.output import safe
from mailbot.cli.prompting import ask_until, confirm
from mailbot.config.model import PersonSettings
from mailbot.policy.absence import days_in_week, week_number
from mailbot.policy.absence_model import Finding
from mailbot.policy.spoken_dates import read_day
from mailbot.policy.workdays import iso_week
from mailbot.work.absence_people import people_like, shown
from mailbot.work.absence_plan import examine, overlapping, sentence
from mailbot.work.context import Context

Choice = TypeVar("Choice")

#: what only says that a question is still to be asked
_NOT_YET = {"week_without_cover", "colleague_missing"}

#: the first letter of "förlänga", "ersätta", "avbryta" and their like
_OVERLAP: dict[str, Literal["extend", "replace", "no"]] = {"f": "extend", "e": "replace", "a": "no"}

#: how each question is answered on the command line
_OPTIONS = {
    "from": "--from",
    "back": "--back",
    "option": "--option",
    "colleague": "--colleague",
    "overlap": "--extend, --replace",
    "person": "--for",
}


def option_for(question: str) -> str:
    """The option that answers a question ("cover 2026-W30" -> "--cover 2026-W30=PERSON")."""
    name, _, week = question.partition(" ")
    return f"--cover {week}=PERSON" if name == "cover" else _OPTIONS[question]


@dataclass(slots=True)
class Wizard:
    """Asks for what a draft lacks until nothing stands against it. click.Abort at any question: nothing has changed."""

    context: Context
    draft: Draft
    language: str
    now: datetime

    def complete(self) -> tuple[Finding, ...]:
        """Ask until the draft can be saved; the warnings that remain. click.exceptions.Exit when no answer helps."""
        self._refuse_the_person()
        while True:
            self._ask_what_is_missing()
            findings = examine(self.context, self.draft.request(), self.now)
            refusals = [finding for finding in findings if finding.refused]
            if not refusals:
                return findings
            click.echo(self._say("refusals"))
            for finding in refusals:
                self._refuse(finding)
                self._forget(finding.question)

    def _refuse_the_person(self) -> None:
        """Somebody without a mailbox here is told so before anything is asked."""
        findings = examine(self.context, self.draft.request(), self.now)
        against = [finding for finding in findings if finding.refused and finding.question == "person"]
        for finding in against:
            self._refuse(finding)
        if against:
            raise click.exceptions.Exit(1)

    def _ask_what_is_missing(self) -> None:
        draft = self.draft
        if draft.from_ is None:
            self._until("from", self._ask_from)
        if draft.back is None:
            self._until("back", self._ask_back)
        self._settle_overlap()
        if draft.reason is None:
            draft.reason = self._choose("reason", read_reason)
        if draft.option is None:
            self._until("option", self._ask_option)
        if draft.option is not None and draft.option.names_colleague and not draft.colleague:
            self._until("colleague", self._ask_colleague)
        self._ask_covers()

    def _until(self, question: str, put: Callable[[], None]) -> None:
        """Put a question until what is known so far does not stand against the answer."""
        while True:
            put()
            against = [
                finding
                for finding in examine(self.context, self.draft.request(), self.now)
                if finding.question == question and finding.refused and finding.rule not in _NOT_YET
            ]
            for finding in against:
                self._refuse(finding)
            if not against:
                return
            self._forget(question)

    # --- the questions ----------------------------------------------------------------------------------------------

    def _ask_from(self) -> None:
        while True:
            day = self._ask_day("from_", self.draft.today)
            if self._right("reading", day=day):
                self.draft.from_ = day
                return

    def _ask_back(self) -> None:
        assert self.draft.from_ is not None
        while True:
            said = self._ask_day("back", self.draft.from_)
            day = self.draft.calendar.on_or_after(said)
            key = "reading_back" if day == said else "reading_closed"
            if self._right(key, day=day, said=said):
                self.draft.back = said
                return

    def _ask_day(self, key: str, not_before: date) -> date:
        def read(text: str) -> date | None:
            return read_day(text, today=self.draft.today, not_before=not_before)

        return ask_until(self._say(key), read, self._say("no_day"))

    def _right(self, key: str, *, day: date, said: date | None = None) -> bool:
        words = self.context.templates.words(self.language)
        values = {"day": words.day(day), "week": week_number(iso_week(day))}
        question = self._say(key, **values, said=_capital(words.day(said)) if said else "")
        return confirm(_capital(question), self._say("no_yes"), self._say("yes_no"))

    def _settle_overlap(self) -> None:
        draft = self.draft
        if draft.existing:
            return
        found = overlapping(self.context, draft.request())
        if not found:
            return
        if draft.on_overlap is None:
            for finding in examine(self.context, draft.request(), self.now):
                if finding.question == "overlap":
                    self._refuse(finding)
            answer = self._choose("overlap", lambda text: _OVERLAP.get(text[:1].lower()))
            if answer == "no":
                raise click.Abort
            draft.on_overlap = "extend" if answer == "extend" else "replace"
        draft.existing = found

    def _ask_option(self) -> None:
        for letter in "abcd":
            click.echo(f"  {say(self.language, f'setup_autoreply.option_{letter}')}")
        self.draft.option = self._choose("option", read_option)

    def _ask_colleague(self) -> None:
        assert self.draft.option is not None
        self.draft.colleague = self._ask_person(self._say(f"colleague_{self.draft.option.value.lower()}"))

    def _ask_covers(self) -> None:
        missing = [week for week in self.draft.weeks if week not in self._covered()]
        if len(missing) > 1:
            question = self._say("one_for_all", count=len(missing))
            if confirm(question, self._say("no_yes"), self._say("yes_no")):
                person = self._ask_person(self._say("cover_all"))
                self.draft.covers.update(dict.fromkeys(missing, person))
                missing = self._refused_weeks(missing)
        for week in missing:
            self._until(f"cover {week}", lambda week=week: self._ask_cover(week))  # type: ignore[misc]

    def _covered(self) -> set[str]:
        return {week for week, person in self.draft.request().covers.items() if person}

    def _refused_weeks(self, weeks: list[str]) -> list[str]:
        """Of the weeks just filled with one person those that need another."""
        refused = []
        for finding in examine(self.context, self.draft.request(), self.now):
            week = finding.question.partition(" ")[2]
            if finding.refused and week in weeks and week not in refused:
                self._refuse(finding)
                self._forget(finding.question)
                refused.append(week)
        return refused

    def _ask_cover(self, week: str) -> None:
        words = self.context.templates.words(self.language)
        request = self.draft.request()
        days = days_in_week(request.planned(self.draft.calendar), week, self.draft.calendar)
        values = {"week": week_number(week), "first": words.day(days[0]), "last": words.day(days[-1])}
        self.draft.covers[week] = self._ask_person(self._say("cover", **values))

    def _ask_person(self, question: str) -> str:
        people = [person for person in self.context.config.people if person.id != self.draft.person]

        def read(text: str) -> PersonSettings | None:
            found = people_like(self.context.config, text)
            if len(found) == 1:
                return found[0]
            names = ", ".join(shown(person) for person in found[:10])
            click.echo(safe(self._say("many_people", names=names) if found else self._say("no_person")))
            return None

        return ask_until(question, read, "", choices=[shown(person) for person in people]).id

    def _choose(self, key: str, read: Callable[[str], Choice | None]) -> Choice:
        return ask_until(self._say(key), read, self._say("no_choice"))

    # --- what stands against an answer --------------------------------------------------------------------------------

    def _refuse(self, finding: Finding) -> None:
        words = self.context.templates.words(self.language)
        click.echo(safe(self._say("refused", text=sentence(words, finding))))

    def _forget(self, question: str) -> None:
        """Take an answer back, so that it is asked for again."""
        draft = self.draft
        name, _, week = question.partition(" ")
        match name:
            case "from":
                draft.from_ = draft.back = None
            case "back":
                draft.back = None
            case "option":
                draft.option = None
            case "colleague":
                draft.colleague = ""
            case "cover":
                draft.covers[week] = ""
            case "overlap":
                draft.on_overlap, draft.existing = None, ()

    def _say(self, key: str, **values: object) -> str:
        return say(self.language, f"setup_autoreply.{key}", **values)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
