"""HTML that is built, or broken, so that an HTML5 parser takes quadratic time: how it is noticed and still read."""

import html as entities
import re


def words(text: str) -> frozenset[str]:
    """A readable way to write a set of names."""
    return frozenset(text.split())


#: tags times open elements: below this the parser needs far less than a second (1.6 ns each, measured)
_MAX_PARSER_STEPS = 100_000_000
#: with fewer tags even the worst nesting stays below the limit
_FEW_TAGS = 5_000

#: characters of attributes in one tag
_LONG_TAG = 1_500

# HTML5 13.2.4.3: these are opened again in every following block until they are closed, so that a few thousand of
# them that are never closed multiply the document. Nothing about the text depends on them.
_FORMATTING = re.compile(r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
#: elements without content
_VOID = words("area base br col embed hr img input link meta param source track wbr html head body title colgroup")
#: closed by the next of the same name, but not by each other: "<dt><li><dt><li>" goes ever deeper
_CLOSED_BY_SIBLING = words("p li td th tr dd dt option tbody thead tfoot")
#: the same where SVG or MathML is about, of which only these end the drawing (HTML5 13.2.6.5)
_CLOSED_IN_DRAWINGS = words("p li dd dt")
_VOID_IN_DRAWINGS = words("br embed hr img meta head body")
_DRAWING = re.compile(r"<(?:svg|math)\b", re.IGNORECASE)
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|br|tr|li|ul|ol|table|h[1-6]|blockquote|section|article|pre|hr)\b[^<>]{0,2000}>?", re.IGNORECASE
)
_ANY_TAG = re.compile(r"</?[a-zA-Z!?][^<>]{0,20000}>?")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n[ \n]*\n")


def tamed(html: str) -> str:
    """The same text for the parser, without what multiplies its work.

    Bold, links, fonts and the like become spans (a span may be hidden too, so attributes stay), and tags lose
    attributes that are thousands of characters long (embedded pictures): the parser compares each attribute with all
    before it.
    """
    html = _FORMATTING.sub(r"<\1span", html.replace("\x00", ""))
    pieces = html.split(">")
    if max(map(len, pieces)) <= _LONG_TAG:
        return html
    return ">".join(map(_without_long_attributes, pieces))


def _without_long_attributes(piece: str) -> str:
    if len(piece) <= _LONG_TAG:
        return piece
    tag = _TAG.search(piece)
    # A script or style sheet may hold "<"; its end must not be lost with it.
    if tag is None or len(piece) - tag.end() <= _LONG_TAG or ("</s" in piece and len(piece) < 10 * _LONG_TAG):
        return piece
    return piece[: tag.end()]


def is_too_costly(html: str) -> bool:
    """Would the parser search long lists of open elements again and again?"""
    if html.count("<") < _FEW_TAGS:
        return False
    siblings, void = _CLOSED_BY_SIBLING, _VOID
    if _DRAWING.search(html):
        siblings, void = _CLOSED_IN_DRAWINGS, _VOID_IN_DRAWINGS
    opened: dict[str, int] = {}
    depth = steps = 0
    sibling = ""
    for match in _TAG.finditer(html):
        name = match[2].lower()
        steps += depth
        if steps > _MAX_PARSER_STEPS:
            return True
        if name in void:
            continue
        if match[1]:
            if opened.get(name):
                opened[name] -= 1
                depth -= 1
                sibling = "" if name == sibling else sibling
        elif name != sibling:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            sibling = name if name in siblings else sibling
    return False


def crude_text(html: str) -> str:
    """The words of `html` without its tags, in linear time."""
    text = _without_sections(html)
    text = _ANY_TAG.sub("", _BLOCK_TAG.sub("\n", text))
    text = _SPACES.sub(" ", entities.unescape(text))
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _without_sections(html: str) -> str:
    """Without comments, scripts and style sheets; one that never ends hides the rest, as in a browser."""
    kept: list[str] = []
    low = html.lower() if len(html.lower()) == len(html) else html
    position = 0
    opening = re.compile(r"<!--|<script\b|<style\b")
    while True:
        match = opening.search(low, position)
        if match is None:
            kept.append(html[position:])
            return "".join(kept)
        kept.append(html[position : match.start()])
        closing = "-->" if match[0] == "<!--" else f"</{match[0][1:]}"
        end = low.find(closing, match.end())
        if end < 0:
            return "".join(kept)
        position = low.find(">", end) + 1 if match[0] != "<!--" else end + 3
        if position == 0:
            return "".join(kept)
