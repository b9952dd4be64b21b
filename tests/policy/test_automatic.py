"""Two verdicts on automatic mail: never answered (generous), never looked at (strict)."""

from dataclasses import replace

import pytest

from mailbot.policy.automatic import judge
from mailbot.policy.model import Facts, Kind
from tests.policy.mails import FACTS, MAILBOX, headers_of, mail

OUT_OF_OFFICE = {
    "exchange": (
        {
            "Subject": "Automatiskt svar: Bygglov",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Return-Path": "<>",
        },
        "Jag är inte på kontoret och väntas åter 26-03-16.",
    ),
    "sieve": (
        {"Subject": "Auto: Bygglov", "Auto-Submitted": "auto-replied (vacation)", "Precedence": "bulk"},
        "Jag har semester.",
    ),
    "own words in the subject": (
        {"Subject": "Semester v. 28-31", "Auto-Submitted": "auto-replied", "Return-Path": "<>", "In-Reply-To": "<a@b>"},
        "Hej! Tillbaka den 3 augusti.",
    ),
    "gmail": (
        {"Subject": "Fraværsmelding Re: Søknad", "Auto-Submitted": "auto-replied", "X-Autoreply": "yes"},
        "Jeg er på ferie og er tilbake 4. august.",
    ),
    "help desk": (
        {
            "Subject": "[#1234] Vi har tagit emot ditt ärende",
            "Precedence": "auto_reply",
            "Auto-Submitted": "auto-replied",
        },
        "Ditt ärende är registrerat.",
    ),
    "norwegian exchange without usable headers": (
        {"Subject": "Automatisk svar: Møte fredag"},
        "Hei, jeg er ikke på kontoret denne uken.",
    ),
    "german": ({"Subject": "Automatische Antwort: Anfrage"}, "Ich bin bis 12.3. im Urlaub."),
    "finnish": ({"Subject": "Automaattinen vastaus: Kokous"}, "Olen lomalla 12.3. asti."),
    "danish": ({"Subject": "Autosvar: Møde", "Auto-Submitted": "auto-replied"}, "Jeg er på kontoret igen mandag."),
}


@pytest.mark.parametrize("name", OUT_OF_OFFICE)
def test_absence_replies_are_automatic(name):
    headers, text = OUT_OF_OFFICE[name]
    verdict = judge(mail(text, headers), FACTS)
    assert (verdict.automatic, verdict.answer_allowed, verdict.kind) == (True, False, Kind.AUTO_REPLY)
    assert verdict.reason and verdict.reason.startswith("automatic.auto_reply.")


@pytest.mark.parametrize("name", ["exchange", "sieve", "own words in the subject", "gmail", "help desk"])
def test_most_absence_replies_are_known_from_their_headers_alone(name):
    assert judge(headers_of(OUT_OF_OFFICE[name][0]), FACTS).automatic is True


@pytest.mark.parametrize("name", ["german", "finnish"])
def test_without_headers_that_tell_the_text_must_be_read(name):
    verdict = judge(headers_of(OUT_OF_OFFICE[name][0]), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (None, False)


BOUNCES = [
    {
        "From": "MAILER-DAEMON@mail.example (Mail Delivery System)",
        "Subject": "Undelivered Mail Returned to Sender",
        "Content-Type": 'multipart/report; report-type=delivery-status; boundary="b"',
    },
    {"From": "postmaster@mail.example", "Subject": "Undeliverable: Svar på din fråga", "Return-Path": "<>"},
    {
        "From": "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Subject": "Delivery Status Notification (Failure)",
    },
    {"From": "Mailer-Daemon@isp.example", "X-Failed-Recipients": "x@y.example", "Subject": "Mail delivery failed"},
    {"From": "postmaster@mail.example", "Subject": "Det går inte att leverera: Beslut"},
    {"From": "admin@old.example", "Return-Path": "<>", "Subject": "failure notice"},
    {"From": "postmaster@firma.example", "Subject": "Kan ikke leveres: Høring"},
    {"From": "Systemadministratör <it@firma.example>", "Subject": "Olevererbart: Kallelse"},
]


@pytest.mark.parametrize("headers", BOUNCES)
def test_bounces_are_known_from_their_headers(headers):
    verdict = judge(headers_of(headers), FACTS)
    assert (verdict.automatic, verdict.answer_allowed, verdict.kind) == (True, False, Kind.BOUNCE)


def test_a_read_receipt_is_an_automatic_reply():
    headers = {
        "Content-Type": "multipart/report; report-type=disposition-notification; boundary=b",
        "Subject": "Läst: Kallelse",
    }
    assert judge(headers_of(headers), FACTS).kind is Kind.AUTO_REPLY


def test_a_complaint_about_our_mail_is_looked_at():
    verdict = judge(headers_of({"Content-Type": "multipart/report; report-type=feedback-report; boundary=b"}), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, False)


# People's mail in envelopes that look automatic, and words that programs use too.
HUMAN = {
    "plain": ({}, "Hej! När öppnar badhuset?"),
    "service desk": (
        {
            "Auto-Submitted": "auto-generated",
            "X-ServiceNow-Generated": "true",
            "Precedence": "bulk",
            "Subject": "Re: INC0012 Nyckel",
        },
        "Hej, nyckeln finns att hämta i receptionen. Kan ni skicka någon?",
    ),
    "suppressed": (
        {"X-Auto-Response-Suppress": "All", "Subject": "Semester"},
        "Är biblioteket öppet när ni är på semester?",
    ),
    "unsubscribe on a person's mail": (
        {"List-Unsubscribe": "<mailto:u@crm.example>", "From": "Kim Ek <kim@konsult.example>"},
        "Hej! Tack för mötet i går. Kan ni skicka underlaget?",
    ),
    "discussion list": (
        {
            "List-Id": "<registratorer.skr.example>",
            "List-Post": "<mailto:registratorer@skr.example>",
            "List-Unsubscribe": "<mailto:x@skr.example>",
            "Precedence": "list",
        },
        "Hur gör ni andra med diarieföring av sms? Avregistrera dig: https://skr.example",
    ),
    "writes about absence": (
        {"Subject": "Inte på kontoret i morgon"},
        "Jag är ledig på fredag, tillbaka på måndag. Ring mig!",
    ),
    "answers an absence reply": (
        {"Subject": "SV: Automatiskt svar: Bygglov"},
        "Tack, då ringer jag på måndag när du är tillbaka.",
    ),
    "marked auto-submitted": ({"Auto-Submitted": "auto-replied"}, "Jag överklagar beslutet om bygglov."),
    "forwarded by a server": (
        {
            "Auto-Submitted": "auto-generated",
            "X-MS-Exchange-Inbox-Rules-Loop": "kim@firma.example",
            "Return-Path": "<>",
            "Subject": "Semesterstängt på biblioteket",
        },
        "Varför är biblioteket stängt? Ni är på semester hela sommaren.",
    ),
    "redirected by a rule of Exchange": (
        {
            "Auto-Submitted": "auto-generated",
            "Resent-From": "<kim@bjurholm.example>",
            "X-MS-Exchange-Generated-Message-Source": "Mailbox Rules Agent",
            "X-MS-Exchange-Parent-Message-Id": "<q1@firma.example>",
            "X-Auto-Response-Suppress": "DR, OOF, AutoReply",
        },
        "Jag är inte nöjd med ert besked och vill att ni prövar det igen. Jag är bortrest till måndag.",
    ),
    "about a bounce": (
        {"Subject": "VB: Undelivered Mail Returned to Sender"},
        "Mitt mejl studsade, vad är rätt adress?",
    ),
    "postmaster in person": (
        {"From": "Postmaster <postmaster@isp.example>", "Subject": "Fråga om er DNS"},
        "Hej, er post studsar.",
    ),
    "short newsletter from an authority": (
        {
            "From": "Länsstyrelsen <nyhetsbrev@lansstyrelsen.example>",
            "List-Unsubscribe": "<https://l.example/u>",
            "Precedence": "bulk",
        },
        "Remiss: synpunkter senast 1 maj. Avprenumerera: https://l.example/u",
    ),
}


@pytest.mark.parametrize("name", HUMAN)
def test_what_people_wrote_is_looked_at(name):
    headers, text = HUMAN[name]
    verdict = judge(mail(text, headers), FACTS)
    assert (verdict.automatic, verdict.kind) == (False, None)


@pytest.mark.parametrize("name", ["plain", "writes about absence", "about a bounce", "answers an absence reply"])
def test_ordinary_mail_may_be_answered(name):
    headers, text = HUMAN[name]
    verdict = judge(mail(text, headers), FACTS)
    assert (verdict.answer_allowed, verdict.reason, verdict.verdicts) == (True, None, ())


NEWSLETTER = {
    "From": "Kontorsnytt <info@kontor.example>",
    "List-Unsubscribe": "<https://kontor.example/u>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Precedence": "bulk",
    "Subject": "Vårens erbjudanden",
}


def test_a_newsletter_is_automatic_when_its_text_offers_to_stop():
    verdict = judge(mail("Stolar till halva priset!\n\nAvregistrera dig: https://kontor.example/u", NEWSLETTER), FACTS)
    assert (verdict.automatic, verdict.kind, verdict.reason) == (True, Kind.ADVERTISING, "automatic.bulk")
    assert judge(headers_of(NEWSLETTER), FACTS).automatic is None
    assert judge(mail("Stolar till halva priset!", NEWSLETTER), FACTS).automatic is False


@pytest.mark.parametrize(
    "headers, rule",
    [
        ({"Auto-Submitted": "auto-notified; owner-email=x@y"}, "auto_submitted"),
        ({"Return-Path": " < > "}, "null_return_path"),
        ({"List-Id": "Nytt <nytt.skr.example>"}, "list"),
        ({"Precedence": "BULK"}, "precedence"),
        ({"Precedence": "junk"}, "precedence"),
        ({"Precedence": "Auto_Reply"}, "auto_reply_header"),
        ({"From": "LISTSERV@lists.example"}, "program_sender"),
        ({"From": "nytt-request@lists.example"}, "program_sender"),
        ({"Return-Path": "<owner-nytt@lists.example>"}, "envelope_sender"),
        ({"From": "Kommunen <no-reply@annan.example>"}, "unread_sender"),
        ({"From": "svara-ej@myndighet.example"}, "unread_sender"),
        ({"From": "ikke-svar@etat.example"}, "unread_sender"),
        ({"Reply-To": "noreply@etat.example"}, "unread_sender"),
        ({"X-Autoreply": "yes"}, "auto_reply_header"),
        ({"X-Autorespond": "x"}, "auto_reply_header"),
        ({"X-AutoReply-From": "x@y"}, "auto_reply_header"),
        ({"X-Mail-Autoreply": "1"}, "auto_reply_header"),
        ({"X-FC-MachineGenerated": "true"}, "auto_reply_header"),
        ({"Delivered-To": "Autoresponder"}, "auto_reply_header"),
        ({"X-POST-MessageClass": "9; Autoresponder"}, "auto_reply_header"),
        ({"X-Autogenerated": "Reply"}, "machine_header"),
        ({"X-Loop": "x@y.example"}, "machine_header"),
        ({"Feedback-ID": "1:2:3"}, "machine_header"),
        ({"X-Failed-Recipients": "x@y.example"}, "machine_header"),
        ({"X-Auto-Response-Suppress": "DR, OOF, AutoReply"}, "suppress"),
        ({"Content-Type": "text/calendar; method=REQUEST"}, "calendar"),
        ({"X-Spam-Flag": "YES"}, "spam"),
        ({"From": "Anna Berg"}, "no_address"),
        ({"From": None}, "no_address"),
        ({"To": "annan@bjurholm.example"}, "not_addressed"),
        ({"From": MAILBOX}, "own_address"),
        ({"Reply-To": MAILBOX}, "own_address"),
        ({"Subject": "Out of office"}, "subject"),
    ],
)
def test_one_reason_is_enough_not_to_answer(headers, rule):
    verdict = judge(headers_of(headers), FACTS)
    assert not verdict.answer_allowed
    assert f"answer.refused.{rule}" in {found.rule for found in verdict.verdicts}


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"Auto-Submitted": "No; by=hand"},
        {"Precedence": "first-class"},
        {"Return-Path": "<anna.berg@gmail.example>"},
        {"X-Auto-Response-Suppress": "DR, RN, NRN"},
        {"X-Autoreply": "no"},
        {"X-Spam-Flag": "NO"},
        {"To": "annan@bjurholm.example", "Cc": f"Kommunen <{MAILBOX.upper()}>"},
        {"To": "lista@bjurholm.example", "Resent-To": MAILBOX},
        {"From": "Norea Plym <norea.plym@gmail.example>"},
    ],
)
def test_what_is_no_reason(headers):
    assert judge(headers_of(headers), FACTS).answer_allowed


def test_a_mail_systems_words_behind_a_reply_prefix_are_not_answered():
    headers = {"From": "smtp@firma.example", "Subject": "RE: Kallelse : non remis (delivery failed)"}
    verdict = judge(mail("Your message could not be delivered to kim@firma.example", headers), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, False)


@pytest.mark.parametrize(
    "text",
    [
        "Ditt kort har skapats.\n\nDetta meddelande går inte att svara på.",
        "Sendt automatisk fra fagsystemet, kan ikke besvares.",
        "Erbjudande! Avprenumerera här: https://butik.example/u",
    ],
)
def test_the_text_may_say_that_nobody_reads_answers(text):
    verdict = judge(mail(text), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, False)


def test_a_person_who_wants_to_unsubscribe_is_answered():
    assert judge(mail("Hej, jag vill avregistrera min hund ur registret."), FACTS).answer_allowed


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, sent_by_mailbot=True),
        replace(FACTS, direction="outgoing"),
        replace(FACTS, mailbox_role="service"),
    ],
)
def test_mail_that_is_ours_or_meant_for_mailbot_is_not_answered(facts):
    assert not judge(mail("Hej"), facts).answer_allowed


def test_without_known_addresses_the_recipients_prove_nothing():
    assert judge(headers_of({"To": "annan@bjurholm.example"}), Facts()).answer_allowed


FORM = {
    "From": "Webbformulär <formular@bjurholm.example>",
    "Reply-To": "Anna Berg <anna.berg@gmail.example>",
    "Auto-Submitted": "auto-generated",
    "Return-Path": "<>",
    "X-Auto-Response-Suppress": "All",
    "Subject": "Synpunkt från webben",
}


def test_a_listed_web_form_is_a_persons_words_and_answered_at_reply_to():
    verdict = judge(headers_of(FORM), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, True)
    assert verdict.verdicts[0].rule == "automatic.web_form.listed"


@pytest.mark.parametrize("reply_to", [None, "formular@bjurholm.example", MAILBOX, "noreply@bjurholm.example", "trasig"])
def test_a_listed_web_form_without_a_person_behind_it_is_read_but_not_answered(reply_to):
    verdict = judge(headers_of({**FORM, "Reply-To": reply_to}), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, False)


@pytest.mark.parametrize(
    "headers, text",
    [
        ({"Reply-To": "anna@gmail.example", "Subject": "Vi har tagit emot ditt ärende"}, "Vid brådskande: ring mig"),
        (
            {"Subject": "Ditt ärende"},
            "Namn: Anna Berg\nE-post: anna@gmail.example\nMeddelande: Jag överklagar. Vi har tagit emot ditt svar",
        ),
    ],
)
def test_an_unlisted_form_is_looked_at_by_a_person(headers, text):
    envelope = {"From": "noreply@eservice.example", "Auto-Submitted": "auto-generated", "Return-Path": "<>"}
    verdict = judge(mail(text, {**envelope, **headers}), FACTS)
    assert (verdict.automatic, verdict.answer_allowed) == (False, False)


@pytest.mark.parametrize(
    "text",
    [
        "(Inget autosvar, jag svarar från stranden.) Vi har inga invändningar så länge avståndet är 30 meter.",
        "Jag svarar nu automatiskt för sjätte gången. Det här är inte ett autosvar. Gör om fördelningen!",
        "Dette er ikke et automatisk svar. Vi godtar forslaget.",
    ],
)
def test_a_person_who_says_that_it_is_no_automatic_reply_is_believed(text):
    message = mail(text, {"Subject": "Autosvar: Har ni invändningar mot tillståndet?"})
    assert judge(message, FACTS).automatic is False
