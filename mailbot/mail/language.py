"""Which language a text is written in: small words and letters, no model, no network.

For the mail of a Nordic municipality: Swedish, bokmål, nynorsk, Danish, Finnish, English, German. The neighbours share
most of their small words, so a word weighs the more the fewer languages have it.
"""

import re
from collections import Counter
from itertools import islice
from typing import Final

LANGUAGES: Final = ("sv", "nb", "nn", "da", "fi", "en", "de")

#: characters examined
_TEXT_LIMIT = 4_000
#: fewer points than this are chance
_ENOUGH_POINTS = 1.0
#: so many points leave no doubt of quantity
_PLENTY_POINTS = 6.0

# Frequent in letters to a municipality, and hardly part of names.
_WORDS: Final = {
    "sv": """ja nej gärna stämmer precis tackar varsågod
        ut frist tusen borta veckor helt hoppas föreslår varit möte svaret i få man in lämna lämnar blankett dit
        hit och att det som är på för av inte med till den har jag om ett en men var från kan ni vi er
        ert era ska hej hejsan skulle mycket också vill när hur efter eller mig min mitt mina vår vårt
        tack finns måste någon något några nu vad sedan hos enligt samt dig ditt din du han hon hans
        hennes dem där här kommer fått får gå går gör göra hälsning hälsningar vänlig vänliga mvh öppnar
        öppet kl ej bara så blev blir varför vilken vilka vilket vem vart ingen inget inga alla igen sig
        sin sitt då än ännu redan bifogar snälla undrar behöver skicka tid gata väg kommunen kommun
        förskola skola hjälp fråga frågor svar ärende månad vecka idag imorgon igår läsa veta dessa
        detta denna bygga bygglov ansökan barn söka tomt hus hemtjänst sophämtning räkning god morgon
        dag""",
    "nb": """ja nei gjerne stemmer akkurat
        svaret ut frist berørte tusen hjelpen hjelpa bidra vært borte lyset uker helt håper foreslår siden
        spiser møte lager i få man vedtak vedtaket klager klage viser følger søknaden skjema tegninger
        saken barnet mars lever levere og at det som er på for av ikke med til den har jeg om et en men
        var fra kan dere vi skal hei skulle mye også vil når hvordan lurer åpner åpent etter eller meg
        min mitt mine vår vårt takk finnes må noen noe nå hva hos ble blir dette deg din ditt du han hun
        hans hennes dem der her kommer fått får går gjør gjøre hilsen vennlig mvh bare så hvorfor
        hvilken hvilke hvem hvor ingen alle igjen seg sin da enn ennå allerede vedlegg trenger sende tid
        vei kommunen kommune barnehage skole hjelp spørsmål svar sak måned uke dag morgen god gate
        søknad søke barn bygge tomt hus byggesak innsyn snarest vedlagt ønsker blitt være veldig""",
    "nn": """ja nei gjerne stemmer akkurat
        svaret ut frist hjelpa vore borte ljoset veker heilt håpar møte i få man vedtak vedtaket klage saka mi
        innsyn skjema og at det som er på for av ikkje med til den har eg om eit ein ei men var frå kan
        de dykk vi me skal hei skulle mykje òg også vil når korleis lurer opnar ope etter eller meg min
        mitt mine vår vårt takk finst må nokon noko nokre no kva sidan hjå vart blir dette deg din ditt
        du han ho hans hennar dei der her kjem fått får går gjer gjere helsing venleg berre så kvifor
        kven kvar ingen alle igjen seg sin då enn treng sende tid veg kommunen kommune barnehage skule
        hjelp spørsmål svar sak månad veke dag morgon søknad vere ynskjer ønskjer""",
    "da": """ja nej stemmer hjælpe jo
        svaret ut frist berørte tusind bidrage uger helt håber foreslår været møde i få man klager klage
        afgørelse afgørelsen viser følger børnehaven kontakte sagen og at det som er på for af ikke med
        til den har jeg om et en men var fra kan vi skal hej skulle meget også vil når hvordan åbner
        åbent efter eller mig min mit mine vores tak findes må nogen noget nogle nu hvad siden hos blev
        bliver dette dig din dit du han hun hans hendes dem der her kommer fået får går gør gøre hilsen
        venlig mvh kun så hvorfor hvilken hvilke hvem hvor ingen alle igen sig sin da end endnu allerede
        vedhæftet vedlagt behøver sende tid vej kommunen kommune børnehave skole hjælp spørgsmål svar
        sag måned uge dag morgen god jer jeres være ansøgning børn hus gerne ønsker""",
    "fi": """ja on ei se että hän mutta kun niin myös tai jos olen olemme ovat oli kuin minä sinä te me he voi voin
        voisi voitteko tämä mitä milloin miten missä mikä kuka hei moi terve kiitos terveisin sekä ole
        nyt koska jotta kanssa meidän teidän minun onko haluan haluaisin pitäisi saada saako paljon
        vielä asia asiasta kunta kunnan lapsi ystävällisin hyvä päivää auki aukeaa liite liitteenä
        hakemus vastaus kysymys tietoa jo sitten joka""",
    "en": """i the and to of in is that for it you with on are this be have not we your from as at was can will
        please would my our thank thanks regards but or if about any been do does how when where what
        which who why there they he she his her them hello hi dear could should know like want need help
        question also by an has had were municipality attached application opening hours me am just no
        all more best kind sincerely open""",
    "de": """ja nein danke gerne stimmt
        in man der die und das den dem ist nicht mit für auf ein eine einen zu von sie ich wir haben bitte sehr
        im auch sind werden oder ihre ihr mir mich wie bei grüßen vielen dank wann wo was wer warum kann
        können könnten möchte hallo guten tag geehrte damen herren freundlichen viele grüße es wird habe
        hat aus nach zum zur über noch nur uns unser gemeinde antwort frage anbei als wenn""",
}

# Spellings of one neighbour against the others: parts of longer words.
_PARTS: Final = (
    (re.compile(r"ck|tt?ar\b|orna\b|ighet|nings|ssion|[^aeiouyåäö]ör|ägg|ställ|ånad|\bhän|fråg|lägenhet"), "sv", 0.4),
    (re.compile(r"sjon|ighet|gj[eø]|skj[eø]|nå[rd]?\b|\bhv|øy|ei[nl]|tt?ene\b|else[nr]?\b|\bbarnehag"), "nb", 0.3),
    (re.compile(r"sjon|\bkv[aeio]|leik|ane\b|[^k]jer\b|øy|\bein|heim|\bskul|ar\b"), "nn", 0.25),
    (re.compile(r"ighed|tion|hed\b|gt\b|\bhv|[^e]lse[nr]?\b|øj|æg|[aeiouæøå][dg]e[rnt]?\b"), "da", 0.25),
    (re.compile(r"([aeiouyäö])\1|ssa\b|ssä\b|lla\b|llä\b|sta\b|stä\b|ksi\b|uo|yö|ien\b|kk|inen\b"), "fi", 0.5),
    (re.compile(r"\bth|ing\b|tion|ough|ould|\bwh|ly\b|ee|'s\b"), "en", 0.3),
    (re.compile(r"sch|ung\b|ß|ei[nt]?|\bge|cht|keit|ü"), "de", 0.35),
)
#: further ones of a language tell nothing more
_MOST_PARTS = 5
#: letters that decide very short texts
_LETTERS: Final = {
    "å": ("sv", "nb", "nn", "da"),
    "ä": ("sv", "fi", "de"),
    "ö": ("sv", "fi", "de"),
    "æ": ("nb", "nn", "da"),
    "ø": ("nb", "nn", "da"),
    "ß": ("de",),
    "ü": ("de",),
}
#: between close neighbours the likelier writer wins
_PRIOR: Final = {"sv": 0.15, "nb": 0.3}
_WORD = re.compile(r"[^\W\d_]+")


def _weights() -> dict[str, tuple[tuple[int, float], ...]]:
    """Word -> (index of a language that has it, points)."""
    owners: dict[str, list[int]] = {}
    for index, language in enumerate(LANGUAGES):
        for word in dict.fromkeys(_WORDS[language].split()):
            owners.setdefault(word, []).append(index)
    # 1 point for a word of one language, 0.4 for one shared by two, little for what all Scandinavians write
    return {word: tuple((index, 1 / len(shared) ** 1.3) for index in shared) for word, shared in owners.items()}


_WEIGHTS: Final = _weights()


def detect(text: str) -> tuple[str | None, float]:
    """The language of `text` (sv, nb, nn, da, fi, en, de) and a confidence from 0 to 1; (None, 0.0) for too little.

    Reads the first 4,000 characters: give it a person's own new words, not what was quoted. Of a mixed text the
    language with the most words is given, with a low confidence.
    """
    head = text[:_TEXT_LIMIT].lower()
    counts = Counter(_WORD.findall(head))
    points = [0.0] * len(LANGUAGES)
    for word in filter(_WEIGHTS.__contains__, counts):
        count = min(counts[word], 5)
        for index, weight in _WEIGHTS[word]:
            points[index] += weight * count
    _add_letters(points, head)
    if max(points) < _PLENTY_POINTS:
        _add_parts(points, head[:400])
    for language, prior in _PRIOR.items():
        points[LANGUAGES.index(language)] += prior if max(points) > prior else 0.0
    first, second = sorted(points, reverse=True)[:2]
    if first < _ENOUGH_POINTS or first - second < 0.05:
        return None, 0.0
    confidence = (first - second) / (first + second) * 2 * min(1.0, first / _PLENTY_POINTS)
    return LANGUAGES[points.index(first)], round(min(1.0, confidence), 2)


def _add_letters(points: list[float], head: str) -> None:
    for letter, languages in _LETTERS.items():
        count = head.count(letter)
        if count:
            for language in languages:
                points[LANGUAGES.index(language)] += min(count, 4) * 0.25


def _add_parts(points: list[float], head: str) -> None:
    """Endings and letter groups help where few small words are said."""
    for pattern, language, weight in _PARTS:
        count = len(list(islice(pattern.finditer(head), _MOST_PARTS)))
        points[LANGUAGES.index(language)] += count * weight
