"""Short sentences as they reach a municipality; the neighbours are the hard part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.language import LANGUAGES, detect
from tests.support.growth import cpu_seconds

SENTENCES = [
    ("sv", "Ja tack, gärna!"),
    ("nb", "Ja takk, gjerne"),
    ("sv", "Nej tack"),
    ("da", "Hej. Kan I hjælpe?"),
    ("de", "Danke"),
    ("sv", "Hej! När öppnar ni?"),
    ("sv", "Hej, jag undrar när beslutet om bygglov kommer."),
    ("sv", "Kan jag få en kopia av protokollet från senaste nämnden?"),
    ("sv", "Vi har inte fått någon hemtjänst i dag."),
    ("sv", "Sophämtningen uteblev igen. Vad gör ni åt det?"),
    ("sv", "Tack för svaret!"),
    ("sv", "Jag är orolig för grannens barn."),
    ("sv", "Vilka tider gäller på återvinningscentralen?"),
    ("sv", "Härmed ansöker jag om serveringstillstånd."),
    ("sv", "Var lämnar man in blanketten?"),
    ("sv", "Bifogar ritningarna enligt önskemål."),
    ("sv", "Jag vill inte ha fler utskick från er."),
    ("sv", "Gatlampan utanför vårt hus är trasig sedan två veckor"),
    ("sv", "Vattnet smakar konstigt, är det ofarligt att dricka?"),
    ("sv", "Ring mig när du har tid"),
    ("nb", "Hei! Når åpner dere?"),
    ("nb", "Hei, jeg lurer på når vedtaket kommer."),
    ("nb", "Kan jeg få innsyn i saken?"),
    ("nb", "Vi har ikke fått svar på søknaden vår."),
    ("nb", "Hvor kan jeg levere skjemaet?"),
    ("nb", "Jeg klager på vedtaket av 3. mars."),
    ("nb", "Takk for svaret!"),
    ("nb", "Hva koster en barnehageplass hos dere?"),
    ("nb", "Veien er ikke brøytet på flere dager."),
    ("nb", "Hvem kontakter jeg om byggesak?"),
    ("nb", "Viser til telefonsamtale i dag. Vedlagt følger tegninger."),
    ("nb", "Det er noe galt med vannet hos oss"),
    ("nb", "Kan noen ringe meg tilbake snarest?"),
    ("nn", "Hei! Kva tid opnar de?"),
    ("nn", "Eg lurer på korleis eg søkjer om byggjeløyve."),
    ("nn", "Me har ikkje fått svar frå kommunen."),
    ("nn", "Kvifor er ikkje vegen brøytt?"),
    ("nn", "Kan eg få innsyn i saka mi?"),
    ("nn", "Eg ynskjer å klage på vedtaket dykkar."),
    ("nn", "Takk for hjelpa, eg ventar på svar."),
    ("da", "Hej! Hvornår åbner I?"),
    ("da", "Jeg vil gerne vide, hvad en byggetilladelse koster."),
    ("da", "Vi har ikke fået svar på vores ansøgning."),
    ("da", "Kan jeg få aktindsigt i sagen af 3. marts?"),
    ("da", "Hvem skal jeg kontakte om børnehaven?"),
    ("da", "Tak for svaret, jeg venter på nogle papirer fra jer."),
    ("da", "Det er blevet meget dyrt, og ingen af os har råd til det."),
    ("da", "Vedhæftet er vores bemærkninger til lokalplanen."),
    ("fi", "Hei! Milloin te olette auki?"),
    ("fi", "Haluaisin saada kopion pöytäkirjasta."),
    ("fi", "Voitteko lähettää hakemuksen minulle?"),
    ("fi", "En ole saanut vastausta kirjeeseeni."),
    ("fi", "Kiitos avusta!"),
    ("fi", "Onko lapselleni paikka päiväkodissa?"),
    ("fi", "Olemme muuttamassa kuntaan ja tarvitsemme tietoa kouluista."),
    ("en", "Hello, when are you open?"),
    ("en", "I would like a copy of the decision, please."),
    ("en", "We have not received any answer to our application."),
    ("en", "Where can I find the form?"),
    ("en", "Thank you for your help"),
    ("en", "My son needs a place in preschool from August."),
    ("en", "Is the water safe to drink?"),
    ("en", "Could someone please call me back?"),
    ("de", "Guten Tag, wann haben Sie geöffnet?"),
    ("de", "Ich möchte bitte eine Kopie der Entscheidung."),
    ("de", "Wir haben noch keine Antwort auf unsere Anfrage."),
    ("de", "Vielen Dank für Ihre Hilfe!"),
    ("de", "Wo kann man bei Ihnen angeln?"),
    ("de", "Anbei sende ich Ihnen die Unterlagen."),
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_short_sentences(language: str, text: str) -> None:
    assert detect(text)[0] == language


@pytest.mark.parametrize(
    "text", ["", "   \n", "OK", "123 456", "Anna Berg", "KS 2026/14", "https://lillan.example/x", "???"]
)
def test_too_little_is_not_guessed(text: str) -> None:
    assert detect(text) == (None, 0.0)


def test_longer_text_is_surer_than_short() -> None:
    short = detect("När öppnar ni?")[1]
    long = detect(
        "Hej! När öppnar ni på måndagar? Jag har försökt ringa men ingen svarar, och jag behöver lämna en ansökan."
    )
    assert long[0] == "sv"
    assert long[1] > short
    assert long[1] > 0.7


def test_mixed_text_gets_the_larger_language_with_less_confidence() -> None:
    swedish = "Hej! Jag bifogar vår ansökan och undrar när vi kan få svar."
    language, confidence = detect(swedish + " Please find the attached form for your review.")
    assert language == "sv"
    assert confidence < detect(swedish)[1]


def test_only_the_beginning_is_read() -> None:
    swedish = "Jag undrar när ni öppnar och vad det kostar. " * 100
    assert detect(swedish[:4000] + "We would like to know when you are open. " * 500) == detect(swedish[:4000])


@given(st.text(max_size=300))
def test_any_text_gets_a_known_language_or_none(text: str) -> None:
    language, confidence = detect(text)
    assert language is None or language in LANGUAGES
    assert 0.0 <= confidence <= 1.0
    assert language is not None or confidence == 0.0


def test_a_megabyte_costs_no_more_than_its_beginning() -> None:
    beginning, all_of_it = "å" * 4_000, "å" * 1_000_000
    assert cpu_seconds(lambda: detect(all_of_it)) < 9 * max(cpu_seconds(lambda: detect(beginning)), 0.002)
