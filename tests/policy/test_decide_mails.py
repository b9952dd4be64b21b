"""Hard municipal mail from bytes to decision: words avoided where they matter, and used where they do not.

Mail that must be registered may be asked about but is never silently dropped; ordinary mail is never announced as
secret.
How often the proposal is exactly right is measured over the whole table.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from mailbot.policy.decide import decide
from mailbot.policy.model import AnnounceConfidential, Decision, Diarise, ForwardToRegistrar
from mailbot.policy.profile import load_policy
from tests.policy.mails import FACTS, mail

POLICY = load_policy("bjurholm")
NOW = datetime(2026, 3, 9, 9, 5, tzinfo=UTC)

CITIZEN = "Anna Berg <anna.berg@gmail.example>"
COUNTY = "Registrator <registrator@lansstyrelsen.example>"
STATE = "Postmottak <postmottak@statsforvalteren.example>"
COMPANY = "Kim Ek <kim.ek@konsult.example>"
COLLEAGUE = "Per Ek <per.ek@bjurholm.example>"
FORM = "Formulär <formular@bjurholm.example>"


@dataclass(frozen=True)
class Case:
    subject: str
    text: str
    #: what a registrar would say: yes, no, ask, or two of them
    diarise: str
    needs_reply: bool | None
    sender: str = CITIZEN
    confidential: bool = False
    headers: tuple[tuple[str, str], ...] = ()


MUST = [
    # appeals without the word
    Case(
        "Altanen",
        "Jag håller inte med om det ni kommit fram till. Titta på ritningen en gång till och ändra er.",
        "yes",
        True,
    ),
    Case(
        "Ert brev",
        "Ni säger nej till bygglov men grannen fick ja. Det är fel och jag vill att någon annan prövar det.",
        "yes",
        True,
    ),
    Case("skolskjuts", "Vi godtar inte att Elsa ska gå fyra kilometer. Ni måste göra om bedömningen.", "yes", True),
    Case(
        "Vedtaket",
        "Jeg er ikke enig i det dere har bestemt om garasjen og ber dere vurdere saken på nytt.",
        "yes",
        True,
    ),
    Case("Avslaget", "Vi ber om at avslaget på dispensasjon blir omgjort. Dere har målt feil.", "yes", True),
    Case(
        "SV: Beslut",
        "Beslutet kom den 2 mars. Jag är inte nöjd med det och vill gå vidare till högre instans.",
        "yes",
        True,
    ),
    # requests for documents
    Case("Fråga", "Kan ni skicka mig avtalet med bussbolaget? Jag vill inte säga vem jag är.", "yes", True),
    Case("Protokoll", "Jag vill ta del av samtliga protokoll och bilagor från nämndens möten 2025.", "yes", True),
    Case("Innsyn", "Jeg ber om kopi av alle brev mellom kommunen og utbyggeren i 2025.", "yes", True),
    Case("Lista", "Hej, jag är journalist och begär ut kommunchefens e-postlista för februari.", "yes", True),
    # applications
    Case(
        "Midsommar",
        "Vi vill använda torget den 19 juni kl. 10-16 och ansöker om tillstånd. Karta bifogas.",
        "yes",
        True,
    ),
    Case("Bidrag", "Idrottsföreningen söker 20 000 kr i bidrag till nya mål. Budgeten finns i bilagan.", "yes", True),
    Case("Plats", "Vi flyttar till er i augusti och vill söka plats på förskolan för vår son.", "yes", True),
    Case("Skjenking", "Vi søker om skjenkebevilling for en enkelt anledning 12. juni i samfunnshuset.", "yes", True),
    # reports
    Case(
        "Bäcken",
        "Det rinner något som luktar diesel från verkstaden ner i bäcken. Det har pågått i en vecka.",
        "yes",
        True,
    ),
    Case("Lampan", "Gatlyktan utanför Storgatan 4 är trasig sedan en månad. Kan ni laga den?", "yes", True),
    Case(
        "Grannen bygger",
        "Min granne bygger ett stort garage utan lov på fastigheten Storbyn 2:5. Ni bör kontrollera det.",
        "yes",
        True,
    ),
    Case("Forsøpling", "Noen dumper søppel ved bekken bak skolen. Det ligger gamle bildekk der.", "yes", True),
    # complaints
    Case(
        "Tredje gången",
        "Det här är tredje gången jag skriver om snöröjningen utan att få svar. Det är oacceptabelt.",
        "yes",
        True,
    ),
    Case("Hemtjänsten", "Jag är mycket missnöjd med städningen. Ni kommer aldrig på utsatt tid.", "yes", True),
    Case("Ventetid", "Jeg er svært misfornøyd. Jeg har ringt fem ganger og ingen ringer tilbake.", "yes", True),
    Case("Ersättning", "Plogbilen körde sönder mitt staket. Jag kräver ersättning för skadan, 8 000 kr.", "yes", True),
    # proposals
    Case("Förslag", "Jag föreslår att kommunen bygger en gångväg mellan skolan och badplatsen.", "yes", True),
    # authorities
    Case(
        "Remiss",
        "Länsstyrelsen ger er tillfälle att yttra er över bifogat förslag. Svar senast den 1 maj.",
        "yes",
        True,
        COUNTY,
    ),
    Case(
        "Tillsyn",
        "Länsstyrelsen förelägger kommunen att senast den 15 april redovisa vidtagna åtgärder.",
        "yes",
        None,
        COUNTY,
    ),
    Case(
        "Beslut 551-2026",
        "Länsstyrelsen beslutar att upphäva nämndens beslut. Hur man överklagar framgår av bilagan.",
        "yes",
        None,
        COUNTY,
    ),
    Case(
        "Nya föreskrifter",
        "De bifogade föreskrifterna ska tillämpas från den 1 juli och ersätter tidigare anvisningar.",
        "yes",
        None,
        COUNTY,
    ),
    Case(
        "Høring",
        "Vi sender med dette forslag til endring i forskriften på høring. Frist for uttalelse er 1. juni.",
        "yes",
        True,
        STATE,
    ),
    Case(
        "Vedtak",
        "Statsforvalteren har i dag truffet vedtak i klagesaken. Kommunens vedtak oppheves.",
        "yes",
        None,
        STATE,
    ),
    # a case of ours
    Case("SV: KS 2026/12", "Här kommer situationsplanen ni bad om.", "yes", None),
    Case("Komplettering", "Komplettering i ärende KS 2026/44: måtten på garaget är 6 x 8 meter.", "yes", None),
    # must beside need-not
    Case(
        "För kännedom",
        "För kännedom: härmed överklagas beslutet om bygglov på Storbyn 2:5. Inget svar behövs.",
        "yes",
        None,
    ),
    Case(
        "Tack!", "Tack för senast! Förresten vill jag anmäla att det ligger oljefat vid bäcken och läcker.", "yes", None
    ),
    # web form: a citizen in an automatic envelope
    Case(
        "Synpunkt från webben",
        "Namn: Anna Berg\nMeddelande: Jag överklagar beslutet om skolskjuts.",
        "yes",
        True,
        FORM,
        headers=(("Reply-To", "anna.berg@gmail.example"), ("Auto-Submitted", "auto-generated"), ("Return-Path", "<>")),
    ),
    # confidential
    Case(
        "Oro", "Jag är orolig för grannens pojke, han kommer hungrig och har blåmärken.", "yes", True, confidential=True
    ),
    Case("Hej", "Jag har skyddad identitet. Ta bort mitt namn från klasslistan.", "yes", True, confidential=True),
    Case("Ansökan", "Jag ansöker om parkeringstillstånd. Personnummer 811218-9876.", "yes", True, confidential=True),
    Case("Rapport", "Sekretess enligt OSL 26:1. Utredningen bifogas.", "yes", None, COUNTY, confidential=True),
    Case(
        "Anbud",
        "Vi begär sekretess för prisbilagan, som är en företagshemlighet.",
        "yes",
        None,
        COMPANY,
        confidential=True,
    ),
    Case(
        "Bekymring",
        "Jeg er bekymret for nabogutten, han er mye alene og har blåmerker.",
        "yes",
        True,
        confidential=True,
    ),
    Case(
        "Uttalelse",
        "Unntatt offentlighet, jf. offl. § 13. Vedlagt følger rapporten om eleven.",
        "yes",
        None,
        STATE,
        confidential=True,
    ),
    Case("Mor", "Moren min har fått diagnosen demens. Vi søker om sykehjemsplass.", "yes", True, confidential=True),
]

NEED_NOT = [
    Case("Badhuset", "Hej! Vilka tider har badhuset öppet på lördag?", "no", True),
    Case("Svømmehall", "Hei, når åpner svømmehallen på lørdag? Mvh Kari", "no", True),
    Case("Biblioteket", "Hej, går det att låna e-böcker hos er? Tacksam för svar.", "no", True),
    Case("Telefonnummer", "Vem kontaktar jag om jag vill boka bygdegården?", "no", True),
    Case("SV: Öppettider", "Tack så mycket för svaret!", "no", False),
    Case("Re: Møte", "Tusen takk for hjelpen!", "no", False),
    Case(
        "Erbjudande",
        "30 % rabatt på kontorsstolar hela mars! Beställ redan i dag på vår webbplats.",
        "no",
        False,
        COMPANY,
    ),
    Case(
        "Boka demo",
        "Vi hjälper kommuner att spara tid. Boka en demo av vår plattform redan i dag!",
        "no",
        False,
        COMPANY,
    ),
    Case("Tilbud", "Kjempetilbud på kontormøbler! Bestill nå og få 20 % rabatt.", "no", False, COMPANY),
    Case("För kännedom", "Översänds för kännedom. Ingen åtgärd krävs.", "no", False, COMPANY),
    Case("Til orientering", "Oversendes til orientering. Krever ikke svar.", "no", False, COMPANY),
    Case(
        "Fika",
        "Hej! Ska vi ta en fika på torsdag? Jag har bakat tårta. Kram",
        "no|ask",
        None,
        "Mamma <mamma@gmail.example>",
    ),
    Case(
        "Utkast",
        "Hej, här är mitt utkast v0.2 till minnesanteckningar. Bara arbetsmaterial.",
        "no|ask",
        False,
        COLLEAGUE,
    ),
    Case("Lunch", "Mötet börjar 13 i stället för 12.", "no|ask", None, COLLEAGUE),
    Case(
        "Veckans nyheter",
        "Remiss, beslut, överklagande: läs mer.\n\nAvregistrera dig: https://n.example/u",
        "no|ask",
        False,
        "Nytt <nytt@nyheter.example>",
        headers=(("List-Unsubscribe", "<https://n.example/u>"), ("Precedence", "bulk")),
    ),
    Case(
        "Automatiskt svar: Kallelse",
        "Jag är på semester och åter den 3 augusti.",
        "no",
        False,
        CITIZEN,
        headers=(("Auto-Submitted", "auto-replied"),),
    ),
    Case(
        "Undelivered Mail Returned to Sender",
        "Your message about the appeal could not be delivered.",
        "no",
        False,
        "MAILER-DAEMON <mailer-daemon@mail.example>",
    ),
]

UNSURE = [
    Case("Se bilaga", "", "ask", None),
    Case("Hej", "Ring mig.", "ask", True),
    Case(
        "Inbjudan",
        "Vi bjuder in er till en frukost om framtidens energi den 4 maj. Anmäl dig senast 1 maj.",
        "ask|no",
        None,
        COMPANY,
    ),
    Case(
        "Faktura 1003",
        "Bifogat finns faktura för mars. Förfallodag 30 april, bankgiro 5050-1055.",
        "ask|no",
        False,
        COMPANY,
    ),
    Case(
        "Kurs",
        "Välkommen till vår utbildning om offentlighets- och sekretesslagen, OSL 26 kap.",
        "ask|no",
        False,
        COMPANY,
    ),
    Case(
        "Statistik",
        "Undersökningen visar att psykisk ohälsa ökar. Läs rapporten på vår webb.",
        "ask|no",
        False,
        COMPANY,
    ),
]

ALL = [*MUST, *NEED_NOT, *UNSURE]


def judge(case: Case) -> Decision:
    headers = {"From": case.sender, "Subject": case.subject, **dict(case.headers)}
    direction = "internal" if "@bjurholm.example" in case.sender else "incoming"
    facts = replace(FACTS, received_at=NOW, direction=direction)
    return decide(mail(case.text, headers), facts, POLICY, NOW)


@pytest.mark.parametrize("case", MUST, ids=lambda case: case.subject)
def test_what_must_be_registered_is_never_silently_dropped(case):
    decision = judge(case)
    assert decision.diarise is not Diarise.NO
    assert decision.automatic is False
    assert len({action.name for action in decision.actions} - {"open_obligation"}) == 1


@pytest.mark.parametrize("case", [case for case in ALL if case.confidential], ids=lambda case: case.subject)
def test_what_may_be_secret_is_announced_without_a_copy(case):
    decision = judge(case)
    assert (decision.confidential, decision.diarise) == (True, Diarise.YES)
    assert AnnounceConfidential() in decision.actions
    assert ForwardToRegistrar() not in decision.actions


@pytest.mark.parametrize("case", [case for case in ALL if not case.confidential], ids=lambda case: case.subject)
def test_ordinary_mail_is_not_taken_for_secret(case):
    assert judge(case).confidential is False


def test_the_table_is_large_enough_to_mean_something():
    assert len(ALL) >= 60
    assert sum(case.confidential for case in ALL) >= 8


def test_the_diary_proposal_is_mostly_a_registrars():
    wrong = [case.subject for case in ALL if judge(case).diarise not in case.diarise.split("|")]
    assert len(wrong) <= 0.15 * len(ALL), wrong


def test_the_need_of_a_reply_is_mostly_seen():
    judged = [case for case in ALL if case.needs_reply is not None]
    wrong = [case.subject for case in judged if judge(case).needs_reply is not case.needs_reply]
    assert len(wrong) <= 0.1 * len(judged), wrong


def test_few_mails_are_asked_about():
    asked = [case.subject for case in ALL if judge(case).diarise is Diarise.ASK]
    assert len(asked) <= 0.25 * len(ALL), asked
