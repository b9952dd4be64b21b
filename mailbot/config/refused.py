"""What is refused wherever in the files it stands: secrets, and control characters."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mailbot.config import syntax
from mailbot.config.tables import Table

# Keys that hold a secret in other programs; `secret = "post"` names one and is fine.
_SECRET_KEY = re.compile(
    r"(^|[_-])(pass(word|wd|phrase)?|pwd|lösenord|losenord|passord|token|credentials?|(api|private|secret)[_-]?key|(client|shared)[_-]?secret)$",
    re.IGNORECASE,
)
SECRETS_BELONG = "secrets belong in `mailbot secret set`"


def secrets(value: object, where: str = "") -> Iterator[str]:
    """A problem for each key that holds a secret. The value is never shown: it may be the password."""
    for key, inner in _items(value):
        path = f"{where}{key}" if key.startswith("[") else f"{where}.{key}".lstrip(".")
        if _is_secret(key, inner):
            yield f"{path}: {SECRETS_BELONG}; take the line out of the file"
        else:
            yield from secrets(inner, path)


def control_characters(value: object, where: str = "") -> Iterator[str]:
    """A problem for each text that is more than one line."""
    for key, inner in _items(value):
        path = f"{where}{key}" if key.startswith("[") else f"{where}.{key}".lstrip(".")
        if isinstance(inner, str) and syntax.has_control_characters(inner):
            yield f"{path}: has a line break or another control character; write one line"
        else:
            yield from control_characters(inner, path)


def without_refused(raw: Table) -> dict[str, Any]:
    """`raw` without the secrets, so that it is not called unknown as well."""
    kept = {key: _without_secrets(value) for key, value in raw.items() if not _is_secret(key, value)}
    servers = raw.get("servers")
    if isinstance(servers, Mapping):
        kept["servers"] = {name: _without_secrets(server) for name, server in servers.items()}
    return kept


def _without_secrets(value: object) -> object:
    match value:
        case Mapping():
            return {key: _without_secrets(inner) for key, inner in value.items() if not _is_secret(key, inner)}
        case list():
            return [_without_secrets(item) for item in value]
    return value


def _is_secret(key: str, value: object) -> bool:
    return isinstance(value, str) and _SECRET_KEY.search(key) is not None


def _items(value: object) -> Iterable[tuple[str, object]]:
    match value:
        case Mapping():
            return ((str(key), inner) for key, inner in value.items())
        case list():
            return ((f"[{index}]", inner) for index, inner in enumerate(value))
    return ()
