"""`mailbot outbox`: what is queued, held, failed or unclear."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from mailbot.cli.options import at_option, by_option, config_option, json_option, lang_option, load_config

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.store.records import OutboxItem, OutboxState

STATES: "tuple[OutboxState, ...]" = ("pending", "sending", "sent", "failed", "unknown", "held", "cancelled")
UNSETTLED: "tuple[OutboxState, ...]" = ("pending", "sending", "failed", "unknown", "held")


@click.group()
def outbox() -> None:
    """What is queued, held, failed or unclear: list, show, release, cancel."""


@outbox.command("list")
@click.option("--state", type=click.Choice([*STATES, "unsettled", "all"]), default="unsettled", show_default=True)
@json_option
@lang_option
@config_option
def list_items(state: str, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """Outgoing mail, the oldest first.

    \b
    Examples:
      mailbot outbox list
      mailbot outbox list --state held --json
    """
    from mailbot.cli.fields import shown
    from mailbot.cli.language import chosen, say
    from mailbot.cli.output import emit_json, local, table
    from mailbot.wiring import installation

    config = load_config(config_path)
    states = {"unsettled": UNSETTLED, "all": STATES}.get(state, (cast("OutboxState", state),))
    with installation(config) as context:
        found = context.store.outbox.list(states=states)
    if as_json:
        for one in found:
            emit_json(as_contract(one))
        return
    language = chosen(lang, config)
    columns = ("ref", "kind", "state", "to", "created_at", "attempts", "error")
    table(
        [say(language, f"outbox.{column}") for column in columns],
        [
            (
                one.ref,
                shown("kind", one.kind, language),
                shown("state", one.state, language),
                ", ".join(one.to),
                local(one.created_at, config.zone),
                one.attempts,
                one.error or "",
            )
            for one in found
        ],
        empty=say(language, "outbox.empty"),
    )


def as_contract(one: "OutboxItem") -> dict[str, Any]:
    """The JSON fields that scripts rely on."""
    return {
        "ref": one.ref,
        "to": list(one.to),
        "kind": one.kind,
        "state": one.state,
        "message_id": one.message_id,
        "item_ref": one.item_ref,
        "attempts": one.attempts,
        "created_at": one.created_at,
        "next_attempt_at": one.next_attempt_at,
        "sent_at": one.sent_at,
        "error": one.error,
    }


@outbox.command()
@click.argument("ref")
@click.option("--raw", is_flag=True, help="Print the finished mail itself.")
@json_option
@lang_option
@config_option
def show(ref: str, raw: bool, as_json: bool, lang: str | None, config_path: Path | None) -> None:
    """One outgoing mail."""
    from mailbot.cli.acting import actor, require
    from mailbot.cli.fields import print_fields
    from mailbot.cli.language import chosen
    from mailbot.cli.output import emit_json
    from mailbot.errors import UserError
    from mailbot.wiring import installation

    config = load_config(config_path)
    if raw:
        require(actor(config), _handlers(config), "read outgoing mail")
    with installation(config) as context:
        one = context.store.outbox.get(ref)
    if raw:
        if one.raw is None:
            raise UserError(f"{one.ref} is settled and its text was dropped after the retention period")
        click.echo(one.raw, nl=False)
        return
    if as_json:
        emit_json(as_contract(one))
        return
    print_fields(as_contract(one), "outbox", chosen(lang, config), config.zone)


@outbox.command()
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@at_option
@by_option
@lang_option
@config_option
def release(refs: tuple[str, ...], at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Let held, failed or unclear mail leave with the next pass.

    \b
    Example:
      mailbot outbox release B7KQ-2M9X H3TN-8WQC
    """
    _change(refs, at, by, lang, config_path, "release")


@outbox.command()
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@at_option
@by_option
@lang_option
@config_option
def cancel(refs: tuple[str, ...], at: str | None, by: str | None, lang: str | None, config_path: Path | None) -> None:
    """Never send it. The row stays, so that the same mail is not queued again."""
    _change(refs, at, by, lang, config_path, "cancel")


def _handlers(config: "Config") -> set[str]:
    """Who looks after outgoing mail: mail officers, registrars and administrators."""
    officers = {person for unit in config.units for person in (*unit.mail_officers, *unit.registrars)}
    return officers.union(config.roles.administrators)


def _change(
    refs: tuple[str, ...], at: str | None, by: str | None, lang: str | None, config_path: Path | None, verb: str
) -> None:
    from mailbot.cli.acting import actor, require
    from mailbot.cli.clock import instant
    from mailbot.cli.language import chosen, say
    from mailbot.wiring import installation

    config = load_config(config_path)
    who = actor(config, by)
    require(who, _handlers(config), f"{verb} outgoing mail")
    with installation(config) as context:
        items = [context.store.outbox.get(ref) for ref in refs]
        for one in items:
            getattr(context.store.outbox, verb)(one.ref, by=who.id, now=instant(at, config.zone))
    for one in items:
        click.echo(
            say(chosen(lang, config), f"outbox.{verb}d" if verb == "release" else "outbox.cancelled", ref=one.ref)
        )
