"""What templates may put into a mail beside words: a link that begins an answer, and a bar of a chart.

In plain text a link is its label and a bar is nothing: the words beside them say it all. Values never become either.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

#: private characters that stand for a bar until the HTML is made; no value keeps them
_BAR = re.compile("\ue000(\\d{1,3})\ue001")
#: CommonMark 2.4: any ASCII punctuation character may be escaped with a backslash
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class Marked(str):
    """Markdown of our own making, which is not escaped again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where an answer to a mail goes, and the code that makes it one."""

    address: str
    code: str


def escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is."""
    return _PUNCTUATION.sub(r"\\\1", text)


def answer_link(context: Mapping[str, object], label: str, words: str | None = None) -> Marked:
    """`label` (one line) as a link that begins an answer with `words` (the label); plain where nobody can answer."""
    reply = context.get("reply")
    shown = f"**{escaped(label)}**"
    if not isinstance(reply, ReplyTo):
        return Marked(shown)
    # RFC 6068: line breaks as %0D%0A. The code goes along, since such an answer refers to no mail.
    body = f"{words if words is not None else f'{label} '}\r\n\r\nmailbot:{reply.code}"
    address = quote(reply.address, safe="@")
    return Marked(f"[{shown}](mailto:{address}?subject={quote(f'mailbot {label}')}&body={quote(body)})")


def bar_mark(value: float, most: float) -> Marked:
    """The place of a bar of `value` on a scale that ends at `most`."""
    share = 0 if most <= 0 else round(100 * max(0.0, min(value / most, 1.0)))
    return Marked(f"\ue000{share}\ue001")


def with_bars(html: str) -> str:
    """Bars as tables of two cells: what every mail program draws, Outlook too. The number beside it is their text."""
    return _BAR.sub(lambda found: _bar(min(int(found[1]), 100)), html)


def _bar(percent: int) -> str:
    filled = (
        f'<td class="bar" width="{percent}%" bgcolor="#0b5cad" style="width:{percent}%;background-color:#0b5cad"></td>'
        if percent
        else ""
    )
    rest = f'<td class="rest" width="{100 - percent}%" bgcolor="#e3e7ec" style="background-color:#e3e7ec"></td>'
    return (
        '<table class="chart" role="presentation" aria-hidden="true" width="100%" cellpadding="0" cellspacing="0"'
        f' border="0"><tr style="height:10px;line-height:10px;font-size:1px">{filled}{rest if percent < 100 else ""}'
        "</tr></table>"
    )
