"""A plain-text rendering of any HTML that mail may carry: what a person would read, line by line.

Quoted originals are known from the structure that mail programs leave; their lines get "> ", so that
`mailbot.mail.parts` sees them as it sees plain text. Addresses of links are not shown.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailbot.mail.html_hostile import crude_text, is_too_costly, tamed, words
from mailbot.mail.html_quotes import Attributes, begins_original, is_quote, style_of
from mailbot.mail.html_writer import Writer

_BLOCKS: Final = words(
    """address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup li main menu nav ol p pre section summary table tbody tfoot thead
    tr ul caption"""
)
#: blocks with a blank line around them
_SPACED: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "dl", "pre"))
_UNSEEN: Final = words(
    """head script style title template noframes iframe object embed audio video svg math canvas select datalist
    -comment"""
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What must be undone when an element ends."""

    is_block: bool = False
    is_spaced: bool = False
    is_quote: bool = False
    is_pre: bool = False
    in_list: bool = False
    zero_size: bool = False


def to_text(html: str) -> str:
    """`html` as plain text: lines end in "\\n", quoted lines begin with "> "; "" when nothing is to be seen.

    Never raises, and takes linear time: HTML that would make the parser slow (tens of thousands of open elements) is
    read by a cruder reader that only drops the tags.
    """
    prepared = tamed(html)
    if is_too_costly(prepared):
        return crude_text(prepared)
    root = LexborHTMLParser(prepared).root
    if root is None:
        return ""
    writer = Writer()
    _walk(root, writer)
    return writer.rendering()


def _walk(root: LexborNode, writer: Writer) -> None:
    """Depth first without recursion: 5,000 nested elements are mail that exists."""
    frames = [_Frame()]
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag or "-comment"
        child: LexborNode | None = None
        if tag == "-text":
            if not frames[-1].zero_size:
                content = node.text_content or ""
                (writer.preformatted if frames[-1].is_pre else writer.text)(content)
        elif tag == "br":
            writer.break_line()
        elif tag == "hr":
            writer.rule()
        else:
            child = _open(tag, node, frames, writer)
        node = child if child is not None else _next(node, frames, writer)


def _open(tag: str, node: LexborNode, frames: list[_Frame], writer: Writer) -> LexborNode | None:
    """An element begins; its first child when there is something below it to be read."""
    if tag in _UNSEEN or tag.startswith("-"):
        return None
    attributes = node.attributes
    if attributes and not writer.rest_is_quoted and begins_original(tag, attributes, node):
        writer.rest_is_quoted = True
        writer.block()
        writer.quote_depth += 1
    if _is_hidden(attributes):
        return None
    frame = _enter(tag, attributes, frames[-1], node, writer)
    child = node.first_child
    if child is None:
        _leave(frame, writer)
    else:
        frames.append(frame)
    return child


def _next(node: LexborNode, frames: list[_Frame], writer: Writer) -> LexborNode | None:
    """The next node in document order, leaving the elements that end before it."""
    current: LexborNode | None = node
    while current is not None and len(frames) > 1:
        following = current.next
        if following is not None:
            return following
        _leave(frames.pop(), writer)
        current = current.parent
    return None


def _enter(tag: str, attributes: Attributes, outer: _Frame, node: LexborNode, writer: Writer) -> _Frame:
    if attributes:
        frame = _styled_frame(tag, attributes, outer, node)
    else:
        frame = _plain_frame(tag, outer.is_pre, outer.in_list, outer.zero_size)
    if frame.is_block and tag in ("p", "div") and _is_whole_cell(node):
        frame = _Frame(False, False, frame.is_quote, frame.is_pre, frame.in_list, frame.zero_size)
    if frame.is_block:
        writer.block()
        writer.blank_wanted = writer.blank_wanted or frame.is_spaced
    if frame.is_quote:
        writer.quote_depth += 1
    if tag == "li":
        writer.bullet = "- "
    elif tag in ("td", "th") and writer.line:
        writer.tab = True
    return frame


@lru_cache(maxsize=512)
def _plain_frame(tag: str, is_pre: bool, in_list: bool, zero_size: bool) -> _Frame:
    """The frame of an element without attributes, which most are."""
    is_list = tag in ("ul", "ol")
    is_spaced = (tag in _SPACED or tag == "p") and not (in_list and (is_list or tag == "p"))
    return _Frame(
        tag in _BLOCKS,
        is_spaced,
        tag == "blockquote",
        is_pre or tag in ("pre", "textarea"),
        in_list or is_list,
        zero_size,
    )


def _styled_frame(tag: str, attributes: Attributes, outer: _Frame, node: LexborNode) -> _Frame:
    plain = _plain_frame(tag, outer.is_pre, outer.in_list, outer.zero_size)
    quotes = is_quote(tag, attributes, node)
    is_spaced = plain.is_spaced and (tag != "p" or _has_paragraph_space(attributes))
    zero_size = outer.zero_size
    style = style_of(attributes)
    if "font-size:" in style:
        # An outer element of size zero is common in newsletters; what counts is the size nearest to the words.
        size = style.rpartition("font-size:")[2].partition(";")[0].removesuffix("!important")
        zero_size = size in ("0", "0px", "0pt", "0em", "0%")
    return _Frame(plain.is_block or quotes, is_spaced, quotes, plain.is_pre, plain.in_list, zero_size)


def _is_whole_cell(node: LexborNode) -> bool:
    """Word puts a paragraph into every table cell; such a row is still one line."""
    parent = node.parent
    if parent is None or parent.tag not in ("td", "th"):
        return False
    return _only_space(node.prev) and _only_space(node.next)


def _only_space(node: LexborNode | None) -> bool:
    return node is None or (node.tag == "-text" and not (node.text_content or "").strip())


def _leave(frame: _Frame, writer: Writer) -> None:
    if frame.is_block:
        writer.block()
        writer.bullet = ""
        writer.blank_wanted = writer.blank_wanted or frame.is_spaced
    if frame.is_quote:
        writer.quote_depth -= 1


def _is_hidden(attributes: Attributes) -> bool:
    """Preview lines of newsletters and the like, which no reader sees."""
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = style_of(attributes)
    return bool(style) and (
        "display:none" in style
        or "visibility:hidden" in style
        or "mso-hide:all" in style
        or ("max-height:0" in style and "overflow:hidden" in style and "max-height:0." not in style)
    )


def _has_paragraph_space(attributes: Attributes) -> bool:
    """Word's paragraphs have no margins: each is one line."""
    if "msonormal" in (attributes.get("class") or "").lower():
        return False
    style = style_of(attributes)
    return not any(margin in style for margin in ("margin:0", "margin-top:0", "margin-bottom:0"))
