"""Boilerplate that nobody wrote: what telephones, gateways and mailing lists add, and remains of other formats."""

import re

from mailbot.mail import parts_patterns as patterns
from mailbot.mail.parts_lines import Lines, SpanKind

_PARAGRAPH_LINES = 25
#: a list's footer stands among the last lines
_LIST_FOOTER_LINES = 24
#: rules that lists draw above their footer; "--" is majordomo's
_LIST_RULE = re.compile(r"[_=*#~-]{2,100}")
_LIST_WORDS = re.compile(
    r"mailing list|mailman/|listinfo|unsubscri|majordomo|list-?archiv|groups\.|e-?postlista|avregistrer|prenumer"
    r"|avmeld|sympa|listserv"
)
_ADVERTISED = re.compile(r"\b(?:yahoo!|hotmail|msn|windows live|passagen|spray)(?!\w)")
#: Mailman's place of a part that it took away
_NEXT_PART = re.compile(r"-{5,60} next part -{5,60}")
_TNEF = re.compile(r"[<(\[]{0,2}(?:attachment: ?)?(?:winmail\.dat|att\d{3,8}\.(?:txt|dat|bin|htm))[>)\]]{0,2}")
_UUENCODED = re.compile(r"begin [0-7]{3,4} \S{1,100}")
_PGP_SIGNATURE = "-----begin pgp signature-----"
_PGP_HEADERS = ("-----begin pgp signed message-----",)


def mark_footers(lines: Lines, kinds: list[SpanKind], start: int, end: int) -> None:
    """Marks boilerplate among the "new" lines start..end as "quoted", in place."""
    end = _mark_list_footer(lines, kinds, start, end)
    index = start
    while index < end:
        stop = _footer_end(lines, index, end)
        if stop is None:
            index += 1
            continue
        begin = index
        if begin > start and patterns.RULE.fullmatch(lines.low[begin - 1]):
            begin -= 1  # gateways draw a rule above
        kinds[begin:stop] = ["quoted"] * (stop - begin)
        index = stop


def _mark_list_footer(lines: Lines, kinds: list[SpanKind], start: int, end: int) -> int:
    """Everything from the rule above a list's name or its address for leaving; returns where it begins."""
    for index in range(max(start, end - _LIST_FOOTER_LINES), end):
        low = lines.low[index]
        if not low or low[0] not in "_-=*#~" or not _LIST_RULE.fullmatch(low):
            continue
        footed = _under_dashes(lines, index, end) if len(low) < 10 else _under_rule(lines, index, end)
        if footed:
            begin = index - (index > start and patterns.RULE.fullmatch(lines.low[index - 1]) is not None)
            kinds[begin:end] = ["quoted"] * (end - begin)
            return begin
    return end


def _under_rule(lines: Lines, index: int, end: int) -> bool:
    """A long rule may have an advertisement between itself and the list's words; webmail has one alone."""
    below = [lines.low[i] for i in range(index + 1, end) if lines.low[i]]
    if any(_LIST_WORDS.search(low) for low in below):
        return True
    return len(lines.low[index]) >= 30 and len(below) <= 5 and any(_ADVERTISED.search(low) for low in below)


def _under_dashes(lines: Lines, index: int, end: int) -> bool:
    """Under "--" a signature stands, which may name a list further down; a footer speaks of the list at once."""
    following = next((i for i in range(index + 1, end) if lines.low[i]), None)
    if following is None:
        return False
    return patterns.FOOTER.match(lines.low[following]) is not None


def _footer_end(lines: Lines, index: int, end: int) -> int | None:
    """The line after the boilerplate that begins at `index`, None when none does."""
    low = lines.low[index]
    if len(low) < 8:
        return None
    if low[0] in "-<([abw":
        stop = _remains_end(lines, index, end)
        if stop is not None:
            return stop
    if not _may_be_footer(low):
        return None
    if len(low) <= 160 and patterns.MOBILE_FOOTER.fullmatch(_without_address(low)):
        return index + 1
    if patterns.FOOTER.match(low) or _is_disclaimer(low):
        stop = index
        while stop < end and lines.low[stop] and stop - index < _PARAGRAPH_LINES:
            stop += 1
        return stop
    return None


def _remains_end(lines: Lines, index: int, end: int) -> int | None:
    """TNEF and uuencoded parts that a program left as text, scrubbed parts, PGP signatures."""
    low = lines.low[index]
    if _NEXT_PART.fullmatch(low):
        return end
    if _TNEF.fullmatch(low) or low in _PGP_HEADERS:
        return index + 1
    if low == _PGP_SIGNATURE:
        return _until(lines, index, end, "-----end pgp signature-----")
    return _uuencoded_end(lines, index, end) if _UUENCODED.fullmatch(low) else None


def _uuencoded_end(lines: Lines, index: int, end: int) -> int | None:
    """Encoded lines have no small letters, until "end"."""
    position = index + 1
    while position < end and lines.bare[position] == lines.bare[position].upper():
        position += 1
    return position + 1 if position < end and lines.low[position] == "end" else None


def _until(lines: Lines, index: int, end: int, last: str) -> int:
    return next((i + 1 for i in range(index + 1, end) if lines.low[i] == last), end)


def _without_address(low: str) -> str:
    """Plain text of Outlook has the link behind the words: "Hämta Outlook för iOS<https://...>"."""
    return low.partition("<http")[0].partition("[http")[0].strip("*_ ()")


def _may_be_footer(low: str) -> bool:
    """A cheap first look, because every line of a mail passes here."""
    if len(low) > 100 or low.split(None, 1)[0].strip("-*_[]():!,.") in patterns.FOOTER_WORDS:
        return True
    return "personuppgift" in low or "mailing" in low


def _is_disclaimer(low: str) -> bool:
    return len(low) > 100 and len(set(patterns.DISCLAIMER_WORDS.findall(low))) >= 3
