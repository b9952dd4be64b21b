"""A mail's text as ordered spans: what the person wrote now, the signature block, and what was quoted."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailbot.mail.parts_lines import Lines, SpanKind
from mailbot.mail.parts_quotes import mark_quotes
from mailbot.mail.parts_signature import mark_signatures


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start <= i < end of the decoded text."""

    kind: SpanKind
    start: int
    end: int


def split(text: str, *, own_signature_lines: Sequence[str] = ()) -> tuple[Span, ...]:
    """Spans over `text`: ordered, without gaps or overlaps, together the whole of it; none for an empty text.

    `own_signature_lines` are lines of the organisation's official signature, recognised wherever a signature may stand.
    Quoted is what others wrote before, and boilerplate nobody wrote: mobile footers, disclaimers, list footers.
    Neighbouring spans differ in kind. Linear in the length of `text`, whatever it holds.
    """
    if not text:
        return ()
    lines = Lines.of(text)
    kinds = mark_quotes(lines)
    own_lines = frozenset(line.strip().lower() for line in own_signature_lines if line.strip())
    mid_line_cuts = mark_signatures(lines, kinds, own_lines)
    _settle_blank_lines(lines, kinds)
    return _spans(lines, kinds, mid_line_cuts)


def _settle_blank_lines(lines: Lines, kinds: list[SpanKind]) -> None:
    """An empty line belongs to what stands above it; at the top, to what follows."""
    current: SpanKind = next((kind for kind, low in zip(kinds, lines.low, strict=True) if low), "new")
    for index, low in enumerate(lines.low):
        if low:
            current = kinds[index]
        else:
            kinds[index] = current


def _spans(lines: Lines, kinds: Sequence[SpanKind], mid_line_cuts: dict[int, int]) -> tuple[Span, ...]:
    spans: list[Span] = []
    kind, start = kinds[0], 0
    for index, line_kind in enumerate(kinds):
        if line_kind == kind and index not in mid_line_cuts:
            continue
        if line_kind != kind and lines.starts[index] > start:
            spans.append(Span(kind, start, lines.starts[index]))
            start = lines.starts[index]
        kind = line_kind
        cut = mid_line_cuts.get(index)
        if cut is not None:
            spans.append(Span(kind, start, cut))
            kind, start = "signature", cut
    spans.append(Span(kind, start, len(lines.text)))
    return tuple(spans)
