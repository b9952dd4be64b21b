"""From message to decision: stages, precedence between the rules, actions, clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.message import UnparsableMessage, parse
from mailbot.policy.decide import decide, unparsable_decision
from mailbot.policy.model import (
    AnnounceConfidential,
    AskRegistrar,
    CloseObligations,
    Diarise,
    Facts,
    ForwardToRegistrar,
    Kind,
    OpenObligation,
    ReportUnparsable,
    Stage,
)
from mailbot.policy.profile import load_policy
from tests.policy.mails import FACTS, MAILBOX, headers_of, mail, raw
from tests.support.growth import grows_linearly

POLICY = load_policy("bjurholm")
RECEIVED_AT = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)  # a Monday; the answer is due on Thursday
NOW = datetime(2026, 3, 9, 9, 5, tzinfo=UTC)
INCOMING = replace(FACTS, received_at=RECEIVED_AT)
HEADERS_ONLY = replace(INCOMING, last_stage=Stage.HEADERS, mailbox_role="personal")
OUTGOING = replace(INCOMING, direction="outgoing")
OURS = {"From": f"Eva Ek <{MAILBOX}>", "To": "anna.berg@gmail.example", "In-Reply-To": "<1@gmail.example>"}

APPEAL = "Härmed överklagar jag byggnadsnämndens beslut att avslå min ansökan om bygglov."
QUESTION = "Hej! Vilka tider har badhuset öppet på lördag? Tacksam för svar."


def judge(text, headers=None, facts=INCOMING, policy=POLICY):
    return decide(mail(text, headers), facts, policy, NOW)


def names(decision):
    return [action.name for action in decision.actions]


class TestStages:
    def test_ordinary_mail_is_read_further_and_nothing_follows_from_its_headers(self):
        decision = decide(headers_of(), INCOMING, POLICY, NOW)
        assert (decision.stage, decision.needs, decision.actions) == (Stage.HEADERS, Stage.BODY, ())
        assert (decision.needs_reply, decision.diarise, decision.confidential, decision.kind) == (
            None,
            None,
            None,
            None,
        )

    def test_with_the_text_nothing_more_is_asked_for(self):
        decision = judge(QUESTION)
        assert (decision.stage, decision.needs) == (Stage.BODY, None)

    @pytest.mark.parametrize(
        "headers, kind",
        [
            ({"From": "MAILER-DAEMON@mail.example", "Subject": "Undelivered Mail"}, Kind.BOUNCE),
            (
                {"Subject": "Automatiskt svar: Hej", "Auto-Submitted": "auto-replied", "From": "a@gmail.com"},
                Kind.AUTO_REPLY,
            ),
        ],
    )
    def test_bounces_and_peoples_absence_replies_are_settled_by_their_headers(self, headers, kind):
        decision = decide(headers_of(headers), INCOMING, POLICY, NOW)
        assert (decision.needs, decision.kind, decision.diarise, decision.needs_reply) == (
            None,
            kind,
            Diarise.NO,
            False,
        )
        assert decision.actions == ()

    def test_an_authoritys_automatic_reply_is_read(self):
        headers = {
            "From": "Registrator <registrator@lansstyrelsen.example>",
            "Auto-Submitted": "auto-replied",
            "Return-Path": "<>",
            "Subject": "Beslut i ärende 551-2026",
        }
        assert decide(headers_of(headers), INCOMING, POLICY, NOW).needs is Stage.BODY
        text = "Länsstyrelsen beslutar att förelägga kommunen att redovisa åtgärder senast den 1 maj. Beslutet bifogas."
        decision = judge(text, headers)
        assert decision.diarise is Diarise.ASK
        assert names(decision) == ["ask_registrar"]

    def test_a_receipt_of_an_authority_says_nothing_that_must_be_registered(self):
        headers = {
            "From": "Registrator <registrator@lansstyrelsen.example>",
            "Subject": "Automatiskt svar: Vår ansökan",
            "Auto-Submitted": "auto-replied",
        }
        decision = judge("Tack för ditt mejl. Vi läser det så snart vi kan.", headers)
        assert (decision.automatic, decision.diarise) == (True, Diarise.NO)


class TestHeadersOnlyMailboxes:
    def test_what_cannot_be_judged_is_null_and_owed_until_somebody_has_looked(self):
        decision = decide(headers_of(), HEADERS_ONLY, POLICY, NOW)
        assert decision.needs is None
        assert (decision.needs_reply, decision.diarise, decision.confidential, decision.kind) == (
            None,
            None,
            None,
            None,
        )
        assert decision.actions == (OpenObligation(due_on=date(2026, 3, 12), judged=False),)

    def test_nothing_is_forwarded_or_asked(self):
        decision = decide(headers_of({"Subject": "Överklagande av beslut om bygglov"}), HEADERS_ONLY, POLICY, NOW)
        assert names(decision) == ["open_obligation"]

    def test_a_subject_that_gives_a_secret_away_is_announced(self):
        decision = decide(headers_of({"Subject": "Orosanmälan, barn som far illa"}), HEADERS_ONLY, POLICY, NOW)
        assert (decision.confidential, decision.diarise) == (True, Diarise.YES)
        assert names(decision) == ["open_obligation", "announce_confidential"]

    def test_automatic_mail_is_not_owed_an_answer(self):
        headers = {"Subject": "Out of office: Hej", "Auto-Submitted": "auto-replied", "From": "kim@firma.example"}
        decision = decide(headers_of(headers), HEADERS_ONLY, POLICY, NOW)
        assert (decision.automatic, decision.needs_reply, decision.diarise, decision.actions) == (
            True,
            False,
            Diarise.NO,
            (),
        )

    def test_what_reads_like_an_automatic_reply_is_not_answered_though_no_header_tells(self):
        decision = judge(
            "Jag är på semester till och med vecka 32. Vid brådska, kontakta växeln.", {"Subject": "Semester"}
        )
        assert (decision.kind, decision.automatic) == (Kind.AUTO_REPLY, False)
        assert not decision.answer_allowed
        assert decision.automatic_reason == "answer.refused.reads_like_auto_reply"

    def test_an_authoritys_automatic_mail_stays_open_for_the_diary(self):
        headers = {"From": "a@lansstyrelsen.example", "Auto-Submitted": "auto-replied", "Return-Path": "<>"}
        assert decide(headers_of(headers), HEADERS_ONLY, POLICY, NOW).diarise is None

    def test_our_own_answers_close_what_they_answer(self):
        facts = replace(HEADERS_ONLY, direction="outgoing")
        decision = decide(headers_of(OURS), facts, POLICY, NOW)
        assert (decision.needs_reply, decision.diarise) == (False, None)
        assert names(decision) == ["close_obligations"]


class TestActions:
    def test_what_must_be_registered_is_forwarded_and_its_clock_starts(self):
        decision = judge(APPEAL, {"Subject": "Överklagande"})
        assert (decision.kind, decision.diarise, decision.needs_reply) == (Kind.APPEAL, Diarise.YES, True)
        assert decision.actions == (OpenObligation(date(2026, 3, 12)), ForwardToRegistrar())
        assert decision.due_on == date(2026, 3, 12)

    def test_a_simple_question_is_answered_and_not_registered(self):
        decision = judge(QUESTION, {"Subject": "Öppettider"})
        assert (decision.diarise, decision.needs_reply, names(decision)) == (Diarise.NO, True, ["open_obligation"])

    def test_a_request_for_documents_has_a_clock_of_its_own(self):
        decision = judge("Jag begär ut samtliga protokoll från kommunstyrelsen 2025.", {"Subject": "Begäran"})
        assert decision.kind is Kind.DOCUMENT_REQUEST
        assert (decision.due_on, decision.document_due_on) == (date(2026, 3, 12), date(2026, 3, 9))

    def test_a_profile_without_clocks_opens_an_obligation_without_a_date(self):
        decision = judge(QUESTION, policy=load_policy("boras"))
        assert decision.due_on is None
        assert OpenObligation(None) in decision.actions

    def test_confidential_mail_is_announced_and_never_forwarded(self):
        decision = judge("Jag är orolig för grannens pojke, han kommer hungrig och har blåmärken.")
        assert (decision.confidential, decision.diarise) == (True, Diarise.YES)
        assert AnnounceConfidential() in decision.actions
        assert not {ForwardToRegistrar(), AskRegistrar()} & set(decision.actions)

    def test_an_identity_number_makes_an_ordinary_application_confidential(self):
        decision = judge("Jag ansöker om färdtjänst. Personnummer: 811218-9876", {"Subject": "Ansökan"})
        assert (decision.confidential, decision.diarise) == (True, Diarise.YES)

    def test_what_nobody_can_read_is_asked_about(self):
        headers = {"Content-Type": 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'}
        decision = judge("MIIB", headers)
        assert (decision.confidential, decision.diarise, decision.needs_reply) == (None, Diarise.ASK, None)
        assert decision.actions == (OpenObligation(date(2026, 3, 12), judged=False), AskRegistrar())

    def test_unparsable_bytes_reach_a_person(self):
        decision = unparsable_decision()
        assert (decision.diarise, decision.actions) == (Diarise.ASK, (ReportUnparsable(),))
        assert (decision.automatic, decision.needs_reply, decision.kind) == (None, None, None)

    def test_without_an_arrival_time_the_date_counts_but_never_the_future(self):
        facts = replace(INCOMING, received_at=None)
        assert judge(QUESTION, facts=facts).due_on == date(2026, 3, 12)
        assert judge(QUESTION, {"Date": "Mon, 9 Mar 2099 10:00:00 +0100"}, facts).due_on == date(2026, 3, 12)
        assert judge(QUESTION, {"Date": None}, facts).due_on == date(2026, 3, 12)


class TestOutgoing:
    def test_an_answer_closes_what_it_answers(self):
        decision = judge("Hej Anna! Badhuset har öppet 10-16.", {**OURS, "Subject": "SV: Öppettider"}, OUTGOING)
        sent_at = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
        assert decision.actions == (CloseObligations(sent_at),)
        assert (decision.needs_reply, decision.diarise, decision.due_on) == (False, Diarise.NO, None)

    def test_a_matching_subject_alone_closes_nothing(self):
        headers = {**OURS, "In-Reply-To": None, "Subject": "SV: Öppettider"}
        assert "close_obligations" not in names(judge("Badhuset har öppet 10-16.", headers, OUTGOING))

    def test_passing_it_on_is_no_answer(self):
        headers = {**OURS, "To": "per@bjurholm.example", "Subject": "VB: Öppettider"}
        assert "close_obligations" not in names(judge("Kan du svara på det här?", headers, OUTGOING))

    def test_our_absence_reply_is_no_answer(self):
        headers = {**OURS, "Subject": "Automatiskt svar: Hej", "Auto-Submitted": "auto-replied"}
        assert names(judge("Jag är på semester.", headers, OUTGOING)) == []

    def test_our_decision_is_registered(self):
        text = "Nämnden har beslutat att bevilja bygglov för altanen. Beslutet bifogas."
        assert judge(text, {**OURS, "Subject": "Beslut om bygglov"}, OUTGOING).diarise is Diarise.YES

    def test_mail_in_a_registered_case_is_registered_or_asked_about(self):
        facts = replace(OUTGOING, conversation_diary_number="KS 2026/12")
        decision = judge(
            "Vi behöver en situationsplan innan vi kan gå vidare.", {**OURS, "Subject": "SV: Altan"}, facts
        )
        assert decision.diarise in (Diarise.YES, Diarise.ASK)
        assert decision.diary_number == "KS 2026/12"

    def test_a_letter_of_ours_that_answers_nothing_is_never_passed_over(self):
        headers = {**OURS, "In-Reply-To": None, "Subject": "Staketet"}
        assert judge("Vi godtar ert förslag om staketet.", headers, OUTGOING).diarise is not Diarise.NO


class TestOwnMail:
    def test_mailbots_own_mail_is_recorded_and_nothing_more(self):
        facts = replace(INCOMING, sent_by_mailbot=True)
        decision = judge(APPEAL, {"From": "mailbot@bjurholm.example"}, facts)
        assert (decision.answer_allowed, decision.needs_reply, decision.diarise) == (False, False, Diarise.NO)
        assert decision.actions == ()

    def test_a_stranger_who_repeats_our_message_id_is_read_all_the_same(self):
        decision = judge(APPEAL, facts=replace(INCOMING, sent_by_mailbot=True))
        assert decision.diarise is Diarise.YES

    def test_staff_who_answer_mailbot_owe_nothing(self):
        facts = replace(INCOMING, mailbox_role="service")
        assert judge("klart", {"From": "Lars <lars@bjurholm.example>"}, facts).actions == ()

    def test_a_citizen_who_answers_mailbot_is_heard(self):
        decision = judge(APPEAL, facts=replace(INCOMING, mailbox_role="service"))
        assert (decision.answer_allowed, decision.diarise) == (False, Diarise.YES)

    @pytest.mark.parametrize("internal_mail, needs_reply", [(True, True), (False, False)])
    def test_whether_internal_mail_has_a_clock_is_the_profiles_choice(self, internal_mail, needs_reply):
        policy = load_policy("bjurholm", {"reply": {"internal_mail": internal_mail}})
        headers = {"From": "Per Ek <per@bjurholm.example>"}
        facts = replace(INCOMING, direction="internal")
        assert judge(QUESTION, headers, facts, policy).needs_reply is needs_reply
        form = judge(QUESTION, {"From": "formular@bjurholm.example", "Reply-To": "a@gmail.example"}, facts, policy)
        assert form.needs_reply is True


NEWSLETTER = {
    "From": "Kontorsnytt <info@kontor.example>",
    "List-Unsubscribe": "<https://kontor.example/u>",
    "Precedence": "bulk",
    "Subject": "Remiss, beslut, överklagande: veckans viktigaste",
}


class TestAutomaticMail:
    def test_a_newsletter_is_neither_answered_nor_registered(self):
        text = "Stolar till halva priset hela veckan! Erbjudandet gäller till fredag.\n\nAvregistrera: https://kontor.example/u"
        decision = judge(text, {**NEWSLETTER, "Subject": "Vårens erbjudanden"})
        assert (decision.automatic, decision.needs_reply, decision.kind) == (True, False, Kind.ADVERTISING)
        assert (decision.diarise, decision.confidential, decision.actions) == (Diarise.NO, False, ())

    def test_an_authoritys_bulk_mail_is_never_silently_dropped(self):
        text = "Ni bereds tillfälle att yttra er över förslaget. Synpunkter senast 1 maj.\n\nAvprenumerera: https://l.example"
        decision = judge(text, {**NEWSLETTER, "From": "Länsstyrelsen <nytt@lansstyrelsen.example>"})
        assert decision.automatic is False
        assert decision.diarise in (Diarise.YES, Diarise.ASK)

    def test_a_web_form_is_a_citizens_mail(self):
        headers = {
            "From": "formular@bjurholm.example",
            "Reply-To": "anna.berg@gmail.example",
            "Auto-Submitted": "auto-generated",
            "Return-Path": "<>",
        }
        decision = judge(APPEAL, headers, replace(INCOMING, direction="internal"))
        assert (decision.automatic, decision.answer_allowed, decision.needs_reply) == (False, True, True)
        assert decision.diarise is Diarise.YES

    def test_a_profile_that_registers_bounces_is_asked(self):
        policy = load_policy("bjurholm", {"diary": {"need_not": ["advertising"]}})
        decision = judge("x", {"From": "MAILER-DAEMON@mail.example"}, policy=policy)
        assert (decision.automatic, decision.diarise) == (True, Diarise.ASK)


def test_a_suspicion_of_secrecy_forbids_a_silent_no():
    decision = judge("Tack för hjälpen! Hälsningar Anna. Min mamma har fått en diagnos.", {"Subject": "Tack"})
    assert decision.diarise is not Diarise.NO


def test_every_reason_is_kept_in_the_order_of_the_rules():
    decision = judge(APPEAL, {"Auto-Submitted": "auto-generated", "Subject": "Överklagande"})
    kept = [verdict.rule for verdict in decision.verdicts]
    positions = [
        next(i for i, rule in enumerate(kept) if rule.startswith(prefix))
        for prefix in ("answer.", "kind.", "reply_need.", "diary.")
    ]
    assert positions == sorted(positions)


def test_deciding_changes_nothing_and_repeats_itself():
    message = mail(APPEAL)
    assert decide(message, INCOMING, POLICY, NOW) == decide(message, INCOMING, POLICY, NOW)


@given(st.binary(max_size=2000))
def test_any_bytes_that_parse_get_a_decision_without_loose_ends(content):
    try:
        message = parse(content)
    except UnparsableMessage:
        return
    decision = decide(message, Facts(), POLICY, NOW)
    assert decision.needs is None
    assert decision.diarise in tuple(Diarise)


@pytest.mark.parametrize("piece", ["han har adhd. ", "Jag överklagar beslutet? ", "a", "Namn: x\n", "( ", "<p>"])
def test_deciding_about_anything_takes_linear_time(piece):
    def work_of(size):
        message = parse(raw(piece * (size // len(piece))))
        return lambda: decide(message, INCOMING, POLICY, NOW)

    assert grows_linearly(work_of, 100_000)
