import pytest

from mailbot.policy.language import detect


@pytest.mark.parametrize(
    "text, language",
    [
        ("Hej! Jag undrar när badhuset öppnar.", "sv"),
        ("Hejsan, går det bra att lämna in ansökan på måndag?", "sv"),
        ("Hei, når åpner svømmehallen? Mvh Kari", "nb"),
        ("Hei! Jeg lurer på om dere har fått søknaden min.", "nb"),
        ("Eg lurer på kva tid biblioteket opnar, og korleis eg får lånekort", "nn"),
        ("Hej, jeg vil gerne vide hvad det koster. Tak, I må meget gerne ringe til mig", "da"),
        ("Hello, when will you open?", "en"),
        ("Moi, milloin uimahalli avataan? Kiitos", "fi"),
        ("Guten Tag, ich möchte wissen, wann das Bad öffnet. Vielen Dank", "de"),
        ("ok", None),
        ("", None),
        ("12345 67890", None),
        ("Dzień dobry, proszę o informacje", None),
    ],
)
def test_the_language_of_short_mails(text, language):
    assert detect(text)[0] == language


def test_more_text_makes_surer():
    assert detect("Hei, takk.")[1] < detect("Hei, takk. Jeg vet ikke hvordan dere gjør dette, men hva må til?")[1]


def test_only_the_beginning_is_weighed():
    assert detect("Jag vill veta när ni har öppet. " * 200 + "ikke hvordan hva " * 100_000)[0] == "sv"
