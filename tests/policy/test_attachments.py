"""What follows from attached documents, and when they are asked for."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from mailbot.mail.message import Message, parse
from mailbot.policy.decide import decide
from mailbot.policy.model import AttachedText, Decision, Diarise, Kind, Stage
from mailbot.policy.profile import load_policy
from tests.policy.mails import FACTS

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
POLICY = load_policy("bjurholm")
QUESTION = "Hej! Vilka öppettider har biblioteket på lördagar under sommaren? Mvh Anna"


def mail(text: str, *names: str, subject: str = "Hej", author: str = "Anna Berg <anna.berg@gmail.example>") -> Message:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = author, "kommunen@bjurholm.example", subject
    message["Message-ID"], message["Date"] = "<1@gmail.example>", "Mon, 9 Mar 2026 10:00:00 +0100"
    message.set_content(text)
    for name in names:
        main, sub = ("image", "jpeg") if name.endswith("jpg") else ("application", "octet-stream")
        message.add_attachment(b"content", maintype=main, subtype=sub, filename=name)
    return parse(message.as_bytes())


def judged(message: Message, *attached: AttachedText) -> Decision:
    return decide(message, replace(FACTS, attached=attached), POLICY, NOW)


def test_text_of_attachments_is_asked_for_before_anything_is_decided() -> None:
    decision = decide(mail(QUESTION, "karta.pdf"), FACTS, POLICY, NOW)
    assert (decision.stage, decision.needs, decision.actions) == (Stage.BODY, Stage.ATTACHMENTS, ())


@pytest.mark.parametrize(
    "message",
    [
        mail(QUESTION),
        mail(QUESTION, "karta.jpg"),
        # confidential already: nothing in the document could change what follows
        mail("Det gäller min son 19811218-9876, se bilagan.", "intyg.pdf"),
    ],
)
def test_it_is_not_asked_for_where_nothing_follows_from_it(message: Message) -> None:
    assert decide(message, FACTS, POLICY, NOW).needs is None


def test_headers_only_mailboxes_never_read_attachments() -> None:
    facts = replace(FACTS, last_stage=Stage.BODY)
    assert decide(mail(QUESTION, "karta.pdf"), facts, POLICY, NOW).needs is None


@pytest.mark.parametrize(
    "document",
    [
        "Sökande: Anna Berg, personnummer 19811218-9876",
        "Läkarintyg. Patienten har diagnosen schizofreni. Hon är sjukskriven.",
        "Sekretess enligt OSL 26:1",
        "Unntatt offentlighet jf. offl. § 13",
        "Denna kalkyl är en affärshemlighet och får inte lämnas till konkurrenter.",
    ],
)
def test_a_confidential_document_makes_the_mail_confidential(document: str) -> None:
    decision = judged(mail(QUESTION, "bilaga.pdf"), AttachedText(0, "Bilaga 1\n\n" + document))
    assert (decision.confidential, decision.diarise, decision.stage) == (True, Diarise.YES, Stage.ATTACHMENTS)
    assert [action.name for action in decision.actions if "regist" in action.name] == []
    places = [verdict.evidence for verdict in decision.verdicts if verdict.evidence]
    assert any(place.field == "attachment:0" and place.start >= 10 for place in places)


def test_an_ordinary_document_changes_nothing() -> None:
    decision = judged(mail(QUESTION, "karta.pdf"), AttachedText(0, "Karta över Storgatan, skala 1:400"))
    assert (decision.confidential, decision.kind, decision.diarise) == (False, Kind.ENQUIRY, Diarise.NO)


@pytest.mark.parametrize("reason", ["encrypted", "damaged", "format", "too_large", "gave_up"])
def test_what_cannot_be_read_is_asked_about(reason: str) -> None:
    decision = judged(mail(QUESTION, "karta.pdf"), AttachedText(0, unread=reason))
    assert decision.diarise is Diarise.ASK
    assert f"diary.ask.attachment_unread.{reason}" in [verdict.rule for verdict in decision.verdicts]


def test_a_picture_beside_words_is_no_reason_to_ask() -> None:
    decision = judged(mail(QUESTION, "karta.jpg"), AttachedText(0, unread="picture"))
    assert not [verdict for verdict in decision.verdicts if "attachment_unread" in verdict.rule]


def test_a_picture_in_place_of_words_is() -> None:
    decision = judged(mail("Tack för hjälpen!", "brev.jpg"), AttachedText(0, unread="picture"))
    assert decision.diarise is Diarise.ASK


def test_a_document_speaks_where_the_mail_says_nothing() -> None:
    letter = (
        "Till nämnden. Jag överklagar ert beslut den 3 februari om avslag på min ansökan om bygglov och yrkar att "
        "beslutet upphävs. Ni har bedömt avståndet till gränsen fel."
    )
    decision = judged(mail("Se bifogat.", "brev.docx", subject="Brev"), AttachedText(0, letter))
    assert (decision.kind, decision.diarise, decision.needs_reply) == (Kind.APPEAL, Diarise.YES, True)


def test_long_documents_are_weighed_in_pieces() -> None:
    # Single words of many kinds, far apart: a yearly report is not about anybody.
    report = ("Verksamheten har utvecklats. " * 120).join(
        ["Antalet fall av demens ökade.", "Personalen var sjukskriven mer.", "Missbruk nämns i planen.", "Slut."]
    )
    assert judged(mail(QUESTION, "rapport.pdf"), AttachedText(0, report)).confidential is False
