"""Which lines somebody else wrote before: quotation marks, reply headers, header blocks, forwarded originals."""

from dataclasses import dataclass

from mailbot.mail import parts_patterns as patterns
from mailbot.mail.parts_lines import Lines, SpanKind
from mailbot.mail.parts_notes import notes_header

#: a header block ends after so many lines at the latest; long To fields wrap
_BLOCK_LINES = 30
_CONTINUATION_LINES = {"to": 8, "cc": 8, "attachments": 4}
#: "Den tis 3 mars 2026 kl 10:12 skrev ...:" is wrapped over this many lines at most
_REPLY_HEADER_LINES = 4
#: "On 03/03, lars ek wrote:"
_ATTRIBUTION_WORDS = 10
_NAME_PARTICLES = frozenset(
    ("von", "van", "de", "af", "av", "der", "den", "la", "le", "via", "på", "och", "/", "-", "|", "–")
)


def mark_quotes(lines: Lines) -> list[SpanKind]:
    """The kind of each line: "quoted" or (so far) "new"."""
    kinds: list[SpanKind] = ["new"] * len(lines)
    fields = _FieldReader(lines)
    index = 0
    while index < len(lines):
        low = lines.low[index]
        if not low:
            index += 1
            continue
        if low[0] == ">" and lines.is_marked(index):
            kinds[index] = "quoted"
            index += 1
            continue
        introduction = _introduction(lines, index, fields)
        if introduction is None:
            index += 1
            continue
        start, end = introduction
        following = lines.next_filled(end)
        if following is None or not lines.is_marked(following):
            # No marks on what follows: nothing tells later words of the writer from the original.
            kinds[start:] = ["quoted"] * (len(lines) - start)
            break
        kinds[start:following] = ["quoted"] * (following - start)
        index = following
    _join_broken_quotes(lines, kinds)
    _join_rules(lines, kinds)
    return kinds


def _introduction(lines: Lines, index: int, fields: "_FieldReader") -> tuple[int, int] | None:
    """First line and the line after what a program wrote above an original, when line `index` tells that it did."""
    end = _introduction_end(lines, index, fields)
    if end is not None:
        return index, end
    return notes_header(lines, index)


def _introduction_end(lines: Lines, index: int, fields: "_FieldReader") -> int | None:
    """The line after a separator, header block or reply header that begins at `index`; None when there is none."""
    low = lines.low[index]
    if len(low) < 4:
        return None
    if patterns.SEPARATOR.fullmatch(low):
        return _after_separator(lines, index + 1, fields)
    if low[0] in "#-=_*–—+~" and patterns.ANSWER_ABOVE.fullmatch(low):
        return index + 1
    if ":" in low:
        if patterns.FOLDED_FIELDS.match(low):
            return index + 1
        end = fields.block_end(index)
        if end is not None:
            return end
    return _reply_header_end(lines, index)


def _after_separator(lines: Lines, index: int, fields: "_FieldReader") -> int:
    """A header block under "-----Ursprungligt meddelande-----" belongs to it, so that marks are looked for below."""
    following = lines.next_filled(index)
    if following is None:
        return len(lines)
    return fields.block_end(following, under_separator=True) or index


def _join_rules(lines: Lines, kinds: list[SpanKind]) -> None:
    """Outlook and others draw a rule above the original; it belongs to the quotation."""
    for index in range(1, len(lines)):
        if kinds[index] != "quoted" or kinds[index - 1] == "quoted":
            continue
        above = index - 1
        while above >= max(0, index - 3) and not lines.low[above]:
            above -= 1
        if above >= 0 and kinds[above] == "new" and patterns.RULE.fullmatch(lines.low[above]):
            kinds[above:index] = ["quoted"] * (index - above)


def _field_kind(low: str) -> str | None:
    if ":" not in low[:40]:
        return None
    match = patterns.FIELD_LINE.match(low)
    return patterns.FIELDS.get(match[1]) if match else None


@dataclass(slots=True)
class _FieldReader:
    """Looks for "Från: / Skickat: / Till: / Ämne:" blocks; lines of a block that failed are not tried again."""

    lines: Lines
    tried_until: int = 0

    def block_end(self, index: int, *, under_separator: bool = False) -> int | None:
        """The line after such a block when one begins at `index`."""
        if index < self.tried_until or _field_kind(self.lines.low[index]) is None:
            return None
        fields, end = self._collect(index)
        if _is_header_block(fields, under_separator):
            return end
        self.tried_until = end
        return None

    def _collect(self, index: int) -> tuple[dict[str, str], int]:
        """The fields that follow each other from `index`, and the line after the last of them."""
        lines = self.lines
        fields: dict[str, str] = {}
        current, since_field, end = "", 0, index
        for position in range(index, min(len(lines), index + _BLOCK_LINES)):
            low = lines.low[position]
            kind = _field_kind(low)
            if kind is not None:
                current, since_field, end = kind, 0, position + 1
                fields[kind] = fields.get(kind, "") + low.partition(":")[2]
                continue
            since_field += 1
            if not low:
                following = position + 1
                if since_field > 1 or following >= len(lines) or _field_kind(lines.low[following]) is None:
                    break
            elif since_field > _CONTINUATION_LINES.get(current, 1):
                break
            else:
                fields[current] += " " + low
        return fields, end


def _is_header_block(fields: dict[str, str], under_separator: bool) -> bool:
    """A formal letter or a web form also has "Till:" and "Ämne:"; programs add the moment of sending and addresses."""
    if "from" not in fields or len(fields) < 2:
        return False
    if under_separator or "sent" in fields:
        return True
    has_address = any("@" in value and patterns.ADDRESS.search(value) for value in fields.values())
    if "date" in fields:
        return has_address or patterns.TIME.search(fields["date"]) is not None
    return has_address and {"to", "subject"} <= fields.keys()


def _reply_header_end(lines: Lines, index: int) -> int | None:
    """The line after "Den ... skrev ...:", which may be wrapped, when it begins at `index`."""
    if not _may_begin_reply_header(lines, index):
        return None
    led = patterns.REPLY_LEAD.match(lines.low[index]) is not None
    joined = ""
    for position in range(index, min(len(lines), index + _REPLY_HEADER_LINES)):
        low = lines.low[position]
        if joined and (not low or lines.is_marked(position) or (not led and patterns.REPLY_LEAD.match(low))):
            break  # not wrapped; below a name or an address the header may begin here
        joined = f"{joined} {lines.bare[position]}" if joined else lines.bare[position]
        if len(joined) > patterns.LINE_LIMIT:
            break
        ends_old_gmail = low[-1] == ">" and patterns.DATED_ADDRESS.fullmatch(joined.lower())
        if low[-1] == ":" or ends_old_gmail:
            following = lines.next_filled(position + 1)
            marked = following is not None and lines.is_marked(following)
            is_header = marked if ends_old_gmail else _is_reply_header(joined, joined.lower(), marked)
            return position + 1 if is_header else None
        if low[-1] in "!?" or (low[-1] == "." and not patterns.ABBREVIATED_END.search(low)):
            break  # a sentence ended: ordinary prose
    return None


def _may_begin_reply_header(lines: Lines, index: int) -> bool:
    low = lines.low[index]
    if patterns.REPLY_LEAD.match(low) or low.endswith(":") or patterns.TIME.search(low):
        return True
    # "Anna Berg <anna@example.se>" wrapped before "skrev följande den ...:"
    if "@" not in low or patterns.ADDRESS.search(low) is None or low[-1] in "!?":
        return False
    return low[-1] != "." or patterns.ABBREVIATED_END.search(low) is not None


def _is_reply_header(joined: str, low: str, followed_by_marks: bool) -> bool:
    dated = patterns.DATE.search(low) is not None
    timed = patterns.TIME.search(low) is not None
    addressed = patterns.ADDRESS.search(low) is not None
    if patterns.QUOTING.fullmatch(low):
        return addressed or followed_by_marks
    if followed_by_marks and ((timed and dated) or addressed):
        return True  # whatever the language
    verb = _verb(low)
    if verb is None or len(joined) != len(low):
        return False
    start, end = verb
    if addressed:
        return dated or timed or low[end:].strip() == ":"
    if followed_by_marks:
        return _introduces_marks(joined, low, start, end, dated or timed)
    author = _author(joined, low, start, end)
    return dated and timed and (_is_name(author) or _is_login(author))


def _introduces_marks(joined: str, low: str, start: int, end: int, has_moment: bool) -> bool:
    """With marked lines below, less has to be said above them: "lars wrote:"."""
    if low[end:].strip(" *") == ":" and len(low.split()) <= _ATTRIBUTION_WORDS:
        return True
    led = patterns.REPLY_LEAD.match(low) is not None
    return (led and has_moment) or _is_name(joined[:start]) or _is_name(joined[end:-1])


def _verb(low: str) -> tuple[int, int] | None:
    """Where "skrev" stands; None when there is none, or when "vi" and the like are its subject: then it is prose."""
    span = _last_verb(low)
    if span is None:
        return None
    start, end = span
    prose = patterns.PRONOUN_AFTER.match(low, end) or patterns.PRONOUN_BEFORE.search(low, max(0, start - 20), start)
    return None if prose else span


def _last_verb(low: str) -> tuple[int, int] | None:
    found = None
    for match in patterns.WROTE.finditer(low):
        found = match.span()
    return found


def _author(joined: str, low: str, verb_start: int, verb_end: int) -> str:
    """Who wrote, of "Den DATE kl. TIME skrev NAME:", "On DATE, TIME, NAME wrote:" or "NAME skrev den DATE TIME:"."""
    after = joined[verb_end:-1].strip(" ,")
    if after and not patterns.TIME.search(after):
        return after
    before_end = verb_start
    last_time = None
    for match in patterns.TIME.finditer(low, 0, before_end):
        last_time = match.end()
    if last_time is None:
        return joined[:before_end]
    name_at = patterns.AFTER_TIME.match(joined, last_time, before_end).end()  # type: ignore[union-attr]  # may be empty
    return joined[name_at:before_end].strip(" ,")


def _is_name(text: str) -> bool:
    """One to six words that begin with capitals: a person or an office, hardly a sentence."""
    words = text.replace("(", " ").replace(")", " ").replace('"', " ").strip(" ,:;*").split()
    return 1 <= len(words) <= 6 and all(word[0].isupper() or word in _NAME_PARTICLES for word in words)


def _is_login(text: str) -> bool:
    """On technical lists people go by one small word: "On 3 Mar 2026 at 10:12, per_ek wrote:"."""
    return patterns.LOGIN.fullmatch(text.strip(" ,:")) is not None


def _join_broken_quotes(lines: Lines, kinds: list[SpanKind]) -> None:
    """Programs that re-wrap quoted lines leave their last word on an unmarked line of its own."""
    for index in range(1, len(lines) - 1):
        if (
            kinds[index] == "new"
            and lines.low[index]
            and len(lines.bare[index - 1]) >= 60
            and len(lines.bare[index]) < 30
            and lines.is_marked(index - 1)
            and lines.is_marked(index + 1)
        ):
            kinds[index] = "quoted"
