"""`mailbot diary`: what waits for, or was done by, the registrar."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.store.records import DiaryItem, DiaryState

STATES: "tuple[DiaryState, ...]" = ("proposed", "asked", "forwarded", "registered", "dismissed")
WAITING: "tuple[DiaryState, ...]" = ("proposed", "asked", "forwarded")


@click.group()
def diary() -> None:
    """What waits for the registrar: list, show, confirm, dismiss, reopen, export."""


@diary.command("list")
@click.option("--state", type=click.Choice([*STATES, "waiting", "all"]), default="waiting", show_default=True)
@click.option("--unit", metavar="ID", help="Only this unit.")
@json_option
@lang_option
@config_option
def list_items(state: str, unit: str | None, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """Diary items, the oldest first.

    \b
    Examples:
      mailbot diary list
      mailbot diary list --state all --unit ks --json
    """
    from mailbot.cli.fields import shown
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json, local, table
    from mailbot.wiring import installation

    config = load_config(config_path)
    states = {"waiting": WAITING, "all": STATES}.get(state, (cast("DiaryState", state),))
    with installation(config) as context:
        found = context.store.diary.list(states=states, unit=unit)
    if as_json:
        for one in found:
            emit_json(as_contract(one))
        return
    language = chosen(lang, config)
    columns = ("ref", "received_at", "unit", "state", "number", "kind", "title")
    table(
        [say(language, f"diary.{column}") for column in columns],
        [
            (
                one.ref,
                local(one.received_at, config.zone),
                one.unit,
                shown("state", one.state, language),
                one.number or one.proposed_number or "",
                shown("kind", one.kind, language),
                _shown_title(one, language),
            )
            for one in found
        ],
        empty=say(language, "diary.empty"),
    )


def _shown_title(one: "DiaryItem", language: str) -> str:
    from mailbot.cli.language import say

    if one.confidential:
        return say(language, "word.confidential")
    return say(language, "word.unparsable") if one.unparsable else one.title or ""


def as_contract(one: "DiaryItem") -> dict[str, Any]:
    """The JSON fields that scripts rely on; no title or sender of confidential mail."""
    return {
        "ref": one.ref,
        "message_id": one.message_id,
        "unit": one.unit,
        "mailbox": one.mailbox,
        "direction": one.direction,
        "state": one.state,
        "number": one.number,
        "proposed_number": one.proposed_number,
        "kind": one.kind,
        "title": None if one.confidential else one.title,
        "sender": None if one.confidential else one.sender,
        "confidential": one.confidential,
        "unparsable": one.unparsable,
        "received_at": one.received_at,
        "forwarded_at": one.forwarded_at,
        "settled_at": one.settled_at,
        "settled_by": one.settled_by,
        "reason": one.reason,
    }


@diary.command()
@click.argument("ref")
@json_option
@lang_option
@config_option
def show(ref: str, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """One diary item."""
    from mailbot.cli.fields import print_fields
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.wiring import installation

    config = load_config(config_path)
    with installation(config) as context:
        answer = as_contract(context.store.diary.get(ref))
    if as_json:
        emit_json(answer)
        return
    print_fields(answer, "diary", chosen(lang, config), config.zone)


@diary.command()
@click.argument("ref")
@click.argument("number")
@click.option(
    "--force", is_flag=True,
    help="Also a number unlike the unit's others, or in place of the one that stands there; recorded.",
)  # fmt: skip
@at_option
@by_option
@lang_option
@config_option
def confirm(
    ref: str, number: str, force: bool, at: str | None, by: str | None, lang: str | None, config_path: Path | None
) -> None:
    """The message is registered under NUMBER.

    \b
    Examples:
      mailbot diary confirm B7KQ-2M9X "KS 2026/123"
      mailbot diary confirm B7KQ-2M9X "KS 2026/132" --force     the first number was wrong
    """
    config, number = load_config(config_path), " ".join(number.split())

    def act(store: Any, one: "DiaryItem", who: str, now: Any) -> None:
        if not force:
            _require_number_of_unit(config, one, number)
        store.confirm(one.ref, number, by=who, now=now, forced=force)

    _change(config, ref, at, by, lang, "diary.confirmed", act)


def _require_number_of_unit(config: "Config", one: "DiaryItem", number: str) -> None:
    from mailbot.config.syntax import fits, number_example
    from mailbot.errors import UserError

    pattern = next((unit.diary_pattern for unit in config.units if unit.id == one.unit), "")
    if not number or not fits(number, pattern):
        like = f", which are like {number_example(pattern)}" if pattern else ""
        raise UserError(
            f"{number!r} is no diary number of {one.unit}{like}; write it so, or add --force to record it all the same"
        )


@diary.command()
@click.argument("ref")
@click.option("--reason", required=True, help="Why it need not be registered; recorded.")
@at_option
@by_option
@lang_option
@config_option
def dismiss(ref: str, reason: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """The message need not be registered.

    \b
    Example:
      mailbot diary dismiss B7KQ-2M9X --reason "för kännedom"
    """
    _change(
        load_config(config_path), ref, at, by, lang, "diary.was_dismissed",
        lambda store, one, who, now: store.dismiss(one.ref, reason, by=who, now=now),
    )  # fmt: skip


@diary.command()
@click.argument("ref")
@at_option
@by_option
@lang_option
@config_option
def reopen(ref: str, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Undo `confirm` or `dismiss`; the correction is recorded beside what it corrects."""
    _change(
        load_config(config_path), ref, at, by, lang, "diary.reopened",
        lambda store, one, who, now: store.reopen(one.ref, by=who, now=now),
    )  # fmt: skip


@diary.command()
@click.argument("ref")
@click.option(
    "--out", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path),
    help="Where the file is laid; - writes it to the standard output.",
)  # fmt: skip
@at_option
@by_option
@lang_option
@config_option
def export(ref: str, folder: Path, at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Write the untouched original as DIR/REF.eml, readable for its owner only; recorded in the audit trail.

    \b
    Examples:
      mailbot diary export B7KQ-2M9X --out .
      sudo -u mailbot mailbot diary export B7KQ-2M9X --out - > B7KQ-2M9X.eml
    """
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.errors import UserError
    from mailbot.wiring import installation
    from mailbot.work.original import find_original

    config = load_config(config_path)
    who, language = actor(config, by), chosen(lang, config)
    with installation(config) as context:
        one = context.store.diary.get(ref)
        require(who, _registrars(config, one), "export originals")
        raw = find_original(context, one)
        if raw is None:
            raise UserError(
                f"the original of {one.ref} is no longer in {one.mailbox}, nor where its copies lay; "
                "look in the server's backup"
            )
        # Recorded first: what is on record and failed can be seen, an unrecorded copy cannot.
        context.store.diary.exported(one.ref, by=who.id, now=instant(at, config.zone))
    if one.confidential:
        click.echo(say(language, "diary.export_confidential"), err=True)
    if str(folder) == "-":
        click.echo(raw, nl=False)
        return
    path = _write_private(folder, f"{one.ref}.eml", raw)
    click.echo(say(language, "diary.exported", path=path))


def _write_private(folder: Path, name: str, content: bytes) -> Path:
    """A new file that only its owner can read; never written over, nor through a link that somebody laid there."""
    import os

    from mailbot.errors import UserError

    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise UserError(f"{path} is there already; move it away, or choose another --out") from None
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}); choose an --out that may be written") from None
    return path


def _registrars(config: "Config", one: "DiaryItem") -> tuple[str, ...]:
    return next((unit.registrars for unit in config.units if unit.id == one.unit), ())


def _change(config: "Config", ref: str, at: str | None, by: str | None, lang: str | None, done: str, act: Any) -> None:
    """Look the item up, check that the actor is the unit's registrar, change it, say so."""
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation

    who = actor(config, by)
    with installation(config) as context:
        one = context.store.diary.get(ref)
        require(who, _registrars(config, one), "decide about registration")
        act(context.store.diary, one, who.id, instant(at, config.zone))
    click.echo(say(chosen(lang, config), done, ref=one.ref))
