"""Does a mail open with a greeting? (Bjurholm p. 4: "Ett e-postmeddelande inleds med en hälsningsfras")"""

import re
from typing import Literal

Greeting = Literal["missing", "informal", "fine"]

# What an authority may open with, in the languages it writes.
_FINE = re.compile(
    r"(?:hej(?:san| hej| igen| alla| allihopa?| och välkommen)?|god (?:dag|morgon|middag|kväll|förmiddag|eftermiddag)"
    r"|goddag|bäst[ae]|kär[ae]|välkommen|till"  # sv
    r"|hei(?: igjen| alle| dere| sann)?|heisann|god (?:morgen|kveld|aften)|kjære|til|goddag"  # nb, nn
    r"|kære|godmorgen"  # da
    r"|hyvä(?:ä päivää|ä huomenta|ä iltaa|t)?|terve|tervehdys|arvoisa"  # fi
    r"|dear|hello|hi|good (?:morning|day|afternoon|evening)|greetings|to whom it may concern"  # en
    r"|guten (?:tag|morgen|abend)|sehr geehrte\w*|liebe[rs]?|hallo)"  # de
    r"(?![\w-])"
)
# Among friends.
_INFORMAL = re.compile(
    r"(?:tjena|tjenare|tjenixen|tja+|tjo+|tjabba|hallå|halloj|hejdå|hejjj*|mors(?:ning)?|morsning korsning|läget|yo+"
    r"|heia|halla|hallais|hallæ|skjer'?a|mojn|hejsa|moi|moikka|moro|hey+|hiya|howdy|sup|moin|na|servus|hola|ciao)"
    r"(?:san)?(?![\w-])"
)
#: these greet only with a name behind them; "Till saken hör att ..." does not
_WITH_NAME = re.compile(
    r"(?:[Tt]ill?|[Bb]äst[ae]|[Kk]är[ae]|[Ll]iebe[rs]?|[Vv]älkommen)\s+(?:er|dig|deg|alla|[A-ZÅÄÖÆØÜÉ])"
)
_NEEDS_NAME = ("till", "til", "bästa", "bäste", "kära", "käre", "liebe", "lieber", "liebes", "välkommen")


def greeting(new_text: str) -> Greeting:
    """How `new_text`, a person's own words without quotation and signature, opens."""
    first = next((line.strip() for line in new_text.split("\n") if line.strip(" \t>*_-")), "")[:200].strip("*_ ")
    low = first.lower()
    if _INFORMAL.match(low):
        return "informal"
    found = _FINE.match(low)
    if found is None:
        return "missing"
    if found[0] in _NEEDS_NAME and not _WITH_NAME.match(first):
        addresses_somebody = len(low.split()) <= 4 and low[-1] not in ".?"  # "Kära förälder!"
        return "fine" if addresses_somebody else "missing"
    return "fine"
