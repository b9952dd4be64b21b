"""The shape of a mail, whatever its words: amounts and dates, questions and exclamations, who speaks to whom.

An offer has percentages, an invitation a day and an hour, a complaint says "jag" and "ni", a newsletter neither.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from mailbot.policy.reading import Reading
from mailbot.policy.spelling import one_spelling, tokenise

_MONTHS = "januari?|februari?|mars|april|maj|mai|juni|juli|augusti?|september|oktober|november|december|desember"
#: what stands in a mail that is no word
_MARKS: Final = {
    "money": re.compile(r"\d(?:,-|:-| ?(?:kr|kronor|kroner|tkr|mkr|nok|sek)\b)|\bkr\.? ?\d", re.IGNORECASE),
    "per cent": re.compile(r"\d ?(?:%|procent|prosent)", re.IGNORECASE),
    "hour": re.compile(r"\bkl\.? ?\d|\bklo(?:kka|ckan) ?\d|\b\d\d[.:]\d\d\b", re.IGNORECASE),
    "date": re.compile(rf"\b\d{{1,2}}\.? (?:{_MONTHS})\b|\b\d{{1,2}}/\d{{1,2}}\b", re.IGNORECASE),
    "week": re.compile(r"\b(?:vecka|v\.|uke|veke) ?\d", re.IGNORECASE),
    "telephone": re.compile(r"\b0\d{1,3}[- ]\d|\b\d{2,3} \d{2} \d{2,3}\b"),
    "link": re.compile(r"https?:|www\."),
    "year": re.compile(r"\b(?:19|20)\d\d\b"),
    "case number": re.compile(r"\b\d{2,4}[/-]\d{2,5}\b|\b(?:dnr|diarienr|saksnr|ref)\b", re.IGNORECASE),
}
#: those that may stand in a text without any digit
_WITHOUT_DIGITS: Final = {name: _MARKS[name] for name in ("link", "case number")}
_DIGIT = re.compile(r"\d")
#: one of these is in every place where such a mark stands: much quicker to look for
_NEEDED: Final = {
    "money": (",-", ":-", "kr", "nok", "sek", "mkr"),
    "per cent": ("%", "procent", "prosent"),
    "hour": ("kl", *(f"{digit}{mark}" for digit in range(10) for mark in ".:")),
    "date": ("/", "jan", "feb", "mar", "apr", "maj", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dec", "des"),
    "week": ("vecka", "v.", "uke", "veke"),
    "telephone": tuple("0123456789"),
    "link": ("http", "www."),
    "year": ("19", "20"),
    "case number": ("/", "-", "dnr", "diarienr", "saksnr", "ref"),
}
#: who speaks, to whom, about whom
_PERSONS: Final = {
    "I": "jag jeg eg mig meg min mitt mina mine mi",
    "we": "vi oss vår vårt våra våre me",
    "you": "du dig deg din ditt dina dine",
    "you all": "ni er ert era dere deres de dykk dykkar dem",
    "he": "han honom ham hans",
    "she": "hon henne hun ho hennes hennar",
}
_PERSON_OF: Final = {one_spelling(word): person for person, words in _PERSONS.items() for word in words.split()}
_GREETING = re.compile(
    r"\s*(?:hej|hei|hallo|hallå|god dag|tjena|kjære|käre|kära|bästa|heisann|hejsan)\b[ ,!]*([^\W\d_]\w*)?",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"\b[A-ZÅÄÖØÆ]{4,}\b")
_BULLET = re.compile(r"^[ \t]{0,8}[-*•][ \t]", re.MULTILINE)
_QUOTES = re.compile(r"[\"«»”“]")
_HEADERS = ("list-unsubscribe", "list-id", "auto-submitted", "precedence", "x-mailer", "reply-to")
#: characters that are looked at; sentences behind the first few tell nothing new about a shape
_LOOK_AT = 12_000
_MOST_SENTENCES = 20


def shape(reading: Reading) -> Iterator[tuple[str, float]]:
    """Features of the mail's shape, from 0 to about 3."""
    text = reading.new[:_LOOK_AT]
    yield from _marks(f"{text}\n{reading.bare_subject[:200]}")
    yield from _persons(tokenise(text))
    yield from _sentences(reading, text)
    yield from _layout(reading, text)
    yield from _addressing(reading)


def _marks(text: str) -> Iterator[tuple[str, float]]:
    low = text.lower()
    marks = _MARKS if _DIGIT.search(text) else _WITHOUT_DIGITS
    for name, pattern in marks.items():
        if not any(map(low.__contains__, _NEEDED[name])):
            continue
        places = pattern.finditer(text)
        if next(places, None):
            yield f"holds {name}", 1.0
            yield f"holds more than one {name}", float(next(places, None) is not None)
    yield "capitals", min(len(_CAPITALS.findall(text)), 3) / 2


def _persons(tokens: list[str]) -> Iterator[tuple[str, float]]:
    counts = Counter([_PERSON_OF[token] for token in tokens if token in _PERSON_OF])
    for person, count in counts.items():
        yield f"says {person}", 1.0
        yield f"share of {person}", round(min(1.0, 8 * count / len(tokens)), 2)


def _sentences(reading: Reading, text: str) -> Iterator[tuple[str, float]]:
    sentences = [text[start:end] for start, end in reading.sentences[:_MOST_SENTENCES] if start < _LOOK_AT]
    asking = ["?" in sentence for sentence in sentences]
    yield "questions", min(sum(asking), 4) / 2
    yield "one question", float(sum(asking) == 1)
    yield "share of questions", round(sum(asking) / len(asking), 2) if asking else 0.0
    yield "asks first", float(any(asking[:2]))
    yield "asks last", float(any(asking[-2:]))
    yield "sentences", round(len(sentences) / 6, 2)
    yield "longest sentence", round(min(max((len(one.split()) for one in sentences), default=0), 50) / 25, 2)


def _layout(reading: Reading, text: str) -> Iterator[tuple[str, float]]:
    yield "exclamations", min(text.count("!"), 4) / 2
    yield "quotes", float(bool(_QUOTES.search(text)))
    yield "bullets", float(bool(_BULLET.search(text)))
    yield "paragraphs", round(min(text.strip().count("\n\n"), 6) / 3, 2)
    yield "begins small", float(text[:1].islower())
    greeting = _GREETING.match(text)
    yield "greets", float(bool(greeting))
    yield "greets by name", float(bool(greeting and greeting[1] and greeting[1][0].isupper()))
    yield "subject words", min(len(reading.bare_subject[:200].split()), 10) / 5
    yield "no subject", float(not reading.bare_subject.strip())


def _addressing(reading: Reading) -> Iterator[tuple[str, float]]:
    message = reading.message
    yield "recipients", min(len(message.recipients), 4) / 2
    yield "copies", float(bool(message.cc))
    yield "to a person", float(any("." in one.email.partition("@")[0] for one in message.to[:5]))
    yield "forwarded", float(reading.is_forward)
    yield "prefixed", float(reading.subject_start > 0)
    yield from ((f"header {name}", 1.0) for name in _HEADERS if name in message.headers.names())
