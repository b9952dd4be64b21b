"""Labelled texts for `mailbot.mail.parts`, written after what mail programs produce. All names are invented."""

REPLY_HEADERS = [
    # Gmail
    "Den tis 3 mars 2026 kl 10:12 skrev Lars Ek <lars.ek@post.example>:",
    "Den tis 3 mars 2026 kl. 10:12 skrev Lars Ek <\nlars.ek@post.example>:",
    "Den tis 3 mars 2026 kl 10:12 skrev Lars-Erik Ekstrand Söderholm\n<lars.ek@post.example>:",
    "tir. 3. mars 2026 kl. 10:12 skrev Lars Ek <lars.ek@post.example>:",
    "Den tirs. 3. mar. 2026 kl. 10.12 skrev Lars Ek <lars.ek@post.example>:",
    "ti 3. maalisk. 2026 klo 10.12 Lars Ek (lars.ek@post.example) kirjoitti:",
    "On Tue, Mar 3, 2026 at 10:12 AM Lars Ek <lars.ek@post.example> wrote:",
    "On Tue, Mar 3, 2026 at 10:12 AM Lars Ek <lars.ek@post.example>\nwrote:",
    "On Tue, 3 Mar 2026 at 10:12, Lars Ek <lars.ek@post.example> wrote:",
    "Am Di., 3. März 2026 um 10:12 Uhr schrieb Lars Ek <lars.ek@post.example>:",
    # Apple Mail, iPhone
    "3 mars 2026 kl. 10:12 skrev Lars Ek <lars.ek@post.example>:",
    "3. mars 2026 kl. 10:12 skrev Lars Ek <lars.ek@post.example>:",
    "Den 3. mar. 2026 kl. 10.12 skrev Lars Ek <lars.ek@post.example>:",
    "Lars Ek <lars.ek@post.example> kirjoitti 3.3.2026 kello 10.12:",
    "On 3 Mar 2026, at 10:12, Lars Ek <lars.ek@post.example> wrote:",
    "Am 03.03.2026 um 10:12 schrieb Lars Ek <lars.ek@post.example>:",
    # Thunderbird
    "Den 2026-03-03 kl. 10:12, skrev Lars Ek:",
    "Lars Ek skrev den 2026-03-03 10:12:",
    "Den 03.03.2026 10:12, skrev Lars Ek:",
    "Lars Ek skrev den 03.03.2026 10:12:",
    "Den 03-03-2026 kl. 10:12 skrev Lars Ek:",
    "Lars Ek kirjoitti 3.3.2026 klo 10.12:",
    "On 2026-03-03 10:12, Lars Ek wrote:",
    "On 3/3/2026 10:12 AM, Lars Ek wrote:",
    "Am 03.03.26 um 10:12 schrieb Lars Ek:",
    # Outlook for Mac and phones, Proton, Yahoo, webmail
    "Lars Ek <lars.ek@post.example> skrev följande den 3 mars 2026 kl. 10:12:",
    "Lars Ek <lars.ek@post.example> skrev følgende den 3. mars 2026 kl. 10:12:",
    "3 mars 2026 kl. 10:12 skrev lars.ek@post.example:",
    "Den tisdag 3 mars 2026 10:12:00 CET, Lars Ek <lars.ek@post.example> skrev:",
    "Den tisdag den 3 mars 2026 kl. 10:12, Lars Ek <lars.ek@post.example> skrev:",
    "På tirsdag 3. mars 2026 kl. 10:12 skrev Lars Ek <lars.ek@post.example>:",
    "On Tuesday, March 3rd, 2026 at 10:12, Lars Ek <lars.ek@post.example> wrote:",
    "On Tuesday, March 3, 2026 at 10:12:00 AM GMT+1, Lars Ek <lars.ek@post.example> wrote:",
    "Lars Ek <lars.ek@post.example> wrote:",
    "Lars Ek <lars.ek@post.example> skrev:",
    "2026-03-03 10:12 skrev Lars Ek:",
    "Den tis 3 mars 2026 10:12Lars Ek <lars.ek@post.example> skrev:",
    "Lars Ek <lars.ek@post.example> schrieb am Di., 3.\nMärz 2026 um 10:12 Uhr:",
    "On 3 Mar 2026 at 10:12, lars_ek wrote:",
    "On Tuesday, March 03, 2026 10:12:12 AM Lars Ek wrote:",
    "On Tue, 2026-03-03 at 10:12 +0100, Lars Ek wrote:",
    "At Tue, 3 Mar 2026 10:12:00 +0100,\nLars Ek wrote:",
    "On Tue Mar  3 10:12:00 2026, lars wrote:",
    "Citerar Lars Ek <lars.ek@post.example>:",
    "Quoting Lars Ek <lars.ek@post.example>:",
    "Zitat von Lars Ek <lars.ek@post.example>:",
]

HEADER_BLOCKS = [
    "Från: Lars Ek <lars.ek@post.example>\nSkickat: den 3 mars 2026 10:12\nTill: Karin Lund\nÄmne: Mötet",
    "Från: Lars Ek\nSkickat: tisdag 3 mars 2026 10:12\nTill: Karin Lund\nKopia: Per Ås\nÄmne: SV: Mötet",
    "Från: Lars Ek <lars.ek@post.example>\nDatum: tisdag, 3 mars 2026 10:12\nTill: Karin Lund\nÄmne: Mötet",
    "*Från:* Lars Ek <lars.ek@post.example>\n*Skickat:* den 3 mars 2026 10:12\n*Till:* Karin\n*Ämne:* Mötet",
    "Från: Lars Ek <lars.ek@post.example>\nDatum: 3 mars 2026 10:12:00 CET\nTill: karin@lillan.example\nÄmne: Mötet",
    "Från: Lars Ek\nSkickat: den 3 mars 2026 10:12\nTill: Karin Lund <karin.lund@lillan.example>; Per Ås\n"
    "<per.as@lillan.example>; Eva Ström <eva.strom@lillan.example>;\nUlla Ek\nÄmne: Mötet",
    "Från: Lars Ek Skickat: den 3 mars 2026 10:12 Till: Karin Lund Ämne: Mötet",
    "Från:\nLars Ek\nSkickat:\nden 3 mars 2026 10:12\nTill:\nKarin Lund\nÄmne:\nMötet",
    "Fra: Lars Ek <lars.ek@post.example>\nSendt: tirsdag 3. mars 2026 10:12\nTil: Kari Nordli\nEmne: Møtet",
    "Fra: Lars Ek\nDato: tirsdag 3. mars 2026 kl. 10:12\nTil: Kari Nordli\nEmne: Møtet",
    "Fra: Lars Ek <lars.ek@post.example>\nSendt: 3. marts 2026 10:12\nTil: Mette Holm\nCc: Per Ås\nEmne: Mødet",
    "Lähettäjä: Lars Ek <lars.ek@post.example>\nLähetetty: tiistai 3. maaliskuuta 2026 10.12\n"
    "Vastaanottaja: Aino Laine\nAihe: Kokous",
    "From: Lars Ek <lars.ek@post.example>\nSent: Tuesday, March 3, 2026 10:12 AM\nTo: Karin Lund\nSubject: The meeting",
    "From: Lars Ek [mailto:lars.ek@post.example]\nSent: den 3 mars 2026 10:12\nTo: Karin Lund\nSubject: Mötet",
    "Von: Lars Ek <lars.ek@post.example>\nGesendet: Dienstag, 3. März 2026 10:12\nAn: Karin Lund\nBetreff: Das Treffen",
    "Ämne: Mötet\nDatum: 2026-03-03 10:12\nFrån: Lars Ek <lars.ek@post.example>\nTill: karin.lund@lillan.example",
    "Subject: The meeting\nDate: Tue, 3 Mar 2026 10:12:00 +0100\nFrom: Lars Ek <lars.ek@post.example>\n"
    "To: karin.lund@lillan.example",
    "Från: Lars Ek <lars.ek@post.example>\nTill: Karin Lund <karin.lund@lillan.example>\nÄmne: Mötet",
]

#: lines that introduce an original only where its lines are marked
LOOSE_HEADERS = [
    "Lars Ek wrote:",
    "lars_ek wrote:",
    "On 03/03, Lars Ek wrote:",
    "On Tue, Lars Ek wrote:",
    "Thus spake Lars Ek (lars.ek@post.example):",
    "* Lars Ek (lars.ek@post.example) wrote:",
    "Once upon a time, Lars Ek <lars.ek@post.example> said:",
    "In article <123@post.example>, Lars Ek wrote:",
    "2026/3/3 Lars Ek <lars.ek@post.example>",
    "Le mar. 3 mars 2026 à 10:12, Lars Ek <lars.ek@post.example> a\nécrit :",
]

# Lotus Notes: a name and a moment, then fields of which some are empty
NOTES_HEADERS = [
    "Lars Ek/Lillan\n2026-03-03 10:12\n\nTill\nKarin Lund/Lillan@Lillan\nKopia\n\nÄrende\nMötet",
    "Från:   Lars Ek/Lillan\nTill:   Karin Lund/Lillan@Lillan\nKopia:  Per Ek/Lillan@Lillan\nDatum:  2026-03-03 10:12\n"
    "Ärende: Mötet",
    "Lars Ek\n03/03/2026 10:12 AM\nTo: Karin Lund/Lillan/SE@LILLAN\ncc: Per Ek/Lillan/SE@LILLAN \nSubject: Re: Mötet",
    "Lars Ek@LILLAN\n03/03/2026 10:12 AM\nTo: Karin Lund/Lillan/SE@LILLAN, Per\nEk/Lillan/SE@LILLAN\ncc:  \n\n"
    "Subject: Mötet",
    "Lars Ek\nSent by: Ulla Ås\n03/03/2026 10:12 AM\nTo: Karin Lund/Lillan/SE@LILLAN\ncc: \nSubject: Mötet",
    '"Lars Ek" <lars.ek@post.example> on 03/03/2026 10:12:00 AM\nPlease respond to <lars.ek@post.example>\n'
    "To: Karin Lund\ncc: \nSubject: Mötet",
    "\tFrom:  Lars Ek                           03/03/2026 10:12 AM\n\t\n\n"
    "To: Karin Lund/Lillan/SE@LILLAN\ncc:  \nSubject: Mötet",
    "\tLILLANS KOMMUN\n\t\n\tFrom:  Lars Ek      03/03/2026 10:12 AM\n\t\n\n"
    "To:\tKarin Lund/Lillan/SE@LILLAN\ncc:\t \nSubject:\tMötet",
    "Lars Ek\n03/03/2026 10:12 AM\nTo: Karin Lund/Lillan/SE@LILLAN\nSubject: Mötet",
    "To: Karin Lund/Lillan/SE@LILLAN\ncc: Per Ek/Lillan/SE@LILLAN \nSubject: Mötet",
]

SEPARATORS = [
    "----- Vidarebefordrat av Karin Lund/Lillan den 2026-03-03 11:40 -----",
    "----- Videresendt av Kari Moe/Nordvik den 03.03.2026 11:40 -----",
    "---------------------- Forwarded by Karin Lund/Lillan/SE on 03/03/2026 11:40 AM ---------------------------",
    "----- Forwarded by Karin Lund/Lillan/SE on 03/03/2026 \n11:40 AM -----",
    "##- Skriv ditt svar ovanför denna rad -##",
    "--- Svara ovanför den här raden ---",
    "##- Please type your reply above this line -##",
    "-----Ursprungligt meddelande-----",
    "----- Ursprungligt meddelande -----",
    "-------- Ursprungligt meddelande --------",
    "-------- Originalmeddelande --------",
    "-----Opprinnelig melding-----",
    "-----Oprindelig meddelelse-----",
    "-----Alkuperäinen viesti-----",
    "-----Original Message-----",
    "-------- Original message --------",
    "-----Ursprüngliche Nachricht-----",
    "---------- Forwarded message ---------",
    "---------- Forwarded message ----------",
    "---------- Vidarebefordrat meddelande ---------",
    "-------- Vidarebefordrat meddelande --------",
    "---------- Videresendt melding ---------",
    "---------- Edelleenlähetetty viesti ---------",
    "---------- Weitergeleitete Nachricht ---------",
    "Vidarebefordrat brev:",
    "Begin forwarded message:",
    "Start på videresendt melding:",
    "Anfang der weitergeleiteten Nachricht:",
]

ORDINARY = [
    "Vi blir fyra:\n\nAnna Berg\n070-123 45 67\n\nPer Ek\n070-123 45 68\n",
    "Är e-post till er allmän handling?\n",
    "Mötet flyttas:\n03/03/2026 10:12\nTill: stora salen\nÄmne: budgeten\n",
    "To: all staff\nSubject: parking\n\nThe car park is closed on Monday.\n",
    "Skriv svaret ovanför linjen, tack.\n",
    "Fix it.\n---\n main.c | 2 +-\n\ndiff --git a/main.c b/main.c\n--- a/main.c\n+++ b/main.c\n@@ -1 +1 @@\n-x\n+y\n",
    "Så här ser det ut:\nbegin 644 kort\nsedan inget mer\n",
    "Hej!\nDen 3 mars skrev vi till er om följande:\nTaket läcker i gymnastiksalen.\n",
    "Den 3 mars skrev vi till er och frågade:\n\nNär kommer beslutet?\n",
    "Den 3 mars 2026 kl. 10:12 skrev jag till nämnden om det här:\nIngen svarade.\n",
    "Den 3 mars kl 10.15 skrev en granne i vår grupp:\nVattnet är brunt.\n",
    "På mötet den 3 mars 2026 skrev ordföranden i protokollet:\nÄrendet bordläggs.\n",
    "On 3 March 2026 at 10:15 we wrote to you about this:\nThe roof leaks.\n",
    "Den 3. mars 2026 kl. 10:12 skrev vi til dere om dette:\nTaket lekker.\n",
    "I tidningen skrev Anna Berg:\nKommunen måste tänka om.\n",
    "Anna skrev:\nVi kommer inte.\n",
    "Från: Anna Berg, Storgatan 4\nTill: Miljönämnden\nÄmne: Buller från restaurangen\n\nVi kan inte sova.\n",
    "Från: Storgatan 1\nTill: Sjukhuset\nDatum: 3 mars\n\nJag behöver färdtjänst den dagen.\n",
    "Till: Kommunstyrelsen\nÄrende: Bidrag\n\nFöreningen söker bidrag med 10 000 kr.\n",
    "Namn: Anna Berg\nE-post: anna@post.example\nÄmne: Badhuset\nMeddelande: När öppnar ni i sommar?\n",
    "Namn: Anna Berg\nFrån: anna@post.example\nÄmne: Badhuset\nMeddelande: När öppnar ni i sommar?\n",
    "Program:\n09:00 Kaffe\n10:00 Föredrag\nTill: alla\n",
    "Jag fick ett vidarebefordrat meddelande från grannen i går. Stämmer det?\n",
    "Jag fick inget svar på mitt ursprungliga meddelande. Har det kommit fram?\n",
    ">18 år måste man vara, eller hur?\n",
    "Vi har mätt bullret: det var >55 dB hela natten.\n",
    ">From och med måndag gäller nya tider, eller?\n",
    "Jag har skickat från kontoret alla papper ni bad om i förra veckan. Har de kommit?\n",
    "Har ni sett virus i dricksvattnet? Detta meddelande är allvarligt menat och jag vill ha svar.\n",
    "Min fråga:\n- När öppnar ni?\n- Vad kostar det?\n- Finns det parkering?\n",
    "1. Vem beslutar?\n2. När?\n3. Hur överklagar man?\n",
    "Du får gärna ringa mig.\n",
    "Hej\nMin adress är:\n\nAnna Berg\nStorgatan 4\n912 99 Lillån\n",
    "Någon obehörig har läst en konfidentiell handling om mig i ert system, och nu undrar jag vad ni gör åt det.\n",
    "Sent from my desk, it may be easier to read than from my telephone.\n",
    "Vi blir tre som kommer:\n\nAnna Berg\nPer Ek\nEva Ström\n",
    "Kan ni skicka följande?\n\n- Protokoll\n- Beslut\n",
    "Anna Berg\n",
    "Hej!\n",
    "Jag tänkte på Anna Berg och\nPer Ek\n",
    "Vad händer med vägen?\n\nTack\n",
    "Nån har slängt skräp på vägen.\nFixa.\n",
    "Så behandlar vi vår personal: med respekt. Gör ni likadant?\n",
    "Vi undrar över planen.\n\nFörslaget innebär följande:\n\nVägen flyttas tio meter norrut.\n",
    "Kvitto\n----------\nBelopp 100 kr\n----------\n",
    "Detta mejl skriver jag för att jag är förtvivlad över hur ni har behandlat mig.\n",
]

CLOSINGS = [
    "Med hilsen\nKari Nordli\nrådgiver\n\nDokumentet er elektronisk godkjent og har derfor ingen signatur.\n",
    "Maria Holm\nHandläggare\n\nLillåns kommun\nStorgatan 1\n912 34 Lillån\n\nTfn 0910-123 45\n",
    "Ulf o Maj\n",
    "Siv, mamma och god man\n",
    "Rut Bergqvist, 88\n",
    "K-J Myhr, löjtnant i reserven\n",
    "Barbro E.\n",
    "Camilla, ordf.\n",
    "Ulrika Sandin\nkanslichef\n",
    "/Sanna, Norra scoutkåren\n",
    "Vördsamt\nRuben Ståhl\n",
    "Med hilsen\nFarah Nouri\nregiondirektør\n",
    "Hjertelig hilsen\nVigdis\n",
    "Hilsen elevrådet på Myra skole\n",
    "mvh adrian\n",
    "Med vänlig hälsning\nAnna Berg\n",
    "Med vänlig hälsning\n\nAnna Berg\nStorgatan 4\n912 34 Lillån\n070-123 45 67\n",
    "Med vänliga hälsningar,\nAnna\n",
    "Vänliga hälsningar Anna Berg\n",
    "Vänlig hälsning\nAnna Berg, ordförande\nLillåns byalag\n",
    "Mvh\nAnna\n",
    "MVH Anna Berg\n",
    "mvh /Anna\n",
    "M.v.h. Anna Berg\n",
    "Hälsningar\nFamiljen Berg\n",
    "Hälsningar från Anna på Norra Byn\n",
    "Bästa hälsningar\nAnna Berg\nwww.byalaget.example\n",
    "Många hälsningar,\nAnna\n",
    "Soliga hälsningar\nAnna\n",
    "Högaktningsfullt\nAnna Berg\n",
    "Vänligen\nAnna Berg\n",
    "Tack och hälsningar\nAnna\n",
    "Allt gott\nAnna\n",
    "Kram\nAnna\n",
    "/Anna\n",
    "/ Anna Berg\n",
    "//Anna\n",
    "-- \nAnna Berg\nTel 070-123 45 67\n",
    "--\nAnna Berg\nDet enda jag vet är att jag inget vet.\n",
    "*" * 64 + "\nMed vänlig hälsning\nAnna Berg\nHandläggare\nLillåns kommun\nStorgatan 1, 912 34 Lillån\n"
    "Tel: 0910-123 45, Mobil: 070-123 45 67\n",
    "Med vennlig hilsen\nKari Nordli\nSaksbehandler\nTlf. 75 12 34 56\n",
    "Vennlig hilsen Kari Nordli\n",
    "Hilsen Kari\n",
    "Hilsen\nKari og Ola\n",
    "Beste hilsen\nKari\n",
    "Med venleg helsing\nKari\n",
    "Med venlig hilsen\nMette Holm\n",
    "De bedste hilsner\nMette\n",
    "Kh Mette\n",
    "Ystävällisin terveisin\nAino Laine\n",
    "Terveisin Aino\n",
    "Best regards,\nJohn Smith\n",
    "Kind regards\nJohn Smith\nTel +44 20 7946 0123\n",
    "Yours sincerely,\n\nJohn Smith\n",
    "Thanks,\nJohn\n",
    "Mit freundlichen Grüßen\nHans Weber\n",
    "Viele Grüße\nHans\n",
    "Ha en bra dag\nAnna\n",
    "Ha en trevlig helg!\nAnna Berg\n",
    "Anna Berg\n",
    "Anna\n",
    "Anna-Karin\n",
    "Anna Berg, Norra Byn 12\n",
    "Anna Berg\nTallstigen 9, Lillån\n",
    "För styrelsen\nAnna Berg\nordförande\n",
    "Lillån den 13 maj 2026\nAnna Berg\n",
    "Anna Berg\nReporter, Norrposten\n",
    "Anna Berg\nStorgatan 4, 912 34 Lillån\nTel: 070-123 45 67\nanna.berg@post.example\n",
]

NOT_CLOSINGS = [
    "Med vänlig hälsning var det sista hon skrev innan hon flyttade.",
    "Hälsningar till alla på kontoret som hjälpte oss i fredags!",
    "Jag skrev mvh sist men fick ändå inget svar.",
    "Vänligen återkom med besked om när vi kan räkna med svar.",
    "Tack för att du ringde upp så snabbt i går.",
    "Best practice is to answer within three days, is it not?",
    "Thanks to your help we found the right form.",
    "Hilsen fra forrige uke kom aldri fram til mottakeren.",
    "Ha det bra skrev hon, och sedan hörde vi inget mer.",
]

FOOTERS = [
    "Vi gjør oppmerksom på at all e-post til kommunen er offentlig.",
    "E-post till och från Lillåns kommun är allmän handling.",
    "Sänt från min iPad",
    "Skickat från min Huawei-telefon",
    "Skickat från Proton Mail för iOS",
    "Skickades från Mail för Windows",
    "Sendt med Outlook for Android",
    "Sent from my telephone, please excuse any typos",
    "Skickat från Outlook för Android<https://x.example/o>",
    "(Skickat från min telefon)",
    "winmail.dat",
    "<<winmail.dat>>",
    "begin 644 winmail.dat\nM>)\\^(A88!E\n`\nend",
    "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n-----END PGP SIGNATURE-----",
    "-------------- next part --------------\nA non-text attachment was scrubbed...\nName: kort.png",
    "---------------------------------------------------------------------\n"
    "To unsubscribe, e-mail: dev-leave@lists.example",
    "--\nTo unsubscribe from this list: send the line\nMore about it at https://lists.example",
    "_______________________________________________\nByalaget mailing list -- byalaget@listor.example",
    "=====\n__________________________________________________\nDo You Yahoo!?\nShare your holiday photos!",
    "Skickat från min iPhone",
    "Skickat från min iPad",
    "Skickat från Outlook för iOS",
    "Skickat från Outlook för Android",
    "Skickat från min Samsung Galaxy-smartphone.",
    "Skickat från Yahoo Mail för iPhone",
    "Skickat från E-post för Windows",
    "Hämta Outlook för Android",
    "Sendt fra min iPhone",
    "Sendt fra Outlook for iOS",
    "Få Outlook for iOS",
    "Hent Outlook til iOS",
    "Lähetetty iPhonesta",
    "Sent from my iPhone",
    "Sent from Outlook for Android",
    "Get Outlook for iOS",
    "Von meinem iPhone gesendet",
    "Virusfri. www.viruskoll.example",
    "Detta e-postmeddelande kan innehålla konfidentiell information och är endast avsett för mottagaren.",
    "This email and any attachments are confidential and intended solely for the addressee.",
    "Tänk på miljön innan du skriver ut detta mejl.",
    "När du skickar e-post till Lillåns kommun behandlar vi dina personuppgifter.",
    "Innehållet är konfidentiellt och endast avsett för den som det är ställt till. Om du har fått det "
    "av misstag ber vi dig att förstöra det.",
    "Om du inte är rätt mottagare ber vi dig radera meddelandet.",
    "Denne e-posten og eventuelle vedlegg er konfidensiell.",
    "Please consider the environment before printing this e-mail.",
    "You received this message because you are subscribed to the group byalaget.",
    "_______________________________________________\nByalaget mailing list\nbyalaget@listor.example",
]

LABELLED = [
    """
n|Hej!
n|Är ni öppna på fredag?
n|Tack på förhand
s|Kalle Svensson
""",
    # a greeting that looks like a closing, and two signatures
    """
n|Hälsningar från Norra Byn!
n|
n|Vi vill gärna bjuda in kommunstyrelsen till vår höstmarknad den tredje oktober.
n|
s|Med vänlig hälsning
s|Byalaget
n|
n|PS. Vi bjuder på kolbullar till alla som kommer före klockan tolv.
s|/Anna
""",
    """
n|Thanks, John.
n|
n|I have sent the invitation for Monday at ten and hope that you can join us.
n|
s|Regards,
s|Anna
""",
    # languages that are not known otherwise: a dated line above marked ones
    """
n|Merci beaucoup!
n|
q|Le 4 janv. 2026 19:03, "Lars Ek"
q|<lars.ek@post.example>
q|a écrit :
q|
q|> Voilà le document.
""",
    """
n|Tack, det blir bra.
n|
q|---- On Tue, 12 May 2026 08:15:00 +0200 Lars Ek <lars.ek@post.example> wrote ----
q|
q|Kan vi ses klockan nio?
""",
    # Outlook, top posting
    """
n|Hej Karin!
n|
n|Ja, vi tar det på tisdag. Jag bokar sammanträdesrummet.
n|
s|Med vänlig hälsning
s|Lars Ek
s|Utredare
s|Lillåns kommun
s|Tel: 0910-123 45
q|
q|Från: Karin Lund <karin.lund@lillan.example>
q|Skickat: den 12 maj 2026 08:15
q|Till: Lars Ek <lars.ek@lillan.example>
q|Ämne: Mötet
q|
q|Hej Lars, när ses vi?
q|/Karin
""",
    # inline answers
    """
q|Den tis 12 maj 2026 kl 08:15 skrev Karin Lund <karin.lund@lillan.example>:
q|> Hej!
q|> Hur många kommer?
n|
n|Tjugo personer.
n|
q|> Behöver ni mikrofon?
n|
n|Ja tack, gärna två.
n|
s|Hälsningar
s|Per
""",
    # iPhone, several levels
    """
n|Perfekt, tack!
n|
q|Skickat från min iPhone
q|
q|> 12 maj 2026 kl. 08:15 skrev Karin Lund <karin.lund@lillan.example>:
q|>
q|> Vi ses klockan nio.
q|>
q|>> 11 maj 2026 kl. 17:02 skrev Per Ek <per@post.example>:
q|>>
q|>> När ses vi?
""",
    # forwarded with own words above
    """
n|Detta hör väl hemma hos er?
n|
s|/Eva
n|
q|---------- Forwarded message ---------
q|Från: Anna Berg <anna@post.example>
q|Date: mån 11 maj 2026 kl 09:12
q|Subject: Trasig lampa
q|To: <kommunen@lillan.example>
q|
q|Lampan på Skolgatan är trasig.
q|Mvh Anna
""",
    # nothing but a forwarded block
    """
q|-------- Vidarebefordrat meddelande --------
q|Ämne: Trasig lampa
q|Datum: Mon, 11 May 2026 09:12:00 +0200
q|Från: Anna Berg <anna@post.example>
q|Till: kommunen@lillan.example
q|
q|Lampan på Skolgatan är trasig.
""",
    # postscript
    """
n|Hej! Vi vill hyra lokalen den 5 juni.
n|
s|Med vänlig hälsning
s|Anna Berg
n|
n|PS. Finns det projektor i lokalen eller måste vi ta med en egen?
""",
    # prose after a signature
    """
n|Hej! Vi vill hyra lokalen.
s|Mvh
s|Anna
n|
n|Jag bifogar också stadgarna som ni bad om i telefon.
""",
    # underscores of Outlook on the web, disclaimer below the signature
    """
n|Tack för informationen.
s|Mvh
s|Per Ek
q|
q|Detta meddelande kan innehålla sekretessbelagd information och är avsett endast för mottagaren.
q|
q|________________________________
q|Från: Karin Lund
q|Skickat: måndag 11 maj 2026 09:00
q|Till: Per Ek
q|Ämne: Information
q|
q|Här kommer informationen.
""",
    # rewrapped quotation
    """
n|Ja, det stämmer.
n|
q|Den mån 11 maj 2026 kl 09:00 skrev Karin Lund <karin@lillan.example>:
q|> Stämmer det att ni vill hyra stora salen hela lördagen den femte
q|juni?
q|> Den kostar 800 kr.
""",
    # bottom posting with signature
    """
q|On 2026-05-11 09:00, Karin Lund wrote:
q|> Hur stor är tomten?
q|> Ligger den vid vatten?
n|
n|2 100 kvadratmeter. Nej, den ligger i skogen.
n|
s|--
s|Per Ek
""",
    # Norwegian Outlook
    """
n|Hei Kari!
n|
n|Det passer fint.
n|
s|Med vennlig hilsen
s|Ola Hansen
s|Rådgiver
n|
q|Fra: Kari Nordli <kari@kommune.example>
q|Sendt: mandag 11. mai 2026 09:00
q|Til: Ola Hansen <ola@firma.example>
q|Emne: Møte
q|
q|Passer tirsdag?
""",
    # gateway banner above the words
    """
q|VARNING: Detta mejl kommer från en extern avsändare. Klicka inte på länkar.
n|
n|Hej! När öppnar återvinningen?
n|
s|Mvh Per
""",
    # sentence trap in a quoted thread
    """
n|Hej igen!
n|Den 3 mars skrev vi till er om följande:
n|- taket läcker
n|- golvet är trasigt
n|Inget har hänt.
n|
s|Vänliga hälsningar
s|Hyresgästerna på Älvgatan 3
q|
q|Den mån 11 maj 2026 kl 09:00 skrev Lillåns kommun <kommunen@lillan.example>:
q|
q|Vi återkommer så snart vi kan.
""",
    # several signatures: the writer's and a quoted one
    """
n|Godkänt.
s|Hälsningar
s|Karin Lund
q|
q|-----Ursprungligt meddelande-----
q|Från: Lars Ek
q|Skickat: den 11 maj 2026 09:00
q|Till: Karin Lund
q|Ämne: Underskrift
q|
q|Kan du godkänna?
q|Hälsningar
q|Lars
""",
    # Finnish
    """
n|Hei!
n|Kiitos vastauksesta.
n|
s|Ystävällisin terveisin
s|Aino Laine
n|
q|ti 12. toukok. 2026 klo 9.00 Lillåns kommun (kommunen@lillan.example) kirjoitti:
q|
q|> Tervetuloa!
""",
]
