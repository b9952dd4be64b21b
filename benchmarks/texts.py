"""The words of the generated mail: what people write to a Swedish municipality on an ordinary day."""

#: subject, opening question or statement, sentences to go on with
TOPICS = (
    (
        "Öppettider på återvinningscentralen",
        "Vilka tider har återvinningscentralen öppet under påskveckan?",
        "Vi har en släpkärra med trädgårdsavfall som vi gärna vill bli av med innan helgen.",
        "På webbplatsen står bara de vanliga tiderna.",
        "Går det också att lämna färgburkar och gamla batterier samma dag?",
    ),
    (
        "Bygglov för altan, Björken 4:12",
        "Jag undrar hur långt ni har kommit med min ansökan om bygglov för en inglasad altan.",
        "Ritningarna skickade jag in i början av månaden tillsammans med situationsplanen.",
        "Snickaren vill börja så snart tjälen har gått ur marken.",
        "Säg till om det är något mer ni behöver från mig.",
    ),
    (
        "Begäran om protokoll",
        "Jag begär att få ta del av protokollet från kommunstyrelsens senaste sammanträde.",
        "Jag är särskilt intresserad av paragrafen om den nya skolan.",
        "Skicka det gärna som en fil till den här adressen.",
        "Om något är belagt med sekretess vill jag ha ett skriftligt beslut om det.",
    ),
    (
        "Snöröjningen på Kyrkvägen",
        "Nu är det tredje gången i vinter som plogen lämnar en vall framför vår infart.",
        "Min man går med rullator och kommer inte ut till brevlådan.",
        "Vi har ringt flera gånger utan att någon har hört av sig.",
        "Hur har ni tänkt lösa det här inför nästa snöfall?",
    ),
    (
        "Förskoleplats till hösten",
        "Vi flyttar till kommunen i augusti och söker förskoleplats för vår dotter, som då är två år.",
        "Helst vill vi ha en plats i närheten av stationen eftersom vi pendlar.",
        "Hur lång är kötiden och när får vi besked?",
        "Behöver ni något intyg från arbetsgivaren redan nu?",
    ),
    (
        "Gatlyktan vid busshållplatsen",
        "Gatlyktan vid busshållplatsen i Mellanby har varit släckt sedan förra veckan.",
        "Det är kolmörkt när barnen väntar på skolbussen på morgonen.",
        "Stolpen har nummer 214 och ser hel ut, så det är nog bara lampan.",
        "Tack för att ni tittar på det!",
    ),
    (
        "Samråd om detaljplan för Norra hamnen",
        "Härmed bereds ni tillfälle att yttra er över förslaget till detaljplan för Norra hamnen.",
        "Handlingarna finns bifogade och kan även läsas på biblioteket.",
        "Synpunkter ska lämnas skriftligen senast tre veckor från dagens datum.",
        "Frågor om planen besvaras av planarkitekten.",
    ),
    (
        "Hyra bygdegården i juni",
        "Finns det möjlighet att hyra bygdegården lördagen den 13 juni?",
        "Vi blir ungefär sextio personer och behöver tillgång till köket.",
        "Vad kostar det för en förening som är registrerad i kommunen?",
        "Tacksam för svar före månadsskiftet.",
    ),
    (
        "Kompletterande uppgifter i ärendet",
        "Här kommer de uppgifter som ni bad om i ert brev.",
        "Mätningen gjordes av samma firma som förra året.",
        "Jag har markerat ändringarna i gult så att de är lätta att hitta.",
        "Hör av er om något är oklart.",
    ),
    (
        "Till kännedom: driftinformation",
        "För kännedom kommer här information om nästa veckas underhållsarbete på ledningsnätet.",
        "Arbetet utförs nattetid och bör inte märkas för hushållen.",
        "Ingen åtgärd behövs från er sida.",
        "Nästa information kommer när arbetet är klart.",
    ),
)

GREETINGS = ("Hej!", "Hej,", "God morgon!", "Hejsan!", "Till den det berör.", "Hej igen!")
CLOSINGS = ("Med vänlig hälsning", "Vänliga hälsningar", "Mvh", "Hälsningar", "Bästa hälsningar")
FIRST_NAMES = ("Åsa", "Björn", "Märta", "Olle", "Karin", "Göran", "Elin", "Pär", "Sigrid", "Anders", "Fatima", "Jörgen")
LAST_NAMES = ("Öberg", "Lindström", "Åkesson", "Sjöberg", "Norén", "Hedlund", "Berglund", "Haddad", "Wikström", "Ek")
PROVIDERS = ("privatmejl.example", "bredband.example", "foretaget.example", "lansstyrelsen.example", "forening.example")
NEWSLETTER = (
    "Nyheter för dig som arbetar med gator och parker.",
    "I månadens nummer: halkbekämpning utan salt, belysning som sparar ström och en ny maskin för trånga gångvägar.",
    "Läs mer på vår webbplats eller besök oss på mässan i mars.",
)
AUTO_REPLY = "Jag är ledig och läser inte min e-post. Vid brådskande ärenden kontakta vår växel."
