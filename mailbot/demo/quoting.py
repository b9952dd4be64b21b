"""How mail programs quote what they answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailbot.mail.html import to_text

#: "": nothing is quoted
Style = Literal["", "outlook", "gmail", "iphone", "inline"]

_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november",
    "december",
)  # fmt: skip
_WEEKDAYS = ("mån", "tis", "ons", "tors", "fre", "lör", "sön")


@dataclass(frozen=True, slots=True)
class Quotable:
    """What a program shows of the message being answered; `at` is local."""

    at: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str

    @property
    def words(self) -> str:
        return (to_text(self.html) if self.html else self.text).strip("\n")

    @property
    def day(self) -> str:
        return f"{self.at.day} {_MONTHS[self.at.month - 1]} {self.at.year}"


def quoted(own: str, original: Quotable, style: Style) -> str:
    """`own` words together with `original`, laid out as the program does."""
    time = f"{original.at:%H:%M}"
    weekday = _WEEKDAYS[original.at.weekday()]
    gmail = f"Den {weekday} {original.day} kl {time} skrev {original.sender}:"
    if style == "outlook":
        block = (
            f"Från: {original.sender}\nSkickat: den {original.day} {time}\nTill: {'; '.join(original.to)}\n"
            f"Ämne: {original.subject}\n\n{original.words}\n"
        )
        return f"{own}\n{block}"
    if style == "gmail":
        return f"{own}\n{gmail}\n\n{_marked(original.words)}"
    if style == "iphone":
        header = f"{original.day} kl. {time} skrev {original.sender}:"
        return f"{own}\n> {header}\n>\n{_marked(original.words)}"
    return f"{gmail}\n{_marked(original.words)}\n{own}"


def _marked(words: str) -> str:
    return "".join(f">{line}\n" if line.startswith(">") else f"> {line}".rstrip() + "\n" for line in words.split("\n"))
