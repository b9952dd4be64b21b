"""Texts on the terminal in Swedish, Norwegian (bokmål) and English: `texts/LANG.toml`."""

import os
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbot.config.model import Config

LANGUAGES = ("sv", "nb", "en")


def chosen(lang: str | None, config: "Config | None" = None) -> str:
    """--lang, else the configuration's language, else the locale's."""
    if lang:
        return lang
    if config is not None:
        return config.policy.language
    return _locale_language()


def _locale_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            break
    code = value[:2].lower()
    return {"sv": "sv", "nb": "nb", "nn": "nb", "no": "nb"}.get(code, "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of one language; keys are dotted, as `replies.empty`."""
    source = files("mailbot.cli").joinpath("texts", f"{language}.toml")
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def say(language: str, key: str, **values: object) -> str:
    """The text `key` with its {placeholders} filled in; for count=1 the text `key`_one, where there is one."""
    texts = catalogue(language)
    singular = texts.get(f"{key}_one") if values.get("count") == 1 else None
    return (singular or texts[key]).format(**values)
