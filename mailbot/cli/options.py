"""Options that many commands share, so that each means the same everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mailbot.config.model import Config

Command = TypeVar("Command", bound=Callable[..., Any])


def _from_root(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """An option given before the command name counts like one given after it."""

    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        return value if value is not None else context.find_root().params.get(name)

    return callback


def config_option(command: Command) -> Command:
    """--config FILE as the parameter `config_path` (None: the usual places are searched)."""
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        type=click.Path(path_type=Path),
        callback=_from_root("config_path"),
        help="Configuration (default: $MAILBOT_CONFIG, ./config.toml, /etc/mailbot/config.toml).",
    )(command)


def lang_option(command: Command) -> Command:
    """--lang as the parameter `lang` (None: configuration, then locale)."""
    return click.option(
        "--lang",
        type=click.Choice(["sv", "nb", "en"]),
        callback=_from_root("lang"),
        help="Language of what is printed (default: configuration, then locale).",
    )(command)


def json_option(command: Command) -> Command:
    """--json as the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def at_option(command: Command) -> Command:
    """--at DATETIME as the text parameter `at`; `mailbot.cli.clock.instant` turns it into an aware instant."""
    return click.option(
        "--at",
        metavar="DATETIME",
        help="Act as if it were this time; without an offset it is local time.",
    )(command)


def by_option(command: Command) -> Command:
    """--by PERSON as the parameter `by`, for administrators; see `mailbot.cli.acting`."""
    return click.option("--by", metavar="PERSON", help="Act for this person (administrators only; recorded).")(command)


def load_config(config_path: Path | None, *, task: str | None = None) -> "Config":
    """The checked configuration; with `task`, for administrators only.

    Raises UserError that lists every problem, that the files are not to be trusted, or that the person may not do this.
    """
    from mailbot.cli.acting import actor, require, require_trusted
    from mailbot.config.load import load

    config = load(config_path)
    require_trusted(config)
    if task is not None:
        require(actor(config), config.roles.administrators, task)
    return config
