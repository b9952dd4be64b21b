"""`mailbot person`: the directory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import config_option, json_option, lang_option, load_config
from mailbot.cli.people import described, find_person
from mailbot.cli.person_away import away, back, stand_in
from mailbot.cli.setup import setup_texts

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.platforms.people import Person

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
    everybody = [described(config, someone) for someone in config.people]
    ownerless = unowned_mailboxes(config)
    if as_json:
        for entry in everybody:
            emit_json(entry)
        for address in ownerless:
            emit_json({"id": None, "email": address, "mailboxes": [address], "unowned": True})
        return
    say = setup_texts(lang, config)
    rows = [[*(entry[key] for key in _LISTED), ", ".join(_roles_in_words(entry, say))] for entry in everybody]
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
    entry = described(config, find_person(config, who))
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


def _roles_in_words(entry: dict[str, Any], say: Mapping[str, str]) -> list[str]:
    words = []
    for role in entry["roles"]:
        name = say[f"person.{role['role']}"].format(unit=role["unit"])
        words.append(say["person.deputy"].format(role=name) if role["deputy"] else name)
    return words


for command in (away, back, stand_in):
    person.add_command(command)
