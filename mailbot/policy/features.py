"""A message as a set of weighted features: its words, what the signal files found in them, and its structure.

The learned weights (`learned.py`) are fitted on exactly these features, so a change here asks for fitting anew:
`python -m benchmarks.quality.judgments fit`.

Every feature has a name, but few are ever written out: a mail has hundreds of couples of words, most of which nobody
has met before. So a feature is known by its *key* within its family: a couple of words is the two words. `name_of` and
`key_of` lead from one to the other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, pairwise
from math import log1p, sqrt
from typing import Final

from mailbot.policy.kindred import in_swedish
from mailbot.policy.model import Diarise, Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.shape import shape
from mailbot.policy.signals import Hit
from mailbot.policy.spelling import one_spelling, tokenise
from mailbot.policy.topics import topics_of
from mailbot.policy.webforms import is_listed

#: inflections share so many first letters ("överklagar", "överklagan")
_LETTERS = 5
#: words beyond this many tell nothing new about what a mail is
_MOST_TOKENS = 600
#: words so many places behind one another stand apart
_APART = (2, 3)
#: so many words begin a sentence
_START_WORDS = 3
#: so many sentences at the end tell what is wanted
_LAST_SENTENCES = 2
#: words of a topic beyond the third add nothing: 1, 2 and 3 of them weigh so much
_TOPIC_WEIGHS = (1.0, 1.4, 1.7)

#: letters of a mailbox's name: what is behind tells offices of one kind apart
_MOST_LOCAL = 7

#: the families of features that are made of words of the message; a feature's name begins with its family
WORD, STEM, PAIR, APART, START, LAST = "word", "stem", "pair", "apart", "start", "last"
OF_WORDS: Final = frozenset({WORD, STEM, PAIR, APART, START, LAST})
#: that of the words of its subject alone
SUBJECT = "subject"
#: those of what its words are about, and of what its subject is about
TOPIC, ABOUT = "topic", "about"
#: together the names of each of these families weigh as much, however many they are
SHARED: Final = OF_WORDS | {SUBJECT, TOPIC, ABOUT}
#: all others: their keys are whole names
OTHER = ""
#: the families whose keys are two words
COUPLES: Final = frozenset({PAIR, APART})


#: a name, or the two words that it consists of
Key = str | tuple[str, str]
#: value -> keys, in the order they were found
Found = Mapping[float, Collection[Key]]


@dataclass(frozen=True, slots=True)
class Features:
    """What a message shows, by family."""

    families: Mapping[str, Found]

    def by_name(self) -> dict[str, float]:
        """Whole name -> value."""
        return {
            name_of(family, key): value
            for family, found in self.families.items()
            for value, keys in found.items()
            for key in keys
        }


def name_of(family: str, key: Key) -> str:
    """The whole name of a feature, as the learned table has it."""
    name = key if isinstance(key, str) else " ".join(key)
    return f"{family} {name}" if family else name


def key_of(name: str) -> tuple[str, Key]:
    """Family and key of the feature with this whole name."""
    family, _, rest = name.partition(" ")
    if family not in SHARED:
        return OTHER, name
    if family not in COUPLES:
        return family, rest
    first, _, second = rest.partition(" ")
    return family, (first, second)


def features(
    reading: Reading,
    facts: Facts,
    hits: Iterable[Hit],
    *,
    kind: Kind,
    needs_reply: bool | None,
    diarise: Diarise,
    confidential: bool | None,
    verdicts: Iterable[Verdict],
) -> Features:
    """The rules' own answers are features too: learning starts from them."""
    answers = (("kind", kind), ("reply", needs_reply), ("diary", diarise), ("secret", confidential))
    others: dict[float, dict[Key, None]] = {}
    for name, value in (
        *_groups(hits),
        *_rules(verdicts),
        *_structure(reading, facts),
        *shape(reading),
        *_envelope(reading, facts),
        *((f"rules.{question}={answer}", 1.0) for question, answer in answers),
    ):
        if value:
            others.setdefault(value, {})[name] = None
    return Features({**_families(reading), OTHER: others})


def _families(reading: Reading) -> dict[str, Found]:
    """The families of words and topics, each shared out among its keys."""
    subject = _words(reading.bare_subject, reading)
    text = _words(reading.new, reading)
    sentences = _sentences(reading)
    words = dict.fromkeys([*subject, *text])
    stems: list[str] = []
    pairs: list[Key] = []
    for begun in map(_beginnings, (subject, text)):
        stems += [start for start in begun if len(start) == _LETTERS]
        pairs += pairwise(begun)
    starts: list[str] = []
    apart: list[Key] = []
    begun_sentences = [begun for begun in map(_beginnings, sentences) if begun]
    for begun in begun_sentences:
        starts += [" ".join(begun[:count]) for count in range(1, min(len(begun), _START_WORDS) + 1)]
        for distance in _APART:
            apart += zip(begun, begun[distance:], strict=False)
    found: dict[str, Iterable[Key]] = {
        **{WORD: words, STEM: stems, PAIR: pairs, START: starts, APART: apart},
        LAST: chain.from_iterable(begun_sentences[-_LAST_SENTENCES:]),
        SUBJECT: _beginnings(subject),
    }
    unique = {family: dict.fromkeys(keys) for family, keys in found.items()}
    shared = {family: {_share(len(keys)): keys} for family, keys in unique.items()}
    return {**shared, **_topics(words, subject)}


def _share(names: int) -> float:
    return 1 / sqrt(names or 1)


def _beginnings(tokens: Iterable[str]) -> list[str]:
    return [token[:_LETTERS] for token in tokens]


def _words(text: str, reading: Reading, most: int = _MOST_TOKENS) -> list[str]:
    return in_swedish(tokenise(text, most), reading.language)


def place_of(beginnings: Iterable[str], reading: Reading) -> tuple[int, int] | None:
    """Start and end of the first place in the new text that counts as a word with the first of these that has one."""
    text = one_spelling(reading.new)
    written = tokenise(reading.new, _MOST_TOKENS)
    counted = list(zip(written, in_swedish(written, reading.language), strict=True))
    for beginning in beginnings:
        as_written = (word for word, swedish in counted if swedish.startswith(beginning))
        for word in (beginning, next(as_written, beginning)):
            start = text.find(word)
            if start >= 0:
                return start, start + len(word)
    return None


def _sentences(reading: Reading) -> list[list[str]]:
    """The words of each sentence, as many as are looked at."""
    sentences, left = [], _MOST_TOKENS
    for start, end in reading.sentences:
        tokens = _words(reading.new[start:end], reading, left)
        sentences.append(tokens)
        left -= len(tokens)
        if left <= 0:
            break
    return sentences


def _topics(words: Iterable[str], subject: Iterable[str]) -> dict[str, Found]:
    """What the mail and its subject are about."""
    counts = Counter(chain.from_iterable(map(topics_of, words)))
    share = _share(len(counts))
    topics: dict[float, dict[Key, None]] = {}
    for topic, count in counts.items():
        topics.setdefault(share * _TOPIC_WEIGHS[min(count, len(_TOPIC_WEIGHS)) - 1], {})[topic] = None
    about: dict[Key, None] = dict.fromkeys(chain.from_iterable(map(topics_of, subject)))
    return {TOPIC: topics, ABOUT: {_share(len(about)): about}}


def _groups(hits: Iterable[Hit]) -> Iterator[tuple[str, float]]:
    """Groups of the signal files that fired, and which fired together."""
    strongest: dict[str, float] = {}
    for hit in hits:
        strongest[hit.kind] = max(strongest.get(hit.kind, 0.0), hit.points)
    yield from ((f"signal {group}", min(points, 3.0) / 2) for group, points in strongest.items())
    yield from ((f"signals {first} + {second}", 0.5) for first, second in combinations(sorted(strongest), 2))


def _rules(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, float]]:
    strongest: dict[str, float] = {}
    for verdict in verdicts:
        rule = _general(verdict.rule)
        strongest[rule] = max(strongest.get(rule, verdict.points), verdict.points)
    yield from ((f"rule {rule}", min(points, 5.0) / 3) for rule, points in strongest.items())


@lru_cache(maxsize=4_096)
def _general(rule: str) -> str:
    """The first three parts of a rule's id: the same for all lines of a group."""
    return ".".join(rule.split(".")[:3])


def _structure(reading: Reading, facts: Facts) -> Iterator[tuple[str, float]]:
    words = len(reading.new.split())
    asks = "?" in reading.new
    form = is_listed(reading.message, facts)  # a person's words, whatever the envelope says
    yield f"sender {'private' if form else reading.sender_class}", 1.0
    yield f"direction {'incoming' if form else facts.direction}", 1.0
    yield "length", log1p(words) / 3
    yield "asks", float(asks)
    yield "asks at length", log1p(words) / 3 * asks
    yield "short", float(words < 15)
    yield "long", float(words > 80)
    yield "reply", float(reading.is_reply)
    yield "attachments", float(reading.has_attachments)


def _envelope(reading: Reading, facts: Facts) -> Iterator[tuple[str, float]]:
    """Which of our mailboxes is written to, and what a sender calls itself; nothing is learned from people's names."""
    for recipient in reading.message.to[:5]:
        yield f"to {one_spelling(recipient.email.partition('@')[0])[:_MOST_LOCAL]}", 1.0
    message = reading.message
    author = message.asker if is_listed(message, facts) else message.author
    name = author.name[:200].split()
    person = len(name) in (2, 3) and all(word[:1].isupper() and word.isalpha() for word in name)
    yield "person", float(person)
    yield "name in address", float(bool(name) and one_spelling(name[-1])[:4] in one_spelling(author.email))
    if person:
        return
    for word in dict.fromkeys(tokenise(f"{author.name[:200]} {author.email.partition('@')[0][:64]}")):
        yield f"from {word}", 0.5
    for word in dict.fromkeys(tokenise(author.domain[:200].rpartition(".")[0])):
        yield from ((f"domain {word}", 0.5), (f"domain {word[:_LETTERS]}-", 0.5), (f"domain -{word[-5:]}", 0.5))
