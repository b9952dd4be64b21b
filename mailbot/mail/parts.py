"""A mail's text as ordered spans: what the person wrote now, the signature block, and what was quoted."""

from dataclasses import dataclass
from typing import Literal

SpanKind = Literal["new", "signature", "quoted"]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start <= i < end of the decoded text."""

    kind: SpanKind
    start: int
    end: int


def split(text: str) -> tuple[Span, ...]:
    """Spans over `text`: ordered, without gaps or overlaps, together the whole of it."""
    raise NotImplementedError
