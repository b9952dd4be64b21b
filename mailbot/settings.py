"""TOML tables become frozen dataclasses; every problem at once, each with its key path and the remedy."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def structure(table: Mapping[str, Any], cls: type[T], *, where: str = "") -> T:
    """`table` as an instance of the dataclass `cls`.

    Raises UserError whose `problems` name each wrong key by its path below `where` ("mailboxes[2].role"): unknown keys
    with the nearest known name, wrong types with what is expected, missing keys with an example.
    """
    raise NotImplementedError
