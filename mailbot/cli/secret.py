"""`mailbot secret`: keep a secret where only the service can read it. Values never stand in arguments or output."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbot.cli.options import config_option, json_option, lang_option, load_config
from mailbot.cli.setup import secrets_of, setup_texts
from mailbot.errors import UserError

if TYPE_CHECKING:
    from mailbot.secrets import Secrets

# A larger one is a wrong file on standard input.
_MAX_BYTES = 1 << 20


@click.group()
def secret() -> None:
    """Set, check or delete a secret."""


@secret.command("set")
@click.argument("name")
@click.option("--generate", is_flag=True, help="Make a random value (for reference-key).")
@click.option("--force", is_flag=True, help="Replace a reference-key although references and Message-IDs depend on it.")
@lang_option
@config_option
def set_(name: str, generate: bool, force: bool, lang: str | None, config_path: Path | None) -> None:
    """Keep a secret; its value is typed unseen, or comes on standard input.

    Only the account that mailbot runs as may do this, or root.

    \b
    Examples:
      sudo -u mailbot mailbot secret set reference-key --generate
      sudo -u mailbot mailbot secret set post < password.txt
    """
    from mailbot.secrets import REFERENCE_KEY, REQUIRED, new_reference_key

    config = load_config(config_path, task="handle secrets")
    secrets, say = secrets_of(config), setup_texts(lang, config)
    secrets.require_service_account()
    if generate and name != REFERENCE_KEY:
        raise UserError(f"only {REFERENCE_KEY} can be generated; give the value of {name!r} on standard input")
    if name == REFERENCE_KEY and not force and secrets.where(name) is not None:
        raise UserError(
            f"{REFERENCE_KEY} is set already; with another one mailbot no longer recognises its own mail and "
            "references (--force replaces it all the same)"
        )
    path = secrets.set(name, new_reference_key() if generate else _value(name, say))
    click.echo(say["secret.kept"].format(name=name, path=path))
    if name not in REQUIRED:
        click.echo(say["secret.unused"].format(name=name), err=True)


def _value(name: str, say: Mapping[str, str]) -> str:
    """From a pipe without its last line end, or typed twice without being shown."""
    if sys.stdin.isatty():
        typed: str = click.prompt(say["secret.value"].format(name=name), hide_input=True, confirmation_prompt=True)
        return typed
    content = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise UserError(f"the value of {name!r} is larger than any secret; is it the right file?")
    try:
        text = content.decode()
    except UnicodeDecodeError:  # `from None`: the original error carries the bytes
        raise UserError(f"the value of {name!r} is not UTF-8 text; nothing was changed") from None
    return text.removesuffix("\n").removesuffix("\r")


@secret.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
@lang_option
@config_option
def check(names: tuple[str, ...], as_json: bool, lang: str | None, config_path: Path | None) -> int:
    """Where each needed secret is kept, and whether only the service can read it; never its value.

    Exit code 1 when one is missing or unsafe.

    \b
    Examples:
      mailbot secret check
      mailbot secret check reference-key --json
    """
    from mailbot.cli.output import emit_json, table
    from mailbot.secrets import REQUIRED

    config = load_config(config_path, task="handle secrets")
    secrets, say = secrets_of(config), setup_texts(lang, config)
    found = [_state(secrets, name) for name in names or REQUIRED]
    if as_json:
        emit_json({"secrets": found, "ok": all(row["ok"] for row in found)})
    else:
        table(
            [say["secret.name"], say["secret.state"]], [(row["name"], row["where"] or row["problem"]) for row in found]
        )
    return 0 if all(row["ok"] for row in found) else 1


def _state(secrets: "Secrets", name: str) -> dict[str, object]:
    from mailbot.secrets import REFERENCE_KEY

    try:
        if name == REFERENCE_KEY:
            secrets.reference_key()
        else:
            secrets.get(name)
        return {"name": name, "ok": True, "where": secrets.where(name), "problem": None}
    except UserError as error:
        return {"name": name, "ok": False, "where": None, "problem": str(error)}


@secret.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Delete even the reference-key, on which references depend.")
@lang_option
@config_option
def delete(name: str, force: bool, lang: str | None, config_path: Path | None) -> None:
    """Delete the file of a secret.

    \b
    Example:
      sudo -u mailbot mailbot secret delete post
    """
    from mailbot.secrets import REFERENCE_KEY

    config = load_config(config_path, task="handle secrets")
    secrets, say = secrets_of(config), setup_texts(lang, config)
    secrets.require_service_account()
    if name == REFERENCE_KEY and not force:
        raise UserError(f"without {REFERENCE_KEY} mailbot cannot find its own mail; --force deletes it all the same")
    if not secrets.delete(name):
        elsewhere = secrets.where(name)
        raise UserError(f"the secret {name!r} has no file" + (f"; it comes from: {elsewhere}" if elsewhere else ""))
    click.echo(say["secret.deleted"].format(name=name))
