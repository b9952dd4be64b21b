"""`mailbot person away`, `back` and `stand-in`: who is away today, and who checks the mailboxes instead."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import at_option, config_option, lang_option, load_config
from mailbot.cli.people import find_person
from mailbot.cli.setup import setup_texts
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.model import Config, PersonSettings

_LONGEST_STAND_IN = 366


@click.command()
@click.argument("who", metavar="[PERSON]", required=False)
@click.option("--from", "from_on", metavar="DATE", help="First day away (default: today).")
@click.option("--back", "back_on", metavar="DATE", help="First day back at work (default: the day after).")
@at_option
@lang_option
@config_option
def away(
    who: str | None,
    from_on: str | None,
    back_on: str | None,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """Say that you are away, ill for instance; your deputies act for you at once. Why is not asked.

    A planned absence with an auto-reply is another matter. For somebody else: their manager, the head of
    administration, and administrators.

    \b
    Examples:
      mailbot person away                        today
      mailbot person away --back 2026-03-12      until then
      mailbot person away lars                   of somebody you manage
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.dates import day_option
    from mailbot.cli.output import safe
    from mailbot.store.people_records import AwayNotice
    from mailbot.wiring import installation

    config = load_config(config_path)
    someone, who_acts = _about(config, who)
    now = instant(at, config.zone)
    first = day_option(from_on, "--from") or now.astimezone(config.zone).date()
    back = day_option(back_on, "--back") or first + timedelta(days=1)
    if back <= first:
        raise UserError(f"--back {back} is not after {first}; name the first day at work")
    with installation(config) as context:
        context.store.away_notices.add(AwayNotice(someone.id, first, back), by=who_acts, now=now)
    click.echo(setup_texts(lang, config)["person.away"].format(name=safe(someone.name), first=first, back=back))


@click.command()
@click.argument("who", metavar="[PERSON]", required=False)
@at_option
@lang_option
@config_option
def back(who: str | None, at: str | None, lang: str | None, config_path: Path | None) -> None:
    """Say that you are back at work, earlier than `person away` said.

    \b
    Examples:
      mailbot person back
      mailbot person back lars
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.output import safe
    from mailbot.wiring import installation

    config = load_config(config_path)
    someone, who_acts = _about(config, who)
    now = instant(at, config.zone)
    today = now.astimezone(config.zone).date()
    with installation(config) as context:
        ended = context.store.away_notices.withdraw(someone.id, today, by=who_acts, now=now)
    say = setup_texts(lang, config)
    click.echo(say["person.back" if ended else "person.not_away"].format(name=safe(someone.name)))


@click.command("stand-in")
@click.argument("who", metavar="PERSON")
@click.option("--unit", "unit_id", required=True, metavar="ID", help="The unit whose authority mailboxes are checked.")
@click.option("--from", "from_on", metavar="DATE", help="First day (default: today).")
@click.option("--to", "to_on", metavar="DATE", help="Last day (default: the first).")
@at_option
@lang_option
@config_option
def stand_in(
    who: str,
    unit_id: str,
    from_on: str | None,
    to_on: str | None,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """Name who checks a unit's authority mailboxes while all its mail officers are away.

    For the head of administration and administrators.

    \b
    Examples:
      mailbot person stand-in anna --unit ks
      mailbot person stand-in anna --unit ks --from 2026-07-06 --to 2026-07-10
    """
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.dates import day_option
    from mailbot.cli.output import safe
    from mailbot.wiring import installation

    config = load_config(config_path)
    if unit_id not in {one.id for one in config.units}:
        raise UserError(f"there is no unit {unit_id!r}; the configuration has {', '.join(u.id for u in config.units)}")
    someone, acting = find_person(config, who), actor(config)
    require(acting, config.roles.head_of_administration, "name who stands in")
    now = instant(at, config.zone)
    first = day_option(from_on, "--from") or now.astimezone(config.zone).date()
    last = day_option(to_on, "--to") or first
    if not first <= last <= first + timedelta(days=_LONGEST_STAND_IN):
        raise UserError(f"--to {last} must be {first} or at most {_LONGEST_STAND_IN} days later")
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with installation(config) as context:
        context.store.daily_checks.name_stand_in(unit_id, days, someone.id, by=acting.id, now=now)
    say = setup_texts(lang, config)
    click.echo(say["person.stand_in"].format(name=safe(someone.name), unit=unit_id, first=first, last=last))


def _about(config: "Config", who: str | None) -> "tuple[PersonSettings, str]":
    """The person whose absence is noted, and who notes it as the audit trail names them. UserError when not allowed."""
    from mailbot.cli.acting import actor, require

    acting = actor(config)
    if who is None and acting.person_id is None:
        raise UserError("name the person: this account belongs to nobody in the directory")
    someone = find_person(config, who or acting.person_id or "")
    superiors = [someone.manager] if someone.manager else []
    allowed = (someone.id, *superiors, *config.roles.head_of_administration)
    require(acting, allowed, f"say when {someone.name} is away")
    return someone, acting.id
