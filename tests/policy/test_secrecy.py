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


#: told mildly, by the person or somebody near, without the words of a file or a diagnosis list
MILD = [
    "Vår elev i åttan har inte varit på en lektion sedan jul, hon får ångest bara av att kliva av bussen. Kan vi ses?",
    "Som arbetsgivare vill jag höra om ni kan hjälpa en av våra anställda, han har börjat dricka igen och bor i bilen.",
    "Sedan i höstas är jag sjukskriven och pengarna räcker inte till hyran. Vem pratar jag med?",
    "Pappa glömmer att äta och spisen stod på i natt. Vi barn bor i Malmö. Går det att få någon som tittar till honom?",
    "Jag orkar inte lyfta min man längre, hans parkinson har blivit värre och nätterna är hemska.",
    "Min hyresgäst på Ågatan 4 släpper inte in någon, det luktar och hon pratar med tv:n. Jag tror hon mår dåligt.",
    "Vi ska skiljas och han hotar att ta barnen till sin mamma i Beirut.",
    "Min dotter äter metylfenidat och behöver ta tabletten klockan elva. Kan fritids sköta det?",
    "Elias pappa sitter på anstalt till augusti, så det är bara jag som ska ha breven från skolan.",
    "Hej, vi fick nej på ansökan om stöd. Theo har autism och kan inte åka taxi med främmande.",
    "Jag går hos psykolog på tisdagar och kan därför inte komma på mötet om min ekonomi.",
    "Kronofogden kommer på fredag, vi har två små barn och ingenstans att ta vägen.",
    "Som god man för Nils Ek skickar jag hans bankbesked och läkarens utlåtande.",
    "Skolsköterskan vill ha kontakt: flickan i 5B har gått ner tio kilo sedan i november.",
    "Priserna i bilagan är våra egna och får absolut inte komma till konkurrenterna.",
    "Vi räknar med att flytta fabriken hit men det är inte offentligt ännu, så håll det inom huset.",
    "Jeg har vært sykmeldt siden nyttår og har ikke råd til strømmen. Hvem kan hjelpe?",
    "Sønnen min har ADHD og får ikke den hjelpen han trenger i klassen.",
    "En av mine ansatte kommer full på jobb og har mistet leiligheten. Han vet at jeg skriver.",
    "Kona mi har fått demens, og eg orkar ikkje meir. Finst det avlasting?",
    "Guten i klassen min har blåmerke på armane og vil ikkje heim om fredagane.",
    "Eg er ufør og får ikkje pengane til å strekke til. Har bedt om sosialhjelp før.",
    "Eksen min fikk besøksforbud, men han står utenfor barnehagen likevel.",
    "Datteren min kutter seg og vi venter på time hos BUP. Kan skolen legge til rette?",
    "Far har hatt slag og sitter i rullestol. Badet er for trangt. Kan vi få støtte til å bygge om?",
    "Jeg går på metadon og mistet plassen i boligen. Nå sover jeg hos en kompis.",
    "Vi skiller lag, og faren får ikke hente henne i barnehagen uten meg. Han har drukket når han kjører.",
    "Jonas har diabetes og trenger hjelp med insulinpumpa på turen.",
    "Tegningene er ikke patentert ennå. Dette må bli mellom oss.",
    "Etter samlivsbruddet bor jeg og ungene hos søsteren min. Jeg har ingen penger til mat denne uka.",
    "Eg har fått kreft og må søkje om TT-kort.",
    "Min bror kom ut från häktet i måndags och har inget hem att gå till.",
    "Jag har MS och behöver en parkering närmare porten.",
    "Moster Greta får inte sin insulin i tid, de kom klockan elva i går igen.",
    "Jeg har angst og tør ikke møte opp personlig. Kan vi ta det på telefon?",
    "Frun min har varit inlagd för depression och vi kan inte betala avgiften för förskolan.",
    "Barnbarnet bor hos oss nu, hennes mamma är på behandlingshem.",
    "Jag blir slagen av min son när han inte får pengar. Han är nitton.",
    "Ho mor har ramla tre gonger denne veka og hugsar ikkje om ho har teke medisinane.",
    "Lærer på 9. trinn: ei jente fortel at stefaren kjem inn på rommet om natta.",
    "Min kollega på lagret har fått sparken och pratar om att inte vilja leva. Vad gör jag?",
    "Jag är född med en CP-skada och behöver assistans fler timmar än ni gett mig.",
]


@pytest.mark.parametrize("text", MILD)
def test_circumstances_told_mildly(text):
    assert judge(text)[0] is True


#: health, school, money and trouble in ordinary mail, about nobody in particular
ORDINARY = [
    "Vårdcentralen i Bjurholm har nya öppettider från den 1 mars. Kan ni lägga ut det på hemsidan?",
    "Hej! När börjar skolan efter påsklovet? Min dotter går i 3B.",
    "Vi vill gärna boka gymnastiksalen på torsdagar för vår seniorgympa, bra för rygg och knän.",
    "Föreningen söker bidrag till en föreläsning om psykisk ohälsa för alla i bygden.",
    "Parkeringen vid hälsocentralen är full av snö. När plogar ni?",
    "Kan ni skicka riktlinjerna för färdtjänst och hemtjänst? Jag skriver en uppsats på högskolan.",
    "Min försäkring vill ha ett intyg på att vattnet stängdes av den 4 mars.",
    "Vi har lekplatsen utanför vårt hus och gungan är trasig. Barnen kan skada sig.",
    "Hur lång är kön till äldreboendet? Vi funderar på att flytta hem till byn när vi blir gamla.",
    "Vi är ett företag som säljer rullstolar och rullatorer till kommuner. Får vi komma och visa?",
    "Regionen bjuder in till konferens om demensvård den 14 maj i Umeå.",
    "Jag är missnöjd med att bussen inte stannar vid sjukhuset längre.",
    "Min man och jag vill bygga ut altanen. Behövs bygglov?",
    "Läkaren på hälsocentralen har slutat, vem ansvarar för att det finns en ny?",
    "Röda Korset samlar in kläder till behövande och undrar om vi får stå på torget.",
    "Grannens hund skäller hela nätterna och vi kan inte sova.",
    "Vill rösta på en tjej i er ungdomsfullmäktige, hur gör man?",
    "Vi är en skolklass på 24 elever som vill besöka brandstationen.",
    "Jag fick ingen faktura för förskolan i mars. Kan ni skicka den igen?",
    "Kan ni förklara hur avgiften för hemtjänst räknas ut?",
    "Skyltarna vid skolan är skymda och bilarna kör för fort, jag är rädd att någon blir påkörd.",
    "Vi i idrottsklubben har 60 barn och behöver mer tid i hallen.",
    "Jag vill klaga på snöröjningen, jag halkade nästan i går.",
    "Min pappa och jag vill veta var gränsen mellan tomterna går.",
    "Jag arbetar som arbetsterapeut och söker den lediga tjänsten i er kommun.",
    "Kommer det att finnas vaccin mot influensa på biblioteket i år?",
    "Vi är sjuka på kontoret i dag så mötet om detaljplanen flyttas till torsdag.",
    "Vem är rektor på Åkerskolan? Jag vill tipsa om ett läger.",
    "Legekontoret flytter til nye lokaler i mars. Kan dere endre adressen på nettsiden?",
    "Når starter skolen etter vinterferien? Sønnen min går i fjerde.",
    "Vi vil søke om tilskudd til et kurs om psykisk helse for bygda.",
    "Kan jeg få leie svømmehallen til bursdag for datteren min?",
    "Kor mykje kostar det å ha barn i SFO? Vi flyttar til bygda i haust.",
    "Forsikringsselskapet vil ha en bekreftelse på at kommunen eier veien.",
    "Naboens katter graver i bedet mitt. Hvem snakker jeg med?",
    "Helselaget vil arrangere gåtur for alle over 60. Får vi bruke stien?",
    "Legevakta har fått ny inngang, og skiltene peker feil vei.",
    "Fastlegen vår slutter. Når kommer det en ny?",
    "Hei, mannen min og eg vil bygge garasje. Treng vi løyve?",
    "Ungane våre vil ha ein ballbinge i Nesgrenda. Vi har samla 80 underskrifter.",
    "Vi selger trygghetsalarmer og vil vise dem for hjemmetjenesten.",
    "Hvor høy er egenandelen på sykehjem? Jeg lager en oversikt for pensjonistlaget.",
    "Veien ved sykehuset er full av hull. Jeg ødela en felg i går.",
    "Inviterer til fagdag om rus og psykisk helse 3. juni.",
    "Jeg er lærer og lurer på om dere har ledige stillinger til høsten.",
    "Vi i FAU er bekymret for trafikken ved skolen.",
    "Medlemmer av eldrerådet, møtet 4. april er avlyst på grunn av sykdom.",
    "Är ni intresserade av en utställning om funktionsrätt på biblioteket?",
    "Bilen blev stulen på er parkering, har ni kameror där?",
    "Bussen hem från skolan var full i går och min son fick inte plats.",
    "Hei, jeg brakk nesten foten på fortauet utenfor rådhuset. Kan dere strø?",
    "Vi har råttor i soprummet och hyresvärden gör ingenting.",
    "Min mamma vill veta om hon kan rösta i förtid på biblioteket.",
    "Vår hund blev biten av en lös hund vid sjön, veterinären fick sy.",
    "Taket på skolan läcker och barnen får flytta runt, det är pinsamt.",
    "Jag vill att ni slutar salta vägen, det skadar min bil och våra träd.",
    "Avloppet luktar illa hela sommaren hos oss på Strandvägen.",
    "Hur anmäler man att man vill bli kontaktfamilj?",
    "Prislista för våra kurser bifogas, hör av er om ni vill boka.",
    "Anbud på takläggning: vi lämnar gärna en offert om ni är intresserade.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_mail_is_open(text):
    assert judge(text)[0] is False


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
