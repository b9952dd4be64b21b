"""How mail programs mark the original in HTML: known elements, classes and the line that Word draws."""

from typing import Final

from selectolax.lexbor import LexborNode

Attributes = dict[str, str | None]

#: everything from these elements on is the original being answered (Outlook, OWA, new Outlook, Outlook for Mac)
_REST_IS_QUOTED: Final = frozenset(
    ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section")
)
#: as Word writes its line, and as browsers write it again
_TOP_BORDERS: Final = ("border-top:", "border-style:solidnonenone", "border-width:1ptmedium")
_QUOTE_CLASSES: Final = frozenset(
    ("gmail_attr", "moz-cite-prefix", "moz-forward-container", "yahoo_quoted", "protonmail_quote", "zmail_extra")
)


def style_of(attributes: Attributes) -> str:
    """The style attribute in lower case and without spaces; "" when there is none."""
    style = attributes.get("style") if attributes else None
    return "".join(style.lower().split()) if style else ""


def begins_original(tag: str, attributes: Attributes, node: LexborNode) -> bool:
    """Is everything from this element to the end of the document the original being answered?"""
    identifier = (attributes.get("id") or "").lower()
    # Outlook on the web prefixes what it quotes with "x_", once per round.
    while identifier.startswith("x_"):
        identifier = identifier[2:]
    if identifier in _REST_IS_QUOTED:
        return True
    style = style_of(attributes) if tag == "div" else ""
    # Word's line above "From: Sent: To: Subject:" in any language; also drawn by people, so the fields are counted.
    if "padding:3" not in style and "padding-top:3" not in style:
        return False
    return any(border in style for border in _TOP_BORDERS) and _field_lines(node) >= 3


def _field_lines(node: LexborNode) -> int:
    """Texts with a colon near their beginning in the first paragraph of `node`."""
    paragraph = node.first_child
    while paragraph is not None and paragraph.tag == "-text":
        paragraph = paragraph.next
    found, child = 0, paragraph.first_child if paragraph is not None else None
    for _ in range(40):
        if child is None:
            break
        if child.tag != "-text":
            found += ":" in (child.text() or "")[:40]
        child = child.next
    return found


def is_quote(tag: str, attributes: Attributes, node: LexborNode) -> bool:
    """Does the element hold quoted text, and new text may follow it?"""
    classes = (attributes.get("class") or "").lower().split() if attributes else []
    if tag == "blockquote":
        # Gmail indents a writer's own paragraphs with a borderless blockquote.
        return "gmail_quote" in classes or "type" in attributes or "border:none" not in style_of(attributes)
    if not _QUOTE_CLASSES.isdisjoint(classes):
        return True
    # A reply in Gmail quotes inside a blockquote of its own, and people write below it; a forwarded mail has none.
    return tag == "div" and "gmail_quote" in classes and not _has_child(node, "blockquote")


def _has_child(node: LexborNode, tag: str) -> bool:
    child = node.first_child
    while child is not None:
        if child.tag == tag:
            return True
        child = child.next
    return False
