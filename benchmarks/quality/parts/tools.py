"""mailbot and the maintained libraries behind one signature: a mail's content in, what it takes for unquoted out.

The libraries are optional (dependency group "quality"). A library may answer several texts, of which the best counts:
that favours it. Those that read plain text only get mailbot's rendering of HTML, which favours them too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mailbot.mail.html import to_text
from mailbot.mail.parts import split


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool found: `unquoted` candidates (the best counts) and `new` candidates without signature."""

    unquoted: tuple[str, ...]
    new: tuple[str, ...]


Tool = Callable[[str, bool], Answer]


def mailbot(content: str, is_html: bool) -> Answer:
    """Our own, as `mailbot assess` uses it."""
    text = to_text(content) if is_html else content
    kinds: dict[str, list[str]] = {"new": [], "signature": [], "quoted": []}
    unquoted = []
    for span in split(text):
        part = text[span.start : span.end]
        kinds[span.kind].append(part)
        if span.kind != "quoted":
            unquoted.append(part)
    return Answer(("\n".join(unquoted),), ("\n".join(kinds["new"]),))


def available() -> Mapping[str, Tool]:
    """mailbot first, then every library that is installed."""
    found: dict[str, Tool] = {"mailbot": mailbot}
    for name, (module, make) in _LIBRARIES.items():
        try:
            found[name] = make(import_module(module))
        except ImportError:
            continue
    return found


def _mail_parser_reply(module: Any) -> Tool:
    parser = module.EmailReplyParser(languages=["en", "sv", "da", "de"])

    def answer(content: str, is_html: bool) -> Answer:
        read = parser.read(to_text(content) if is_html else content)
        first = read.replies[0] if read.replies else None
        texts = (read.latest_reply or "", first.full_body if first else "", first.body if first else "")
        return Answer(texts, texts)

    return answer


def _email_reply_parser(module: Any) -> Tool:
    def answer(content: str, is_html: bool) -> Answer:
        read = module.EmailReplyParser.read(to_text(content) if is_html else content)
        unquoted = "\n".join(part.content for part in read.fragments if not part.quoted and not part.headers)
        texts = (read.reply, unquoted)
        return Answer(texts, texts)

    return answer


def _quotequail(module: Any) -> Tool:
    def answer(content: str, is_html: bool) -> Answer:
        if is_html:
            parts = module.quote_html(content)
            texts: tuple[str, ...] = (to_text("".join(part for shown, part in parts if shown)),)
            unwrapped = module.unwrap_html(content) or {}
            texts += (to_text(unwrapped.get("html_top", "")),)
        else:
            texts = ("\n".join(part for shown, part in module.quote(content) if shown),)
            unwrapped = module.unwrap(content) or {}
            texts += (unwrapped.get("text_top", ""),)
        return Answer(texts, texts)

    return answer


def _talon(module: Any) -> Tool:
    signature = import_module("talon.signature.bruteforce")

    def answer(content: str, is_html: bool) -> Answer:
        unquoted = to_text(module.extract_from_html(content)) if is_html else module.extract_from_plain(content)
        new, _ = signature.extract_signature(unquoted)
        return Answer((unquoted,), (new, unquoted))

    return answer


_LIBRARIES: dict[str, tuple[str, Callable[[Any], Tool]]] = {
    "mail-parser-reply": ("mailparser_reply", _mail_parser_reply),
    "quotequail": ("quotequail", _quotequail),
    "email-reply-parser": ("email_reply_parser", _email_reply_parser),
    "talon": ("talon.quotations", _talon),
}
