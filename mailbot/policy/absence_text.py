"""Whether an automatic reply says what the policy asks for (Bjurholm p. 5), whoever wrote it."""

import re
from collections.abc import Mapping

#: "26-08-10", "2026-08-10", "10/8", "10.8.2026", "10 augusti", "10. august", "10 August"
_DATE = re.compile(
    r"\b(\d{2}|\d{4})-\d{2}-\d{2}\b|\b\d{1,2}[./]\s?\d{1,2}\b"
    r"|\b\d{1,2}\.?\s(jan|feb|mar|apr|maj|mai|may|jun|jul|aug|sep|okt|oct|nov|dec|des)\w*",
    re.IGNORECASE,
)
#: the four sentences by what all their wordings have in common
_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "sv": ("kontrolleras av", "vidarebefordras", "kontrollerar min e-post"),
    "nb": ("kontrolleres av", "videresendt til", "videresendes til", "kontrollerer e-posten", "sjekker e-posten"),
    "en": ("checked by", "forwarded to", "check my e-mail", "check my mail", "read my e-mail"),
}
_WEEK: Mapping[str, str] = {
    "sv": r"\bv(ecka)?\.?\s?0?{}\b",
    "nb": r"\b(uke|u)\.?\s?0?{}\b",
    "en": r"\b(week|w)\.?\s?0?{}\b",
}


def breaches(text: str, language: str, *, week: str) -> tuple[str, ...]:
    """What is missing: "no_return_date", "no_sentence", "no_contact" (for the ISO week `week`, "2026-W31")."""
    sentences = _SENTENCES.get(language, _SENTENCES["sv"])
    number = int(week.rpartition("W")[2])
    folded = " ".join(text.casefold().split())
    found = {
        "no_return_date": _DATE.search(text) is not None,
        "no_sentence": any(sentence in folded for sentence in sentences),
        "no_contact": re.search(_WEEK.get(language, _WEEK["sv"]).format(number), folded) is not None,
    }
    return tuple(name for name, there in found.items() if not there)
