"""What the commands for setting up share: their texts, and the account and secrets of the installation."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.secrets import Account, Secrets


def setup_texts(lang: str | None, config: "Config | None" = None) -> Mapping[str, str]:
    """The texts of config, secret, person and doctor in --lang, else the configuration's or the locale's language."""
    from mailbot.cli.language import chosen
    from mailbot.config.texts import catalogue

    return catalogue("mailbot.cli", "setup_texts", chosen(lang, config))


def secrets_of(config: "Config") -> "Secrets":
    """The installation's secrets, owned by the account its database belongs to."""
    from mailbot.secrets import Secrets

    return Secrets(Path(config.paths.secrets), service_account_of(config))


def service_account_of(config: "Config") -> "Account":
    """The account mailbot runs as."""
    from mailbot.secrets import service_account
    from mailbot.store.database import sqlite_path

    database = sqlite_path(config.paths.database)
    return service_account(database.parent if database else None)
