"""Texts that administrators see, one TOML file per language; keys are dotted, as "question.name"."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def catalogue(package: str, folder: str, language: str) -> dict[str, str]:
    """The texts of `package`/`folder`/LANG.toml, of which every language has the same keys."""
    source = files(package).joinpath(folder, f"{language}.toml")
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}
