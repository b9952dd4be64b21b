"""Automatic replies on platforms that keep them as HTML (Exchange, Microsoft 365): our plain text there and back.

The server may rewrite the HTML (a document around it, other tags, other white space), so texts are compared as they
read, never as they are written.
"""

import re
from html import escape

from mailbot.mail.html import to_text

_SPACES = re.compile(r"^ +|  +", re.MULTILINE)
_NO_BREAK = "\N{NO-BREAK SPACE}"


def to_html(text: str) -> str:
    """Plain text as HTML that shows the same lines in every mail program; "" stays ""."""
    if not text:
        return ""
    lines = escape(text, quote=False).split("\n")
    return "".join(f"<div>{_SPACES.sub(_kept, line) or '<br>'}</div>" for line in lines)


def from_html(html: str) -> str:
    """What the HTML of a reply reads, without space at the ends of lines and of the text."""
    return normalised(to_text(html).replace(_NO_BREAK, " "))


def normalised(text: str) -> str:
    """A text as it can be compared, wherever it was kept."""
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()


def _kept(match: re.Match[str]) -> str:
    """Spaces that HTML would fold into one."""
    return _NO_BREAK * len(match[0])
