"""What people mean by their words, in Swedish, Norwegian and English at once: nobody should have to choose a language.

A line is read from its first words on. Case and punctuation do not count.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: says nothing by itself
GREETINGS = _words(
    "hej hei hi hello hallo hejsan god gott morgon morgen morning dag tack takk thanks thank you tusen på forhånd "
    "förhand mvh hälsningar hilsen vänliga vänlig vennlig med best regards mailbot"
)

UNDO = _words("ångra ångrar ångrade angra angre angrer undo omgör omgjør revert återställ gjenopprett")
NO = _words("nej nei no nope inte ikke ej avskriv avvis avvisa avslå dismiss")
YES = _words("ja jepp yes ok okej okay stämmer stemmer correct godkänn godkjenn accept riktigt riktig")
ASK = _words("fråga frågar spør spørr spørsmål ask question undrar lurer")

#: before a number that needs no word: "registrerad som KS 2026/1", "dnr KS 2026/1"
_BEFORE_NUMBER = re.compile(
    r"^(?:(?:är|er|is|nu|nå|now|har|blev|ble|ja|yes|ok|registrerad|registrerat|registrert|registered|diariefört?"
    r"|diarieförd|journalført|som|as|under|med|reg|dnr|diarienr|diarienummer|nummer|number|nr|saksnr|saksnummer"
    r"|journalnr|journalpost|sak|case|ärende|ärendenummer)\b[\s.:]*)+",
    re.IGNORECASE,
)

_HOW: Mapping[str, frozenset[str]] = {
    "telephone": _words(
        "telefon telefonen telefonledes tel tlf ringt ringde ringte ring phone telephone called call samtal samtale "
        "mobil telefonsamtal telefonsamtale muntligt muntlig"
    ),
    "visit": _words("besök besökt besøk besøkt visit visited möte mötet møte möttes träff träffat treff"),
    "letter": _words("brev brevet brevledes letter pappersbrev posten"),
    "mail": _words("mail mejl mejlat mailat e-post epost e-posten mejlade mailade email sendt"),
}
_ANSWERED = _words(
    "besvarad besvarat besvarade svarat svarade svarad klar klart klarat färdig färdigt besvart besvarte svart svarte "
    "ferdig answered replied done löst løst"
)
_NO_ANSWER = re.compile(
    r"^(?:(?:det|den|this|it|ska|skal|kräver|krever|needs?|requires?|behöver|behöv[se]|trenger|trengs)\s+)*"
    r"(?:(?:inget|ingen|inte|ej|ikke|ikkje|no|not|nej|nei)\s*)+"
    r"(?:(?:något|noe|att|å|to|be|behöv[se]?|behöver|trengs|trenger|needed|required|nödvändigt|nødvendig)\s*)*"
    r"(?:svar|svars|besvaras|besvares|besvara|answer|answered|reply|response|åtgärd)?\b"
    r"(?:\s+(?:is\s+)?(?:needed|required|behövs|nödvändigt|nødvendig|trengs|kreves|krävs))?[\s.:,;–-]*",
    re.IGNORECASE,
)
_TO_PERSON = re.compile(
    r"^(?:(?:skicka|sänd|send|ge|gi|give|tilldela|tildel|assign|fördela|fordel|flytta|flytt|lämna|over|över|den|it|går)"
    r"\s+)*(?:till|til|to|åt)\s+(?P<who>.{1,80}?)[\s.!]*$",
    re.IGNORECASE,
)
_PERSON_TAKES = re.compile(
    r"^(?P<who>.{1,80}?)\s+(?:tar|svarar|svarer|tager|takes|answers|ordnar|ordner|fikser|fixar)"
    r"(?:\s+(?:den|det|denna|detta|denne|dette|it|this|hand om den|hand om det|seg av det))?[\s.!]*$",
    re.IGNORECASE,
)
_NEGATIONS = _words("inget ingen behöver behövs trenger kräver krever")
#: "per telefon i dag" says how; a longer sentence with a telephone in it may say anything
_FEW_WORDS = 4
_ME = frozenset(("jag", "jeg", "i", "mig", "meg", "me"))


def tokens(text: str) -> list[str]:
    """The words of a line in lower case, without punctuation at their edges."""
    return [word for word in (part.strip(".,:;!?()\"'") for part in text.casefold().split()) if word]


def first_word(text: str) -> str:
    return next(iter(tokens(text)), "")


def after_first_word(text: str) -> str:
    """The rest of a line, as it was written."""
    return text.strip().partition(" ")[2].strip(" \t:;,.-–—")


# --- the registrar ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Register:
    """It stands in the diary under this number, which is still to be checked."""

    number: str


@dataclass(frozen=True, slots=True)
class RegisterAsProposed:
    """Yes: under the number that mailbot proposed."""


@dataclass(frozen=True, slots=True)
class NotToRegister:
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    question: str


@dataclass(frozen=True, slots=True)
class Undo:
    pass


RegistrarWord = Register | RegisterAsProposed | NotToRegister | Ask | Undo


def registrar_word(text: str) -> RegistrarWord | None:
    """What a registrar says about one item, or None."""
    word, rest = first_word(text), after_first_word(text)
    if word in UNDO:
        return Undo()
    if word in ASK:
        return Ask(rest)
    if word in NO:
        return NotToRegister(rest or word)
    number = _BEFORE_NUMBER.sub("", text).strip(" \t.,;!")
    if _is_number(number):
        return Register(" ".join(number.split()))
    return RegisterAsProposed() if word in YES and not rest else None


def _is_number(text: str) -> bool:
    """Could this be meant as a diary number? Short, with a digit, and not a sentence."""
    words = text.split()
    return any(letter.isdigit() for letter in text) and len(words) <= 4 and len(text) <= 60


# --- who owes an answer ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    #: telephone, visit, letter, mail, other
    how: str


@dataclass(frozen=True, slots=True)
class AnsweredAsProposed:
    """Yes: the sent mail that mailbot proposed was the answer."""


@dataclass(frozen=True, slots=True)
class AssignTo:
    #: as they were named; "" is the person who writes
    who: str


@dataclass(frozen=True, slots=True)
class NoAnswerNeeded:
    reason: str


ReplyWord = Answered | AnsweredAsProposed | AssignTo | NoAnswerNeeded | Undo


def reply_word(text: str) -> ReplyWord | None:
    """What somebody says about an answer that is owed, or None."""
    words = tokens(text)
    if not words:
        return None
    if words[0] in UNDO:
        return Undo()
    if words[0] in YES and len(words) == 1:
        return AnsweredAsProposed()
    readings = (_to_person, _no_answer, _answered, _person_takes)
    return next((word for reading in readings if (word := reading(text, words)) is not None), None)


def _to_person(text: str, _: Sequence[str]) -> AssignTo | None:
    found = _TO_PERSON.match(text)
    return _assign(found["who"]) if found else None


def _no_answer(text: str, words: Sequence[str]) -> NoAnswerNeeded | None:
    if words[0] not in NO | _NEGATIONS:
        return None
    found = _NO_ANSWER.match(text)
    rest = text[found.end() :].strip(" .,:;–-") if found else ""
    return NoAnswerNeeded(rest or words[0])


def _answered(_: str, words: Sequence[str]) -> Answered | None:
    how = next((name for name, known in _HOW.items() if known.intersection(words)), None)
    if words[0] in _ANSWERED or (how is not None and len(words) <= _FEW_WORDS):
        return Answered(how or "other")
    return None


def _person_takes(text: str, _: Sequence[str]) -> AssignTo | None:
    found = _PERSON_TAKES.match(text)
    return _assign(found["who"]) if found else None


def _assign(who: str) -> AssignTo:
    plain = who.strip().strip(".")
    return AssignTo("" if plain.casefold() in _ME else plain)


# --- the daily check -------------------------------------------------------------------------------------------------

_CHECKED = _words(
    "kontrollerad kontrollerat kontrollerade kontrollert kontrollerte kollad kollat kollade sjekket sjekka sett läst "
    "lest checked done gjort klar klart klarat färdig ferdig ok okej okay ja jepp yes"
)
_AWAY = _words(
    "sjuk sjukanmäld sjukskriven syk sykmeldt sick ill borta borte away frånvarande fraværende ledig vab vabbar fri off"
)
#: "jag är sjuk idag" says so; a longer sentence with "sjuk" in it may be about anybody
_SHORT_SENTENCE = 6
_OF_ONESELF = _words("jag jeg i am är er im i'm")


def says_checked(text: str) -> bool:
    """Whether a line says that the mailbox was checked: by its first word, and without a negation."""
    words = tokens(text)
    return bool(words) and words[0] in _CHECKED and not (NO | _NEGATIONS).intersection(words)


def says_away(text: str) -> bool:
    """Whether a line says that its writer is away: "sjuk", "jag är borta i dag"."""
    words = tokens(text)
    if not words or len(words) > _SHORT_SENTENCE or (NO | _NEGATIONS).intersection(words):
        return False
    return next((word for word in words if word not in _OF_ONESELF), "") in _AWAY


def names_me(text: str) -> bool:
    """Whether a line names its own writer: "jag", "jag själv"."""
    words = tokens(text)
    return bool(words) and words[0] in _ME and len(words) <= _FEW_WORDS
