"""`mailbot person`: the directory."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import config_option, json_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.config.model import Config, PersonSettings


@click.group()
def person() -> None:
    """The directory: who works here, and their mailboxes."""


@person.command("list")
@json_option
@config_option
def list_(as_json: bool, config_path: Path | None) -> None:
    """Everybody in the directory.

    \b
    Examples:
      mailbot person list
      mailbot person list --json | jq -r .email
    """
    from mailbot.cli.output import emit_json, table

    config = load_config(config_path)
    described = [_described(config, someone) for someone in config.people]
    if as_json:
        for entry in described:
            emit_json(entry)
        return
    rows = [
        (entry["id"], entry["name"], entry["title"], entry["department"], entry["email"], ", ".join(entry["roles"]))
        for entry in described
    ]
    headings = ["Id", "Name", "Title", "Department", "E-mail", "Roles"]
    table(headings, rows, empty=f"Nobody yet: add [[people]] to {config.paths.people}.")


@person.command()
@click.argument("who", metavar="PERSON")
@json_option
@config_option
def show(who: str, as_json: bool, config_path: Path | None) -> None:
    """What is known about one person: PERSON is an id, a mail address or an account name.

    \b
    Examples:
      mailbot person show eva
      mailbot person show eva.lindmark@bjurholm.example --json
    """
    from mailbot.cli.output import emit_json, safe

    config = load_config(config_path)
    entry = _described(config, _find(config, who))
    if as_json:
        emit_json(entry)
        return
    shown = [(key.replace("_", " "), _cell(value)) for key, value in entry.items() if value not in ("", None, [])]
    click.echo(safe(entry["name"]))
    width = max(len(key) for key, _ in shown)
    for key, value in shown:
        click.echo(f"  {key.ljust(width)}  {safe(value)}")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key} {item}" for key, item in value.items())
    return str(value)


def _find(config: "Config", who: str) -> "PersonSettings":
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


def _roles(config: "Config", person_id: str) -> list[str]:
    """Roles of the organisation and of units, the latter as "registrar ks"; deputies are told apart by their place."""
    lists = [
        ("head_of_administration", config.roles.head_of_administration),
        ("administrator", config.roles.administrators),
        *((f"registrar {unit.id}", unit.registrars) for unit in config.units),
        *((f"mail_officer {unit.id}", unit.mail_officers) for unit in config.units),
    ]
    deputies = {"administrator": ""}
    return [
        role if ids[0] == person_id else role + deputies.get(role, " (deputy)")
        for role, ids in lists
        if person_id in ids
    ]


def _checks(config: "Config", person_id: str) -> list[str]:
    """Authority mailboxes this person checks, as the first or as a deputy."""
    units = {unit.id for unit in config.units if person_id in unit.mail_officers}
    return [m.address for m in config.mailboxes if m.role == "authority" and m.unit in units]
