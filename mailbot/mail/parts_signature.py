"""Which of a person's own lines are signature: the organisation's official block first, then what others write."""

import re

from mailbot.mail import parts_patterns as patterns
from mailbot.mail.parts_footers import mark_footers
from mailbot.mail.parts_lines import Lines, SpanKind, runs
from mailbot.mail.parts_official import folded, official_block

#: a signature stands among the last lines of what somebody wrote
_TAIL_LINES = 60
#: more filled lines than this after a closing phrase are not a signature
_SIGNATURE_LINES = 14
#: characters at the end of the last line that are searched for a closing
_INLINE_TAIL = 160
#: nobody's program wraps lines so far to the right
_PARAGRAPH_CHARACTERS = 100
#: answers between quotations that are searched for signatures, from the top and from the bottom
_STRETCHES = 100
#: "Hej, när öppnar badhuset? Mvh Anna": a closing at the end of the last sentence
_INLINE_CLOSING = re.compile(
    r"(?<=[.!?…)])\s{1,3}((?:/{1,2} ?|(?:(?:Med )?[Vv]änliga? [Hh]älsning(?:ar)?|MVH|Mvh|mvh|Hälsningar"
    r"|Hälsning|VH|Vh|Kram"
    r"|(?:Med )?[Vv]ennlig hilsen|Hilsen|(?:Best|Kind) regards|Terveisin)[ ,/]{1,3})"
    r"[A-ZÅÄÖÆØÜ][\w.-]{0,30}(?: [A-ZÅÄÖÆØÜ][\w.-]{0,30}){0,3})\s*$"
)
#: what often stands above a name without a full stop
_THANKS = ("tack ", "takk ", "tusen takk", "kiitos ", "thank you ", "thanks ", "vielen dank")
#: single words under a mail that are no names
_NOT_NAMES = patterns.words(
    """tack hej svar obs viktigt bilaga takk kiitos thanks danke ps ja nej nei kyllä ei yes no nein jo ok okej snälla
    please bitte hjälp hjelp help sorry amen slut end ende suck haha kram puss"""
)
#: whoever greets may stand behind these in small letters
_FROM_SOMEBODY = ("hilsen", "hälsning", "hälsningar", "hälsn", "hilsner", "helsing", "mvh", "regards", "terveisin")
#: under "---" git sends what was changed
_PATCH = ("diff --git ", "@@ -", "+++ ")
_SLASH_NAME = re.compile(r"/{1,2}\s?[^\W\d_][\w.-]{0,30}(?: [^\W\d_][\w.-]{0,30}){0,3}(?:, ?[^.?!]{2,40})?")


def mark_signatures(lines: Lines, kinds: list[SpanKind], own_lines: frozenset[str]) -> dict[int, int]:
    """Marks signature and boilerplate among the "new" lines of `kinds`, in place.

    Returns line -> offset in the text where a signature begins inside that line. `own_lines`: lower-case lines of the
    organisation's own signature.
    """
    mid_line_cuts: dict[int, int] = {}
    own = folded(own_lines)
    for start, end in _outer(list(runs(kinds, "new"))):
        mark_footers(lines, kinds, start, end)
    for start, end in _outer(list(runs(kinds, "new"))):
        begin = _mark_in_stretch(lines, kinds, start, end, own, own_lines)
        cut = _closing_inside_line(lines, start, end if begin is None else begin)
        if cut is not None:
            mid_line_cuts[cut[0]] = cut[1]
    return mid_line_cuts


def _outer(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Nobody signs between hundreds of inline answers; what is built so must not cost more for it."""
    return stretches if len(stretches) <= 2 * _STRETCHES else stretches[:_STRETCHES] + stretches[-_STRETCHES:]


def _mark_in_stretch(
    lines: Lines, kinds: list[SpanKind], start: int, end: int, own: frozenset[str], own_lines: frozenset[str]
) -> int | None:
    """Marks the signatures among lines start..end; returns where the first begins.

    The official block is looked for first; a name typed above it and a postscript below it may be signatures too.
    """
    block = official_block(lines, max(start, end - _TAIL_LINES), end, own) if own else None
    if block is None:
        return _mark_others(lines, kinds, start, end, own_lines)
    begin, stop = block
    kinds[begin:stop] = ["signature"] * (stop - begin)
    above = _mark_others(lines, kinds, start, begin, own_lines)
    _mark_others(lines, kinds, stop, end, own_lines)
    return begin if above is None else above


def _mark_others(lines: Lines, kinds: list[SpanKind], start: int, end: int, own_lines: frozenset[str]) -> int | None:
    """Signatures that anybody may have ("P.S." may be signed again)."""
    first_signature = None
    opening = next((i for i in range(start, end) if lines.low[i]), end)
    position = max(start, end - _TAIL_LINES)
    while (begin := _signature_start(lines, position, end, own_lines)) is not None:
        stop = _signature_end(lines, begin, end, own_lines)
        if begin == opening and stop < end:
            position = begin + 1  # "Hälsningar från Norra Byn!" above the letter
            continue
        kinds[begin:stop] = ["signature"] * (stop - begin)
        first_signature = begin if first_signature is None else first_signature
        position = stop
    return first_signature


def _closing_inside_line(lines: Lines, start: int, end: int) -> tuple[int, int] | None:
    """The last filled line before `end` and the offset in the text where a closing begins inside it."""
    filled = next((i for i in range(end - 1, max(start, end - 5) - 1, -1) if lines.low[i]), None)
    if filled is None:
        return None
    line_end = lines.starts[filled + 1] if filled + 1 < len(lines) else len(lines.text)
    tail_start = max(lines.starts[filled], line_end - _INLINE_TAIL)
    match = _INLINE_CLOSING.search(lines.text[tail_start:line_end].rstrip())
    return None if match is None else (filled, tail_start + match.start(1))


def _signature_start(lines: Lines, start: int, end: int, own_lines: frozenset[str]) -> int | None:
    """The first line of the signature among lines start..end, None when there is none."""
    for index in range(start, end):
        low = lines.low[index]
        if not low:
            continue
        if low in ("--", "---", "—") and index > start and _tail_is_short(lines, index, end):
            return index
        if patterns.ASTERISKS.fullmatch(low) and _tail_is_short(lines, index, end):
            return index
        if _is_closing(lines, index, end) or (_SLASH_NAME.fullmatch(low) and len(low) <= 40):
            return index
    for find in (_contact_block, _named_block):
        block = find(lines, start, end, own_lines)
        if block is not None:
            return block
    return _signed_name(lines, start, end)


def _tail_is_short(lines: Lines, index: int, end: int) -> bool:
    filled = [i for i in range(index + 1, end) if lines.low[i]]
    if len(filled) > 2 * _SIGNATURE_LINES or any(lines.low[i].startswith(_PATCH) for i in filled):
        return False
    return len(filled) <= 3 or sum(_is_prose(lines.bare[i]) for i in filled) <= 2


def _is_closing(lines: Lines, index: int, end: int) -> bool:
    """A closing phrase alone on its line, or with a name; inside a sentence it is no closing."""
    low, bare = lines.low[index].lstrip("*_~ "), lines.bare[index].lstrip("*_~ ")
    match = patterns.CLOSING.match(low)
    if match is None or len(low) != len(bare):
        return False
    rest_at = patterns.CLOSING_LINK.match(low, match.end()).end()  # type: ignore[union-attr]  # matches the empty string
    rest = bare[rest_at:].strip("*_ ,.!:-/")
    weak = match[0] in patterns.WEAK_CLOSINGS
    if weak and any(_is_prose(lines.bare[i]) for i in range(index + 1, end)):
        return False  # "Thanks, John" may open a mail too
    if rest:
        if match[0].endswith(_FROM_SOMEBODY) and _is_last_label(lines, index, end):
            return True  # "Hilsen alle oss i 5B", "mvh adrian"
        return not _is_sentence_rest(rest) and (not weak or rest_at - match.end() > 0)
    if not weak:
        return True
    following = lines.next_filled(index + 1)
    return following is not None and following < end and _is_name_line(lines.bare[following])


def _is_last_label(lines: Lines, index: int, end: int) -> bool:
    """Few words without a full stop, and no more than two short lines below."""
    below = [lines.bare[i] for i in range(index + 1, min(end, index + 8)) if lines.low[i]]
    words = lines.low[index].split()
    return (
        len(words) <= 7 and lines.low[index][-1] not in ".!?:" and len(below) <= 2 and all(map(_is_short_label, below))
    )


def _is_sentence_rest(rest: str) -> bool:
    """Words after the phrase that are not a name, title or address: the line is a sentence."""
    words = rest.split()
    small = sum(word[0].islower() for word in words)
    return len(words) > 12 or small > 2 or words[0][0].islower() or (small > 0 and rest.endswith(("?", "!")))


def _is_name_line(bare: str) -> bool:
    words = bare.strip(" ,.!*_").split()
    return 1 <= len(words) <= 5 and all(word[0].isupper() or len(word) <= 3 for word in words)


def _is_prose(bare: str) -> bool:
    """A sentence rather than a name, title, address or number."""
    words = bare.split()
    if patterns.POSTSCRIPT.match(bare.lower()):
        return True
    if len(words) >= 14 and not patterns.CONTACT.search(bare.lower()):
        return True
    if len(words) < 4:
        return False
    small = sum(word[0].islower() for word in words)
    if bare.endswith((".", "!", "?", ":")) and small >= 3:
        return True
    return small >= 6 and small > len(words) * 0.6 and not patterns.CONTACT.search(bare.lower())


def _signature_end(lines: Lines, begin: int, end: int, own_lines: frozenset[str]) -> int:
    """Where the signature that begins at `begin` stops: at prose ("P.S. ..."), or when it grows too long to be one."""
    filled = 0
    after_blank = False
    first_paragraph_end = end
    for index in range(begin + 1, end):
        low = lines.low[index]
        if not low:
            if filled and first_paragraph_end == end:
                first_paragraph_end = index
            after_blank = True
            continue
        # Under "-- " a motto may stand; elsewhere a sentence is new text again.
        delimited = lines.low[begin] in ("--", "---", "—") or patterns.ASTERISKS.fullmatch(lines.low[begin])
        may_stand_there = low in own_lines or (delimited and not after_blank) or patterns.APPROVED.match(low)
        if _is_prose(lines.bare[index]) and not may_stand_there:
            return index
        filled += 1
        if filled > _SIGNATURE_LINES and low not in own_lines:
            return first_paragraph_end
    return end


def _contact_block(lines: Lines, first: int, end: int, own_lines: frozenset[str]) -> int | None:
    """A last paragraph of name, title, address and telephone without any closing phrase."""
    last = _last_filled(lines, first, end)
    if last is None:
        return None
    begin = last
    while begin > first and lines.low[begin - 1] and last - begin < 9:
        begin -= 1
    block = range(begin, last + 1)
    above = _last_filled(lines, first, begin)
    if above is None or lines.low[above][-1] in ":,":
        return None  # "Min adress är:"
    if patterns.CONTACT.search(lines.low[above]) and not _is_prose(lines.bare[above]):
        return None  # a list of people, or the last part of a block that `_named_block` sees whole
    if not 2 <= len(block) <= 9 or not _is_name_line(lines.bare[begin]):
        return None
    if any(_is_prose(lines.bare[i]) or len(lines.low[i]) > 100 for i in block):
        return None
    contacts = sum(lines.low[i] in own_lines or patterns.CONTACT.search(lines.low[i]) is not None for i in block)
    return begin if contacts >= 1 and not any(lines.low[i].startswith(("-", "•", "*")) for i in block) else None


def _named_block(lines: Lines, first: int, end: int, own_lines: frozenset[str]) -> int | None:
    """The same in several paragraphs, from a full name to the end, with nothing but short lines between."""
    name, contacts, filled = None, 0, 0
    for index in range(end - 1, first - 1, -1):
        low = lines.low[index]
        if not low:
            continue
        filled += 1
        if (
            filled > _SIGNATURE_LINES
            or len(low) > 80
            or low.startswith(("-", "•", "*"))
            or _is_prose(lines.bare[index])
        ):
            break
        contacts += low in own_lines or patterns.CONTACT.search(low) is not None
        if patterns.FULL_NAME.fullmatch(lines.bare[index]) and filled > 2:
            name = index
    if name is None or not contacts:
        return None
    above = _last_filled(lines, first, name)
    return name if above is not None and above < name - 1 and lines.low[above][-1] in ".!?" else None


def _signed_name(lines: Lines, first: int, end: int) -> int | None:
    """Nothing but a name under the last sentence, perhaps with whom it speaks for, a title and a place."""
    last = _last_filled(lines, first, end)
    if last is None:
        return None
    top = last
    while top > first and last - top < 3 and _is_short_label(lines.bare[top - 1]) and _is_short_label(lines.bare[top]):
        top -= 1
    name = next((i for i in range(top, last + 1) if patterns.SIGNED.fullmatch(lines.bare[i])), None)
    if name is None or not all(map(_is_short_label, lines.bare[name : last + 1])):
        return None
    begin = name
    while begin > top and patterns.ABOVE_NAME.fullmatch(lines.low[begin - 1]):
        begin -= 1
    above = _last_filled(lines, first, begin)
    if above is None or lines.low[above][-1] in ":,;-":
        return None  # a list, or nothing above
    ended = lines.low[above][-1] in '.!?)…"' or lines.low[above].startswith(_THANKS)
    if patterns.FULL_NAME.fullmatch(lines.bare[name]):
        return begin if ended or above < begin - 1 else None
    return begin if ended and lines.low[name].split(None, 1)[0].strip(",") not in _NOT_NAMES else None


def _last_filled(lines: Lines, first: int, end: int) -> int | None:
    return next((i for i in range(end - 1, first - 1, -1) if lines.low[i]), None)


def _is_short_label(bare: str) -> bool:
    """A name, title, place or date: few words, no sentence."""
    if not 0 < len(bare) <= 50 or len(bare.split()) > 7 or not bare[0].isalpha():
        return False
    return bare[-1] not in ".!?:;" or patterns.LABEL_END.search(bare) is not None
