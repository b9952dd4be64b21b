"""What may be secret is found without its usual words; talk about secrecy is not taken for it."""

import pytest

from mailbot.policy import secrecy
from mailbot.policy.profile import load_policy
from mailbot.policy.reading import read
from tests.policy.mails import FACTS, headers_of, mail
from tests.support.growth import grows_linearly

POLICY = load_policy("bjurholm")


def judge(text, subject="Hej"):
    return secrecy.judge(read(mail(text, {"Subject": subject}), FACTS), POLICY)


CONFIDENTIAL = [
    # concern about a child, without the word
    "Jag är orolig för grannens pojke, han kommer hungrig till oss och har blåmärken på armarna.",
    "Hej, jag arbetar på förskolan. En flicka på min avdelning berättar att pappa slår henne när han är full.",
    "Vi hör skrik från lägenheten ovanför varje natt. Barnen är ensamma hemma och har samma kläder hela veckan.",
    "Jag vill göra en orosanmälan gällande ett barn i klass 3B som far illa.",
    "Treåringen på våning två står ofta ensam ute på gården sent och fryser, mamman är full och skriker.",
    "Jeg er bekymret for nabogutten. Han er mye alene, er sulten og har blåmerker.",
    "Jenta i barnehagen tør ikke gå hjem. Hun sier at mor drikker og at far slår.",
    "Jeg ønsker å melde en bekymring for to barn. Det er mye rus i hjemmet og vold.",
    # health and social circumstances of somebody
    "Min mamma Karin har fått diagnosen demens och hittar inte hem längre. Hemtjänsten måste komma oftare.",
    "Anna Lindqvist på Storgatan har börjat missbruka igen och blir av med lägenheten.",
    "Min son har adhd och autism och klarar inte skolan. Elevhälsan har gjort en utredning som jag bifogar.",
    "Jag är bipolär och har varit inlagd i tre veckor, därför har jag inte kunnat svara på ert brev.",
    "Jag lever på försörjningsstöd och har blivit vräkt. Var ska jag och barnen ta vägen?",
    "Min man slår mig. Jag behöver hjälp att komma bort härifrån.",
    "Jag orkar inte mer, jag vill inte leva längre. Ingen på kommunen svarar.",
    "Min bror är heroinist och har ett missbruk sedan tio år, kan han få plats på behandlingshem?",
    "Barnen är omhändertagna enligt LVU och pojken bor nu i familjehem. Umgänget fungerar inte.",
    "Moren min har fått diagnosen Alzheimers og er innlagt på sykehuset. Hun trenger sykehjemsplass.",
    "Jeg har kreft og får cellegift, så jeg kan ikke møte til samtalen om økonomisk sosialhjelp.",
    "Mannen min truer meg og har slått meg. Hvor kan jeg få hjelp?",
    # protected identity
    "Jag har skyddad identitet sedan i våras. Kan ni ta bort mitt namn från skolans lista?",
    "Vi har skyddade personuppgifter, så skicka inget till den gamla adressen.",
    "Min exman får inte veta var vi bor. Ändra i systemet är ni snälla.",
    "Vår elev har sekretessmarkering hos Skatteverket, hur hanterar ni klasslistan?",
    "Vi har adressesperre kode 6 og kan ikke stå på klasselisten.",
    "Datteren min har sperret adresse. Faren må ikke finne ut hvor vi bor.",
    # identity numbers
    "Ansökan gäller min dotter, 811218-9876.",
    "Mitt fødselsnummer er 15108695088, kan dere sjekke saken?",
    # business secrets
    "Vi lämnar våra kalkyler i förtroende. De är en företagshemlighet och får inte lämnas ut till konkurrenter.",
    "Bifogat anbud: vi begär sekretess för prisbilagan, vi lider skada om den lämnas ut.",
    "Tilbudet inneholder forretningshemmeligheter og ber om at prisene unntas offentlighet.",
    # stamps
    "Sekretess enligt OSL 26:1. Bifogar utredningen enligt överenskommelse.",
    "Handlingen omfattas av sekretess. 25 kap. 1 § OSL.",
    "Unntatt offentlighet jf. offl. § 13, jf. fvl. § 13. Se vedlagte rapport.",
    "U.off. Vedlagt følger uttalelse fra PPT om eleven.",
    "Strengt fortrolig: taushetsbelagte opplysninger om beboeren på rom 4.",
]


@pytest.mark.parametrize("text", CONFIDENTIAL)
def test_confidential(text):
    confidential, verdicts = judge(text)
    assert confidential is True
    assert all(verdict.rule.startswith("confidential.") and verdict.evidence for verdict in verdicts)


OPEN = [
    "Hej! När öppnar badhuset på lördag?",
    "Välkommen till vår utbildning om offentlighets- och sekretesslagen, OSL 26 kap och orosanmälan, den 3 maj.",
    "Webbinarium: barn som far illa. Så gör du en orosanmälan och så fungerar LVU.",
    "Vi söker en socialsekreterare till enheten för missbruk och försörjningsstöd. Sista dag 1 juni.",
    "Bifogar vårt sekretessavtal för underskrift inför upphandlingen av skrivare.",
    "Hur ansöker man om försörjningsstöd och vilka regler gäller?",
    "Hur gör man en orosanmälan? Jag skriver en uppsats.",
    "Vilka rutiner har ni för skyddade personuppgifter i skolan?",
    "Begär ut kommunens riktlinjer för sekretess och statistik över antal LVU-placeringar 2020-2025.",
    "Jag överklagar att ni inte lämnar ut avtalet. Ni hänvisar till sekretess enligt OSL 31:16, men det är gammalt.",
    "Rapporten visar att psykisk ohälsa bland unga ökar i hela landet.",
    "Lyktstolpen utanför Storgatan 4 är trasig sedan en månad, det är mörkt när barnen går till skolan.",
    "Jag är orolig för min dotters skolväg. Bilarna kör för fort och det finns ingen trottoar.",
    "Ungdomar dricker och bråkar på skolgården om kvällarna. Kan ni sätta upp en lampa?",
    "Vår hund skäller men ingen har klagat till oss. Grannen Berit Ek har aldrig sagt något.",
    "Ansöker om bygglov för altan på Storbyn 2:5. Organisationsnummer 212000-2643.",
    "Faktura 240115-1003, OCR 8507142389, bankgiro 5050-1055.",
    "Min son börjar förskoleklass i höst, när får vi veta vilken skola det blir?",
    "Hon som satt i receptionen var otrevlig och lade på luren. Jag är mycket missnöjd.",
    "Kan ni sanda trottoaren? Min mamma är gammal och rädd för att halka.",
    "Kallelse till sammanträde i socialnämnden den 4 maj, dagordning bifogas.",
    "Nyhetsbrev från SKR: ny dom om sekretess, remiss om LVM och tips om dokumentation.",
    "Jag vill gärna diskutera kommunens arbete med barn och unga på ett möte.",
    "Vi har haft en hemlig gäst på biblioteket, det blev succé!",
    "Hei, når åpner svømmehallen på lørdag?",
    "Kurs om taushetsplikt og offentleglova § 13 for nyansatte, påmelding innen 1. mai.",
    "Hvilke regler gjelder for økonomisk sosialhjelp?",
    "Vi trenger statistikk over antall bekymringsmeldinger i 2025.",
    "Dere viste til offl. § 13 da dere sa nei til innsyn. Jeg klager på avslaget.",
    "Ledig stilling: barnevernspedagog i 100 %, søknadsfrist 1. juni.",
    "Jenta vår begynner på skolen til høsten, når får vi vite hvilken klasse?",
    "Det er glatt på fortauet i Skolegata. Kan dere strø?",
    "Please send me the contract with the bus company.",
]


@pytest.mark.parametrize("text", OPEN)
def test_open(text):
    assert judge(text)[0] is False


def test_the_subject_alone_may_be_confidential():
    assert (
        secrecy.judge(read(headers_of({"Subject": "Orosanmälan om ett barn som far illa"}), FACTS), POLICY)[0] is True
    )
    assert judge("Se bilaga.", "Sekretess enligt OSL 26:1")[0] is True


def test_without_the_text_nothing_is_said_to_be_open():
    assert secrecy.judge(read(headers_of({"Subject": "Hej"}), FACTS), POLICY)[0] is None


def test_quoted_words_are_handed_over_with_the_rest_and_count_too():
    quoted = "> Min mamma har skyddad identitet och fått diagnosen demens."
    text = "Tack för svaret!\n\nDen 3 mars 2026 skrev Kommunen:\n" + quoted
    assert judge(text)[0] is True
    footer = "Tack!\n\nMvh Bo\n\nDetta meddelande kan innehålla konfidentiell information.\n"
    assert judge(footer)[0] is False


def test_evidence_points_at_the_words():
    text = "Hej!\n\nDet gäller skyddade personuppgifter.\n"
    _, verdicts = judge(text)
    assert [text[verdict.evidence.start : verdict.evidence.end] for verdict in verdicts] == ["skyddade personuppgifter"]


@pytest.mark.parametrize(
    "piece", ["barn ", "osl 26 kap ", "18 kap ", "han har adhd. ", "Anna Berg ", "orolig för ", "offl § "]
)
def test_hostile_text_costs_linear_time(piece):
    def work_of(size):
        reading = read(mail(piece * (size // len(piece))), FACTS)
        return lambda: secrecy.judge(reading, POLICY)

    assert grows_linearly(work_of, 12_000)
