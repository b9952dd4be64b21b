"""What mail programs and people put around their own words, as data: separators, header fields, closings, footers.

Every expression is matched against one line (or a few joined lines) cut to `LINE_LIMIT` characters, so that no input
can make matching slow. Texts are compared in lower case.
"""

import re
from typing import Literal


def words(text: str) -> frozenset[str]:
    """A readable way to write a set of words."""
    return frozenset(text.split())


#: longer lines are prose; no pattern is tried on them
LINE_LIMIT = 400

FieldKind = Literal["from", "sent", "date", "to", "cc", "subject", "reply_to", "attachments", "importance"]

#: header fields that Outlook, OWA, Apple Mail, Thunderbird and others print above a quoted original
FIELDS: dict[str, FieldKind] = {
    **dict.fromkeys(("från", "fra", "frå", "from", "von", "lähettäjä", "afsender", "avsändare", "avsender"), "from"),
    **dict.fromkeys(("skickat", "sendt", "sent", "gesendet", "lähetetty", "skickad"), "sent"),
    **dict.fromkeys(("datum", "dato", "date", "päiväys", "päivämäärä", "pvm"), "date"),
    **dict.fromkeys(("till", "til", "to", "an", "vastaanottaja", "mottagare", "mottaker", "modtager"), "to"),
    **dict.fromkeys(("kopia", "kopi", "cc", "kopie", "kopio", "hemlig kopia"), "cc"),
    **dict.fromkeys(("ämne", "emne", "subject", "betreff", "aihe", "ärende", "rubrik"), "subject"),
    **dict.fromkeys(("svara till", "svar til", "reply-to", "svar till", "antwort an", "vastausosoite"), "reply_to"),
    **dict.fromkeys(("bifogade filer", "vedlegg", "attachments", "anlagen", "liitteet", "bilagor"), "attachments"),
    **dict.fromkeys(("prioritet", "importance", "viktighet", "wichtigkeit", "tärkeys"), "importance"),
}

#: "*Från:* Anna" is what Gmail and Thunderbird make of Outlook's bold field names
FIELD_LINE = re.compile(r"[\s>]{0,8}\*{0,2}([a-zåäöæøü][a-zåäöæøü-]*(?: [a-zåäöæøü]+)?)\*{0,2} ?:\*{0,2}(?!\S*//)(.*)")

#: Outlook mobile and some archives fold the whole block into one line
FOLDED_FIELDS = re.compile(
    r"\*?(?:från|fra|from|von|lähettäjä):.{1,200}?\b(?:skickat|sendt|sent|gesendet|lähetetty|datum|dato|date):"
    r".{1,120}?\b(?:till|til|to|an|vastaanottaja|ämne|emne|subject|betreff|aihe):"
)

_ORIGINAL = (
    "ursprungligt meddelande|originalmeddelande|ursprungligt mail|original message|original appointment"
    "|ursprungligt mejl|opprinnelig melding|original melding|opphavleg melding|oprindelig meddelelse"
    "|oprindelig besked|original besked|ursprüngliche nachricht|originalnachricht|alkuperäinen viesti"
    "|ursprunglig avtalad tid|reply message|svarsmeddelande"
)
_FORWARDED = (
    "vidarebefordrat meddelande|vidarebefordrat brev|vidarebefordrat mail|vidarebefordrat mejl"
    "|påbörjar vidarebefordrat brev|början på vidarebefordrat brev|början på vidarebefordrat meddelande"
    "|videresendt melding|vidaresendt melding|start på videresendt melding|videresendt e-post"
    "|videresendt meddelelse|videresendt besked|start på videresendt besked|begin forwarded message"
    "|forwarded message|forwarded by .{1,80}|weitergeleitete nachricht|anfang der weitergeleiteten nachricht"
    "|anfang der weitergeleiteten e-mail|edelleenlähetetty viesti|välitetty viesti|edelleen lähetetty viesti"
)
#: Lotus Notes; without dashes these words are prose
_FORWARDED_BY = "(?:vidarebefordra(?:t|d|ts|des) av|videresendt (?:av|af)|weitergeleitet von|välittänyt) .{1,80}"
#: "-----Ursprungligt meddelande-----": the dashes or a closing colon are needed, the words alone are prose
SEPARATOR = re.compile(
    rf"(?:[-_=*–—]{{2,}}[ \t]*(?:{_ORIGINAL}|{_FORWARDED}|{_FORWARDED_BY})\b[^.?!]{{0,60}}"
    r"|-{3,} ?(?:den|på|on|am) .{10,150} (?:skrev|wrote|schrieb|kirjoitti) ?-{3,}"
    rf"|(?:{_FORWARDED})[ \t]*:?|(?:{_ORIGINAL})[ \t]*:)[ \t]*"
)

#: what case systems print above the mail that is answered: "##- Skriv ditt svar ovanför denna rad -##"
ANSWER_ABOVE = re.compile(
    r"[-_=*#–—+~]{2,80} {0,3}(?:(?=\w).{0,30}?\b(?:svar|svara|skriv|skriva|besvara|reply|respond|type|write|antwort\w*"
    r"|vastaa\w*)\b.{0,40}\b(?:ovanför|över|ovenfor|over|above|oberhalb|über|yläpuolelle)\b.{0,40})[-_=*#–—+~ .]{0,80}"
)

#: "Den tis. 28." may be wrapped there: a full stop that ends no sentence
ABBREVIATED_END = re.compile(
    r"(?:\d|\bkl|\bklo|\b[ap]\.m|\b(?:mån|tis|ons|tors|fre|lör|sön|man|tir|tirs|tor|lør|søn))\.$"
)

#: a bare rule above a header block (Outlook on the web, Lotus Notes)
RULE = re.compile(r"[_=–—-]{5,}")

#: the verb of "Den 3 mars 2026 kl. 10:12 skrev Anna Berg <anna@example.se>:"
WROTE = re.compile(r"\b(?:skrev följande|skrev følgende|skrev|har skrivit|schrieb|wrote|kirjoitti|skriver|writes)\b")
#: whoever is named so is part of a sentence, not of a program's line
PRONOUN_AFTER = re.compile(
    r"\s*(?:vi|jag|du|ni|han|hon|de|dem|man|någon|en|ett|min|mitt|mina|vår|vårt|våra|er|ert|era"
    r"|den(?! \w{0,8} ?\d)|det|jeg|dere|noen"
    r"|et|mitt|vår|i|we|you|he|she|they|someone|my|our|a|an|the|ich|wir|sie|er|es|man|kommunen|nämnden|följande i)\b"
)
PRONOUN_BEFORE = re.compile(
    r"(?:^|\s)(?:vi|jag|du|ni|han|hon|de|man|som|jeg|dere|noen|i|we|you|he|she|they|who|ich|wir|sie)\s*$"
)
#: how such a line may begin, whatever the program: a day, a weekday, a lead word
REPLY_LEAD = re.compile(
    r"(?:den|på|on|am|at|il|d\.)\s"
    r"|(?:mån(?:dag)?|tis(?:dag)?|ons(?:dag)?|tors?(?:dag)?|fre(?:dag)?|lör(?:dag)?|sön(?:dag)?|man(?:dag)?|tirs?(?:dag)?"
    r"|lør(?:dag)?|søn(?:dag)?|mon(?:day|tag)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?|ma|ti|ke|to|pe|la|su|mo|di|mi|do|fr|sa|so|maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai"
    r"|sunnuntai|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
    r"[.,]?\s+(?:den\s+)?\d"
    r"|\d{1,2}[./ ]|\d{4}-\d\d-\d\d"
)
DATE = re.compile(
    r"\b(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|\d{1,2}(?:st|nd|rd|th|\.|:e)?\s+[a-zåäöæøü]{3,10}\.?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s+\d{1,2})(?!\w)"
)
TIME = re.compile(r"\b\d{1,2}[:.]\d\d(?![\d.])")
#: seconds, half of the day, zone and year between the time and the name
AFTER_TIME = re.compile(
    r"(?:[:.]\d\d)?[\s,]{0,3}(?:[AaPp]\.?[Mm]\.?(?=[\s,]))?[\s,]{0,3}"
    r"(?:[+-]\d{4}|(?:CES?T|EES?T|GMT|UTC|BST|[ECMP][DS]T)(?:[+-]\d{1,2})?)?[\s,]{0,3}(?:\(\w{2,5}\))?[\s,]{0,3}"
    r"(?:\d{4},)?[\s,]{0,3}(?:Uhr)?[\s,]{0,3}"
)
ADDRESS = re.compile(r"[^\s<>@,;:()\[\]\"]{1,64}@[^\s<>@,;:()\[\]\"]{3,120}")

#: Gmail until 2013, in every language: "2012/3/4 Anna Berg <anna@example.se>"
DATED_ADDRESS = re.compile(r"\d{4}[/-]\d{1,2}[/-]\d{1,2} .{1,100} <[^\s<>@]{1,64}@[^\s<>]{3,120}>")
LOGIN = re.compile(r"[a-z][a-z0-9]{0,20}[a-z0-9_.-]{1,20}")

#: lines that clients and other senders put above quoted text without a date
QUOTING = re.compile(r"(?:quoting|citerar|citerat|zitat von|siterer|citat från)\s.{3,120}:")

_CLOSINGS = (
    # Swedish
    r"med vänlig(?:a)? hälsning(?:ar)?|med vänlig hälsn\.?|vänlig(?:a|t)? hälsning(?:ar)?|bästa hälsning(?:ar)?"
    r"|hjärtlig(?:a)? hälsning(?:ar)?|många hälsningar|varma hälsningar|soliga hälsningar|vårliga hälsningar"
    r"|hälsning(?:ar)?|hälsn\.?|tack och (?:vänlig(?:a)? )?hälsning(?:ar)?|högaktningsfullt|vänligen|m\.?v\.?h\.?"
    r"|allt gott|ha det (?:så )?(?:bra|gott|fint|skönt|godt|fine)(?: i \w+)?"
    r"|ha en (?:bra|fin|trevlig|skön|riktigt bra) (?:dag|helg|kväll|vecka"
    r"|sommar)|trevlig helg önskar|trevlig helg|kramar|kram|med hälsning(?:ar)?"
    r"|vördsamt|aktningsfullt|med utmärkt högaktning|er tillgivn[ae]"
    r"|bästa|vh"
    # Norwegian and Danish
    r"|med (?:(?:vennlig|venlig|venleg|beste|hjertelig) )?(?:hilsen|helsing|hilsning)|deres hengivne|ærbødigst"
    r"|(?:vennlig|venlig|venleg|beste|kærlig|mange|varm|hjertelig|kjær|god|gode)"
    r" (?:hilsen|helsing|hilsner|hilsninger)|(?:de )?bedste hilsner|hilsen|hilsner|helsing|kh|ha en fin dag"
    # Finnish
    r"|(?:ystävällisin|parhain|hyvin|kunnioittavasti|lämpimin) terveisin|terveisin|ystävällisesti"
    r"|kunnioittavasti|terv\.?"
    # English
    r"|(?:with )?(?:best|kind|kindest|warm|warmest|many)?\s?regards|best wishes|all the best|yours (?:sincerely"
    r"|faithfully"
    r"|truly)|sincerely(?: yours)?|respectfully|cheers|(?:many )?thanks|thank you|best"
    # German
    r"|mit (?:freundlichen|besten|herzlichen) gr(?:ü|ue)(?:ß|ss)en|mit freundlichem gru(?:ß|ss)|(?:freundliche"
    r"|viele|beste"
    r"|liebe|herzliche) gr(?:ü|ue)(?:ß|ss)e|mfg|gru(?:ß|ss)|hochachtungsvoll"
)
CLOSING = re.compile(rf"(?:{_CLOSINGS})(?![\w-])")
#: words that close a mail only when nothing but a name follows and the line is not a sentence of its own
WEAK_CLOSINGS = frozenset(
    (
        "tack",
        "thanks",
        "many thanks",
        "thank you",
        "best",
        "bästa",
        "cheers",
        "kram",
        "kramar",
        "vh",
        "kh",
        "allt gott",
        "trevlig helg",
        "ha det bra",
        "ha det så bra",
        "ha det gott",
        "ha det så gott",
        "vänligen",
        "ha en bra dag",
        "ha en fin dag",
        "ha en fin helg",
        "ha en trevlig dag",
        "ha en trevlig helg",
        "ha en bra helg",
        "hilsen",
        "hälsning",
        "gruß",
        "gruss",
        "terv",
    )
)
#: what may stand between a closing phrase and the name on the same line
CLOSING_LINK = re.compile(
    r"[\s,.!/–—-]*(?:(?:från|fra|fr\.|from|von|genom|gm|önskar|för|enligt uppdrag|e\.u\.)\s)?[\s/]*"
)

MOBILE_FOOTER = re.compile(
    r"(?:skickat|skickades|skickad|sänt|sent|sendt|sendes|versendet|gesendet|lähetetty|hämta|få|hent|get"
    r"|holen sie|hanki)"
    r" (?:från|fra|från mobilen|från min|with|using|via|von|mit|med|outlook|spark|gmail|e-post|iphonesta|puhelimesta"
    r"|androidista|on the go|from)\b[^,?!]{0,70}"
    r"(?:, (?:please )?(?:excuse|pardon|sorry|ursäkta|förlåt|unnskyld|beklager|undskyld)\b.{0,60})?"
    r"|von meinem .{2,40} gesendet.{0,20}|diese nachricht wurde von meinem .{1,60}"
    r"|lähetetty (?:iphonesta|ipadista|samsung).{0,60}|skickat med .{2,60}|meddelandet skickat från .{2,60}"
    r"|-+ ?skickat från .{2,60}"
)

#: paragraphs beginning so are boilerplate: disclaimers, virus scanners, banners of mail gateways, list footers
FOOTER = re.compile(
    r"(?:virusfri\.|virus-free\.|virenfrei\.|utan virus\."
    r"|(?:detta|denna|dette|denne|this) (?:e-?post\w*|e-?mail\w*|mail\w*|mejl\w*|meddelande\w*|message|melding\w*)"
    r"(?:,? (?:inklusive|och|og|and|samt|kan|är|er|has|was|may|is|har|med|inkludert|including)\b)"
    r".{0,160}?\b(?:konfidenti|konfidensi|sekretess|confidential|privileged|avsedd|endast|virus|intended|fortrolig"
    r"|taushets|kontrollerats|scanned|checked)"
    r"|tänk på miljön|tenk på miljøet|tænk på miljøet|spara på miljön|please consider the environment"
    r"|bitte denken sie"
    r"|(?:när|då|genom att) du (?:skickar|kontaktar|mejlar|mailar|kommunicerar).{0,100}personuppgift"
    r"|(?:vi|kommunen|.{2,40} kommun) behandlar (?:dina )?personuppgifter|så (?:behandlar"
    r"|hanterar) vi (?:dina )?personuppgift"
    r"|information om (?:hur vi behandlar )?(?:dina )?personuppgift|läs mer om hur .{0,60}personuppgift"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you are not the intended recipient"
    r"|om du (?:inte är rätt mottagare|har fått detta (?:meddelande|mail|mejl) av misstag"
    r"|mottagit detta .{0,30}av misstag)"
    r"|vi gjør oppmerksom på at .{0,40}e-post"
    r"|(?:all )?e-post (?:till|som) .{0,60}(?:allmän handling|allmänna handlingar|offentlig|journalpliktig)"
    r"|informasjonen i denne e-posten|diese e-?mail (?:enthält|kann)|tämä (?:sähkö)?posti (?:on|saattaa)"
    r"|tämä viesti (?:on|saattaa) .{0,40}luottamuksel"
    r"|(?:caution|warning|varning|obs!?|external|extern)[:!\]].{0,60}(?:external|extern|outside|utanför|utenfra)"
    r"|(?:detta|det här) (?:mejl\w*|mail\w*|meddelande\w*|e-post\w*) (?:kommer|kom"
    r"|skickades) från (?:en )?(?:extern|någon utanför)"
    r"|\[extern(?:al|t)?\]\s*$"
    r"|you (?:received|are receiving) this (?:message|e-?mail) because|to unsubscribe|unsubscribe\b"
    r"|avregistrera (?:dig|mig)"
    r"|avsluta prenumeration|du (?:får|mottar) (?:det här|detta|denne) .{0,40}(?:eftersom|fordi|för att) du"
    r"|vill du inte (?:längre )?(?:få|ha)|meld deg av|klicka här för att avregistrera|hantera (?:din )?prenumeration"
    r"|.{2,60} mailing list(?: -- \S{3,120})?$|mailing list: |list-?info: |to view this discussion"
    r"|for more options, visit|for additional commands)"
)

#: a sentence that stands where authorities otherwise sign
APPROVED = re.compile(
    r"(?:detta |dette )?(?:dokumentet|dokument|brevet|brev|handlingen) (?:er|är|har) .{0,40}(?:elektronisk|digital)"
)

#: three different ones of these in one long line make it a disclaimer, however it begins
DISCLAIMER_WORDS = re.compile(
    r"konfidentiell|endast avse|obehörig|rätt mottagare|av misstag|förstör|confidential|intended|unauthori[sz]ed"
    r"|prohibited|in error|disclos|privileged|konfidensiell|ved en feil|uvedkommende|vertraulich|irrtümlich|unbefugt"
)
#: first words of MOBILE_FOOTER and FOOTER
FOOTER_WORDS = words(
    """skickat skickades skickad sänt sent sendt sendes versendet gesendet lähetetty hämta få hent get holen hanki von
    diese meddelandet virusfri virus-free virenfrei utan detta denna dette denne this tänk tenk tænk spara please
    bitte när då genom vi kommunen så information läs the if om informasjonen tämä caution warning varning obs
    e-post all
    external extern det you to for unsubscribe avregistrera avsluta du vill meld klicka hantera mailing listinfo
    list-info"""
)

#: a block of ten or more; Bjurholm's official signature begins with 64
ASTERISKS = re.compile(r"\*{10,}")
POSTSCRIPT = re.compile(r"(?:p\.?\s?s\.?|ps)\s*[:.,!-]?\s+\S|p\.s\.?|ps[:.!]?")
_NAME_WORD = r"[A-ZÅÄÖÆØÜÉ](?:[a-zåäöæøüéè]{1,20}(?:-[A-ZÅÄÖÆØÜ][a-zåäöæøüé]{1,20})?|\.)?"
FULL_NAME = re.compile(rf"{_NAME_WORD}(?: (?:{_NAME_WORD}|von|af|de|van)){{1,3}}(?:, [^\W\d_][\w -]{{2,40}})?")
#: "ordf.", "sekr.", "Barbro E.": a full stop that ends no sentence
LABEL_END = re.compile(r"(?:^|[\s,])(?:[A-ZÅÄÖ]|ordf|sekr|bitr|insp|fil|dr|tf|led|vd|kass|v)\.$")
#: "För styrelsen", "Styrelsen genom", "Lillån den 13 maj 2026" above a name
ABOVE_NAME = re.compile(
    r"(?:för|styrelsen|genom|på uppdrag|enligt uppdrag|for|på vegne)\b.{0,40}|[^\W\d_]+,? (?:den )?\d.{4,20}"
)
_ONE_NAME = rf"(?:{_NAME_WORD}|[A-ZÅÄÖÆØÜ]-[A-ZÅÄÖÆØÜ])(?: (?:{_NAME_WORD}|von|af|de|van)){{0,3}}"
#: a name under the last sentence, and what people add to it: "Ulf o Maj", "Siv, god man", "Rut Berg, 88", "Per m fl"
SIGNED = re.compile(
    rf"{_ONE_NAME}(?:,? (?:o|och|og|&|\+|ja|und|and) {_ONE_NAME})?"
    r"(?:, ?[\w(][^.?!:;]{1,40}\.?|,? \(?\+?\d[\d ()-]{0,18}|,? (?:m\.? ?fl\.?|med familj|m familj|m\. familj)"
    r"|,? (?:kassör|kasserer|ordförande|sekreterare|styreleder|leder|rektor|tränare|trener|lärare|rådgiver|handläggare)"
    r"|,? (?:i|på|genom|för|gm) [A-ZÅÄÖÆØÜ][^.?!:;]{1,30})?"
)
CONTACT = re.compile(
    r"(?:\+|\b0)[\d ()/.-]{6,20}\d"  # a telephone number
    r"|[^\s@]{1,64}@[^\s@]{3,120}|\bwww\.\S{3,}|https?://\S{3,}"
    r"|\b(?:tel|tfn|telefon|mobil|växel|tlf|phone|mob|fax|puh|e-?post|e-?mail|adress|besöksadress"
    r"|postadress)\b\s*[.:]"
    r"|\b\d{3} ?\d{2}\s+[a-zåäöæø]{3,}|\b\d{4}\s+[a-zåäöæø]{3,}\s*$"  # postcode and place
)
