"""`mailbot mandate`: who may read whose personal mailbox (fullmakt), from when to when, on whose word."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbot.cli.options import at_option, config_option, json_option, lang_option, load_config
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.store.people_records import Mandate


@click.group()
def mandate() -> None:
    """Who may read whose personal mailbox, from when to when, on whose word."""


@mandate.command("list")
@click.option("--person", "who", metavar="PERSON", help="Only mandates of or for this person.")
@click.option("--all", "everything", is_flag=True, help="Those that are over or revoked too.")
@json_option
@at_option
@lang_option
@config_option
def list_(
    *, who: str | None, everything: bool, as_json: bool, at: str | None, lang: str | None, config_path: Path | None
) -> None:
    """Mandates that hold now or later.

    \b
    Examples:
      mailbot mandate list
      mailbot mandate list --person anna --all --json
    """
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json, table
    from mailbot.cli.people import find_person
    from mailbot.wiring import installation

    config = load_config(config_path)
    today = instant(at, config.zone).astimezone(config.zone).date()
    person = find_person(config, who).id if who else None
    with installation(config) as context:
        found = context.store.mandates.list(standing_on=None if everything else today)
    rows = [_as_row(one, today) for one in found if person in (None, one.owner, one.reader)]
    if as_json:
        for row in rows:
            emit_json(row)
        return
    language = chosen(lang, config)
    keys = ("ref", "owner", "reader", "from", "to", "granted_by", "holds")
    words = {True: say(language, "word.yes"), False: say(language, "word.no")}
    names = {one.id: one.name for one in config.people}
    cells = [[words[row[key]] if key == "holds" else names.get(row[key], row[key]) for key in keys] for row in rows]
    table([say(language, f"mandate.{key}") for key in keys], cells, empty=say(language, "mandate.empty"))


@mandate.command()
@click.argument("owner", metavar="OWNER")
@click.argument("reader", metavar="READER")
@click.option("--from", "from_", metavar="DAY", help="First day (default: today).")
@click.option("--to", metavar="DAY", help="Last day (default: until it is revoked).")
@click.option("--on-word-of", "word", metavar="PERSON", help="Who said so, when an administrator enters it.")
@json_option
@at_option
@lang_option
@config_option
def add(
    *,
    owner: str,
    reader: str,
    from_: str | None,
    to: str | None,
    word: str | None,
    as_json: bool,
    at: str | None,
    lang: str | None,
    config_path: Path | None,
) -> None:
    """READER may read the personal mailbox of OWNER.

    OWNER gives it. An administrator may enter what OWNER has given in writing, and names on whose word.

    \b
    Examples:
      mailbot mandate add anna bo --from 2026-07-20 --to 2026-08-09
      mailbot mandate add anna bo --on-word-of anna
    """
    from mailbot.cli.absence_answers import day_from, the_person
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation

    config = load_config(config_path)
    language, now, acting = chosen(lang, config), instant(at, config.zone), actor(config)
    today = now.astimezone(config.zone).date()
    owner_id, reader_id = the_person(config, owner, "OWNER"), the_person(config, reader, "READER")
    granted_by = the_person(config, word, "--on-word-of") if word else acting.person_id
    if acting.person_id != owner_id and not (acting.is_administrator and word):
        raise UserError(say(language, "mandate.not_yours"))
    first = day_from(from_, "--from", today=today) if from_ else today
    last = day_from(to, "--to", today=today, not_before=first) if to else None
    with installation(config) as context:
        ref = context.store.mandates.add(
            owner=owner_id,
            reader=reader_id,
            from_=first,
            to=last,
            granted_by=granted_by or owner_id,
            by=acting.id,
            now=now,
        )
        stored = next(one for one in context.store.mandates.list(owner=owner_id) if one.ref == ref)
    if as_json:
        emit_json(_as_row(stored, today))
        return
    names = {one.id: one.name for one in config.people}
    click.echo(say(language, "mandate.added", ref=ref, reader=names[reader_id], owner=names[owner_id]))


@mandate.command()
@click.argument("ref")
@at_option
@lang_option
@config_option
def revoke(*, ref: str, at: str | None, lang: str | None, config_path: Path | None) -> None:
    """A mandate holds no more: its owner and administrators.

    \b
    Example:
      mailbot mandate revoke B7KQ-2M9X
    """
    from mailbot.cli.acting import actor
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.store.references import parse_ref
    from mailbot.wiring import installation

    config = load_config(config_path)
    language, now, acting = chosen(lang, config), instant(at, config.zone), actor(config)
    with installation(config) as context:
        found = next((one for one in context.store.mandates.list() if one.ref == (parse_ref(ref) or ref)), None)
        if found is not None and not acting.is_administrator and acting.person_id != found.owner:
            raise UserError(say(language, "mandate.not_yours"))
        context.store.mandates.revoke(ref, by=acting.id, now=now)
    click.echo(say(language, "mandate.revoked", ref=found.ref if found else ref))


def _as_row(mandate: "Mandate", today: date) -> dict[str, Any]:
    return {
        "ref": mandate.ref,
        "owner": mandate.owner,
        "reader": mandate.reader,
        "from": mandate.from_,
        "to": mandate.to,
        "granted_by": mandate.granted_by,
        "absence": mandate.absence_ref,
        "holds": mandate.holds_on(today),
        "created_by": mandate.created_by,
        "revoked_by": mandate.revoked_by,
        "revoked_at": mandate.revoked_at,
    }
