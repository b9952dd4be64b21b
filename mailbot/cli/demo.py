"""`mailbot demo`: a sample municipality lives through a working week."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import lang_option

if TYPE_CHECKING:
    from datetime import date

    from mailbot.demo.run import PassTold, Week
    from mailbot.work.context import Context

_SATURDAY = 5
#: after the last pass of the sample week
_END_OF_WEEK = "2026-05-15T16:00"


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-out"),
    show_default=True,
    help="Where the sample municipality is built; an earlier demo there is replaced.",
)
@lang_option
def demo(out: Path, lang: str | None) -> None:
    """A sample municipality lives through a working week, embedded; then shows what happened.

    Everything is real but the clock and the people: mailboxes, database, digests. Look around in it afterwards.

    \b
    Examples:
      mailbot demo
      mailbot --config demo-out/config.toml replies list --at 2026-05-15T16:00
    """
    import logging

    from mailbot.cli.acting import refuse_behind_sudo
    from mailbot.cli.language import chosen
    from mailbot.cli.logs import configure
    from mailbot.demo.run import live_through_the_week

    refuse_behind_sudo("demo")
    configure(as_json=False, level=logging.ERROR)
    language = chosen(lang)
    storyteller = _Storyteller(language)
    week = live_through_the_week(out.absolute(), storyteller.tell)
    _print_end(week, language, out)


class _Storyteller:
    """Prints what each pass came to, under a heading for each day."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._day = ""

    def tell(self, told: "PassTold", context: "Context") -> None:
        from mailbot.cli.language import say

        local = told.at.astimezone(context.config.zone)
        day = context.templates.words(self._language).day(local.date())
        if day != self._day:
            self._day = day
            click.secho(f"\n{day[:1].upper()}{day[1:]}{self._why_closed(local.date(), context)}", bold=True)
        lines = [*_deeds(told, self._language), *_events(told, context, self._language)]
        for number, line in enumerate(lines):
            click.echo(f"  {f'{local:%H:%M}' if number == 0 else '':5}  {line}")
        if not lines:
            click.echo(f"  {local:%H:%M}  {say(self._language, 'demo.nothing')}")

    def _why_closed(self, day: "date", context: "Context") -> str:
        """The name of a holiday, to stand behind its date; a weekend says it by its name."""
        from mailbot.policy.workdays import WorkCalendar

        closed = WorkCalendar(context.config.policy.calendar).why_closed(day, self._language)
        return f", {closed}" if closed and day.weekday() < _SATURDAY else ""


def _deeds(told: "PassTold", language: str) -> list[str]:
    from mailbot.cli.language import say

    return [
        say(
            language,
            f"demo.{deed.do}",
            by=deed.by,
            number=deed.number,
            reason=deed.reason,
            letter=deed.letter,
            mailbox=deed.mailbox,
        )
        for deed in told.deeds
    ]


def _events(told: "PassTold", context: "Context", language: str) -> list[str]:
    """What the pass read and what left because of it."""
    from collections import Counter

    from mailbot.cli.language import say

    left = Counter(item.kind for item in context.store.outbox.list(states=("sent",)) if item.sent_at == told.at)
    lines = []
    if told.report.new_messages:
        lines.append(say(language, "demo.read", count=told.report.new_messages))
    lines += [say(language, f"demo.left_{kind}", count=number) for kind, number in sorted(left.items())]
    return lines


def _print_end(week: "Week", language: str, out: Path) -> None:
    from mailbot.cli.language import say
    from mailbot.cli.output import table

    click.secho(f"\n{say(language, 'demo.the_week')}", bold=True)
    numbers = asdict(week.accounts)
    table(["", ""], [(say(language, f"demo.{name}"), number) for name, number in numbers.items()])
    click.echo()
    click.echo(say(language, "demo.digests", folder=out / "digests", count=len(week.digests)))
    mailbot = f"{sys.argv[0]} --config {out / 'config.toml'}"
    click.echo(say(language, "demo.look_around"))
    # The sample week lies in May 2026: what counts days must be told that it is still that week.
    at = f"--at {_END_OF_WEEK}"
    for command in (f"replies list {at}", f"attest {at}", "diary list", "outbox list", f"status {at}", "explain REF"):
        click.echo(f"  {mailbot} {command}")
