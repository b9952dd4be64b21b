"""How mails open: the phrases of Swedish, Norwegian and other letters, formal, informal and none."""

import pytest

from mailbot.policy.greeting import greeting

FINE = [
    "Hej!", "Hej Anna,", "Hej, vi kan komma på tisdag.", "hej", "Hejsan!", "Hej hej!", "Hej igen", "Hej alla!",
    "God morgon!",
    "God dag", "Goddag!", "God kväll,", "Bästa Anna", "Bäste herr Ek!", "Kära förälder!", "Till Anna Berg",
    "Välkommen Anna!",
    "Hei!", "Hei Kari", "Heisann!", "God morgen", "Kjære Kari", "Til Kari Moe", "Kære Mette", "Hyvä Aino,",
    "Hyvää päivää!",
    "Dear Sir or Madam,", "Hello Pat,", "Hi,", "Good afternoon", "Guten Tag", "Sehr geehrte Frau Berg,", "\n\n  Hej!\n",
    "**Hej!**",
]  # fmt: skip
INFORMAL = ["Tjena!", "Tjenare Bo", "Tja,", "Tjo!", "Hallå!", "Halloj", "Morsning", "Heia!", "Yo", "Hey Pat", "Moi!"]
MISSING = [
    "", "\n \n", "Anna,", "Det går bra på tisdag.", "Till saken hör att vi har stängt.", "Hejda er lite!",
    "Bästa sättet är att ringa.", "Tack för ditt mejl!", "Higher up the road", "Tills vidare gäller detta.",
    "Kära nån, vilken väg?", "Hittills har ingen svarat.",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, "fine") for text in FINE),
        *((text, "informal") for text in INFORMAL),
        *((text, "missing") for text in MISSING),
    ],
)
def test_greeting(text: str, expected: str) -> None:
    assert greeting(text) == expected
