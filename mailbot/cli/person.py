"""`mailbot person`: the directory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config
from mailbot.cli.setup import setup_texts
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.model import Config, PersonSettings
    from mailbot.platforms.people import Person

_LONGEST_STAND_IN = 366
_LISTED = ("id", "name", "title", "department", "email")


@click.group()
def person() -> None:
    """The directory: who works here, and their mailboxes."""


@person.command("list")
@json_option
@lang_option
@config_option
def list_(as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """Everybody in the directory, and personal mailboxes that nobody there owns.

    Mailboxes are those of the configuration, and of servers that can list theirs.

    \b
    Examples:
      mailbot person list
      mailbot person list --json | jq -r .email
    """
    from mailbot.cli.output import emit_json, table
    from mailbot.wiring import unowned_mailboxes

    config = load_config(config_path)
    described = [_described(config, someone) for someone in config.people]
    ownerless = unowned_mailboxes(config)
    if as_json:
        for entry in described:
            emit_json(entry)
        for address in ownerless:
            emit_json({"id": None, "email": address, "mailboxes": [address], "unowned": True})
        return
    say = setup_texts(lang, config)
    rows = [[*(entry[key] for key in _LISTED), ", ".join(_roles_in_words(entry, say))] for entry in described]
    rows += [["", "", "", "", address, say["person.nobody"]] for address in ownerless]
    headings = [say[f"person.{key}"] for key in (*_LISTED, "roles")]
    table(headings, rows, empty=say["person.empty"].format(file=config.paths.people))


@person.command()
@click.argument("server", metavar="[SERVER]", required=False, default="")
@config_option
def unlisted(server: str, config_path: Path | None) -> None:
    """Who is in a directory and not in the people file, as entries for that file.

    Without SERVER the directory is that of [directory] (LDAP). SERVER is the name of a Microsoft 365 tenant or of an
    Exchange server under [servers]; Exchange tells about the personal mailboxes of the configuration. Look through what
    is printed before you add it.

    \b
    Examples:
      mailbot person unlisted >> /etc/mailbot/people.toml
      mailbot person unlisted m365
    """
    from mailbot import wiring
    from mailbot.config.write import person_toml

    config = load_config(config_path)
    with wiring.directory(config, server) as directory:
        for each in _unlisted(config, list(directory.people())):
            click.echo(person_toml(asdict(each)))


def _unlisted(config: "Config", found: Sequence["Person"]) -> Iterator["Person"]:
    """Who is not in the people file, with ids that are free there; managers by the ids they have there, or get."""
    taken = {each.id for each in config.people}
    ids: dict[str, str] = {}
    new = []
    for each in found:
        known = config.person_by_address(each.email)
        if known is None:
            free = (f"{each.id}{suffix}" for suffix in ("", *range(2, 1000)))
            ids[each.id] = next(candidate for candidate in free if candidate not in taken)
            taken.add(ids[each.id])
            new.append(each)
        else:
            ids[each.id] = known.id
    for each in new:
        yield replace(each, id=ids[each.id], manager=ids.get(each.manager, ""))


@person.command()
@click.argument("who", metavar="PERSON")
@json_option
@lang_option
@config_option
def show(who: str, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """What is known about one person: PERSON is an id, a mail address or an account name.

    \b
    Examples:
      mailbot person show eva
      mailbot person show eva.lindmark@bjurholm.example --json
    """
    from mailbot.cli.output import emit_json, safe

    config = load_config(config_path)
    entry = _described(config, find_person(config, who))
    if as_json:
        emit_json(entry)
        return
    say = setup_texts(lang, config)
    entry["roles"] = _roles_in_words(entry, say)
    entry["absences"] = [f"{absence['from']} - {absence['back']}" for absence in entry["absences"]]
    click.echo(safe(entry.pop("name")))
    shown = [(say[f"person.{key}"], value) for key, value in entry.items() if value]
    width = max(len(label) for label, _ in shown)
    for label, value in shown:
        words = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"  {label.ljust(width)}  {safe(words)}")


@person.command()
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


@person.command()
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


@person.command("stand-in")
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


def find_person(config: "Config", who: str) -> "PersonSettings":
    """The person with this id, mail address or account name. UserError with the nearest id when there is none."""
    from mailbot.config.syntax import nearest

    by_login = next((p for p in config.people if p.login and p.login == who), None)
    found = config.person(who) or config.person_by_address(who) or by_login
    if found is None:
        near = nearest(who, [p.id for p in config.people])
        remedy = f"did you mean {near!r}?" if near else "`mailbot person list` shows everybody"
        raise UserError(f"nobody in the directory is {who!r}; {remedy}")
    return found


def _described(config: "Config", someone: "PersonSettings") -> dict[str, Any]:
    return {
        "id": someone.id,
        "name": someone.name,
        "title": someone.title,
        "department": someone.department,
        "email": someone.email,
        "aliases": list(someone.aliases),
        "phone": someone.phone,
        "mobile": someone.mobile,
        "login": someone.login,
        "manager": someone.manager,
        "language": someone.language or config.policy.language,
        "roles": _roles(config, someone.id),
        "mailboxes": [m.address for m in config.mailboxes if config.owner(m) == someone],
        "checks": _checks(config, someone.id),
        "absences": [{"from": absence.from_, "back": absence.back} for absence in someone.absences],
    }


def _roles(config: "Config", person_id: str) -> list[dict[str, Any]]:
    """Roles of the organisation and of units; whoever is not the first of a list stands in for those before."""
    roles: list[tuple[str, str | None, tuple[str, ...]]] = [
        ("head_of_administration", None, config.roles.head_of_administration),
        ("administrator", None, tuple(i for i in config.roles.administrators if i == person_id)),
        *(("registrar", unit.id, unit.registrars) for unit in config.units),
        *(("mail_officer", unit.id, unit.mail_officers) for unit in config.units),
    ]
    return [
        {"role": role, "unit": unit, "deputy": ids[0] != person_id} for role, unit, ids in roles if person_id in ids
    ]


def _roles_in_words(entry: dict[str, Any], say: Mapping[str, str]) -> list[str]:
    words = []
    for role in entry["roles"]:
        name = say[f"person.{role['role']}"].format(unit=role["unit"])
        words.append(say["person.deputy"].format(role=name) if role["deputy"] else name)
    return words


def _checks(config: "Config", person_id: str) -> list[str]:
    """Authority mailboxes this person checks, as the first or as a deputy."""
    units = {unit.id for unit in config.units if person_id in unit.mail_officers}
    return [m.address for m in config.mailboxes if m.role == "authority" and m.unit in units]
