"""The labelled mails: recipes of programs filled with people's words, and mails labelled line by line."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any, Literal

HALVES = ("corpus", "heldout")
Group = Literal["nordic", "english", "lists", "other"]

#: each header meets so many texts, each page somewhat more: structure and text must both be right
_TEXTS_PER_HEADER = 3
_TEXTS_PER_PAGE = 4
_NORDIC = frozenset(("sv", "nb", "nn", "da", "fi"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail and what is right about it; texts are compared word by word."""

    id: str
    group: Group
    form: Literal["text", "html"]
    content: str
    new: str
    #: new text and signature, in order
    unquoted: str
    #: the same with what a telephone wrote below; other tools may count that as text
    with_footer: str = ""
    has_quotation: bool


def mails(half: str) -> tuple[Mail, ...]:
    """All mails of "corpus" or "heldout", always the same."""
    folder = Path(__file__).parent / half
    words = _table(folder / "words.toml")
    found = [
        *_from_programs(_table(folder / "programs.toml")["program"], words),
        *_from_pages(_table(folder / "pages.toml")["page"], words),
        *_from_lines(_table(folder / "hard.toml")["mail"]),
        *_unquoted(words["own"]),
    ]
    return tuple(found)


def _table(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _group(entry: Mapping[str, Any]) -> Group:
    named: Group | None = entry.get("group")
    return named or ("nordic" if entry["language"] in _NORDIC else "other")


def _pairs(words: Mapping[str, Any], language: str, start: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Own words and an original in `language`, a different pair each time."""
    own = [one for one in words["own"] if one["language"] == language]
    originals = [one for one in words["original"] if one["language"] == language]
    every = [(one, originals[(number + start) % len(originals)]) for number, one in enumerate(own)]
    turned = every[start % len(every) :] + every[: start % len(every)]
    return islice(turned, count)


def _filled(text: str, original: Mapping[str, str]) -> str:
    return text.replace("@NAME@", original["name"]).replace("@ADDRESS@", original["address"])


# --- plain text ---------------------------------------------------------------------------------------------------


def _from_programs(programs: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> Iterator[Mail]:
    for number, program in enumerate(programs):
        for row, header in enumerate(program["headers"]):
            for own, original in _pairs(words, program["language"], number + row, _TEXTS_PER_HEADER):
                yield _text_mail(program, header, own, original, f"{number}.{row}.{words['own'].index(own)}")


def _text_mail(
    program: Mapping[str, Any], header: str, own: Mapping[str, str], original: Mapping[str, str], key: str
) -> Mail:
    marks = program["marks"]
    old = "".join(f"{marks}{line}\n" for line in original["text"].strip("\n").split("\n"))
    quoted = f"{_filled(header, original)}\n\n{old}" if not marks else f"{_filled(header, original)}\n{old}"
    new, signature = own["new"].strip("\n"), own["signature"].strip("\n")
    unquoted = f"{new}\n\n{signature}" if signature else new
    footer = f"\n\n{program['footer']}" if "footer" in program else ""
    below = program.get("place") == "bottom"
    content = f"{quoted}\n{unquoted}\n" if below else f"{unquoted}{footer}\n\n{quoted}"
    return Mail(
        id=f"{program['name']} {program['language']} {key}",
        group=_group(program),
        form="text",
        content=content,
        new=new,
        unquoted=unquoted,
        with_footer=unquoted + footer,
        has_quotation=True,
    )


def _unquoted(owns: Sequence[Mapping[str, str]]) -> Iterator[Mail]:
    """The same people's mails that answer nothing."""
    for number, own in enumerate(owns):
        new, signature = own["new"].strip("\n"), own["signature"].strip("\n")
        unquoted = f"{new}\n\n{signature}" if signature else new
        yield Mail(
            id=f"unquoted {own['language']} {number}",
            group=_group(own),
            form="text",
            content=f"{unquoted}\n",
            new=new,
            unquoted=unquoted,
            has_quotation=False,
        )


def _from_lines(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mail]:
    for number, entry in enumerate(entries):
        lines = [line.partition("|") for line in entry["lines"].strip("\n").split("\n")]
        yield Mail(
            id=f"hard {entry['language']} {number}",
            group=_group(entry),
            form="text",
            content="".join(f"{content}\n" for _, _, content in lines),
            new="\n".join(content for kind, _, content in lines if kind == "n"),
            unquoted="\n".join(content for kind, _, content in lines if kind != "q"),
            has_quotation=any(kind == "q" for kind, _, _ in lines),
        )


# --- HTML ---------------------------------------------------------------------------------------------------------


def _from_pages(pages: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> Iterator[Mail]:
    for number, page in enumerate(pages):
        for own, original in _pairs(words, page["language"], number, _TEXTS_PER_PAGE):
            new, signature = own["new"].strip("\n"), own["signature"].strip("\n")
            content = _filled(page["page"], {key: escape(value) for key, value in original.items()})
            for mark, text in (("NEW", new), ("SIGNATURE", signature), ("ORIGINAL", original["text"].strip("\n"))):
                content = content.replace(f"@{mark}@", _html_lines(page, text))
            content = content.replace("@BLANK@", page["blank"]).replace("@FOOTER@", page.get("footer", ""))
            yield Mail(
                id=f"{page['name']} {page['language']} html {number}.{words['own'].index(own)}",
                group=_group(page),
                form="html",
                content=content,
                new=new,
                unquoted=f"{new}\n\n{signature}",
                with_footer=f"{new}\n\n{signature}\n{page.get('footer', '')}",
                has_quotation=True,
            )


def _html_lines(page: Mapping[str, Any], text: str) -> str:
    if not text:
        return ""
    lines = text.split("\n")
    return "".join(page["line"].replace("@LINE@", escape(line)) if line.strip() else page["blank"] for line in lines)
