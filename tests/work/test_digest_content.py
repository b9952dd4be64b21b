"""Digests: who gets one, what stands in it, and what never does. Real SQLite, time injected."""

import email
import gc
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime
from email import policy
from typing import NoReturn, get_args

import pytest

from mailbot.config.model import Config, KnownAbsence
from mailbot.policy.model import AnnounceConfidential, AskRegistrar, OpenObligation, ReportUnparsable
from mailbot.render import Templates
from mailbot.render.samples import SAMPLES
from mailbot.store.records import DiaryItem, MailboxCheck, NewMail
from mailbot.store.store import Store
from mailbot.work.context import Context
from mailbot.work.digest import addressed, digest_mails
from mailbot.work.digest_content import Desk
from mailbot.work.digest_lines import CheckLine, DiaryLine, Pile, QueueLine, ReplyLine, Rows, UnreadMailbox
from mailbot.work.digest_model import Digest, OperatorDigest, Replies
from mailbot.work.digest_week import WeekFigures
from mailbot.work.digest_would_have import Example, WouldDigest, WouldHave, WouldSend, would_have
from tests.store.builders import diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES
from tests.support.town import Town, at

MONDAY = at("2026-05-18T07:00")
AUTHORITY = "kommunen@by.example"
SECRET = "Orosanmälan om Kalle"


@pytest.fixture
def config(town: Town) -> Config:
    return town.config


@pytest.fixture
def store(town: Town) -> Iterator[Store]:
    with Store.open(town.config.paths.database, REFERENCES) as opened:
        yield opened


def context_of(config: Config, store: Store) -> Context:
    """Enough of an installation to write digests: nothing is opened."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("digests open no mailbox")

    return Context(
        config=config,
        store=store,
        references=REFERENCES,
        templates=Templates(None, "sv"),
        open_mailbox=refuse,
        open_sender=refuse,
    )


def read_all(config: Config, store: Store, when: datetime = MONDAY) -> None:
    for mailbox in config.mailboxes:
        check = MailboxCheck(mailbox=mailbox.address, started_at=when, completed_at=when, new_messages=0, error=None)
        store.intake.checked(check)


def owe(store: Store, key: str, due: str | None, received: str = "2026-05-12T09:00", **changes: object) -> str:
    """An open obligation; its reference."""
    decided = {name: changes.pop(name) for name in ("judged", "confidential") if name in changes}
    document = changes.pop("document", None)
    action = OpenObligation(
        date.fromisoformat(due) if due else None,
        document_due_on=date.fromisoformat(str(document)) if document else None,
        judged=bool(decided.get("judged", True)),
    )
    mail = message(f"<{key}@x.example>", asker=f"{key}@x.example", subject=str(changes.pop("subject", f"Fråga {key}")))
    values = {"mailbox": AUTHORITY, "received_at": at(received), **changes}
    made = outcome(mail, question(**decided, actions=(action,)), **values)
    record(store, made, now=at(received))
    return made.item_ref


def file(store: Store, key: str, received: str, action: object = None, **changes: object) -> str:
    """A message that waits for the registrar; its reference."""
    mail = None if isinstance(action, ReportUnparsable) else message(f"<{key}@x.example>", subject=f"Ärende {key}")
    decision = diarised(action, **{name: changes.pop(name) for name in ("confidential",) if name in changes})
    values = {"mailbox": AUTHORITY, "received_at": at(received), "key": key, **changes}
    made = outcome(mail, decision, unparsable=None if mail else "no header", **values)
    record(store, made, now=at(received))
    return made.item_ref


def forwarded(store: Store, ref: str, when: str) -> None:
    mail = new_mail(f"forward:{ref}", ref=ref)
    store.outbox.enqueue([mail], now=at(when))
    store.outbox.claim(at(when))
    store.outbox.sent(mail.dedup_key, now=at(when))


def refs(rows: Rows[ReplyLine] | Rows[DiaryLine]) -> list[str]:
    return [line.ref for line in rows.shown]


def mails(config: Config, store: Store, when: datetime = MONDAY) -> dict[str, NewMail]:
    found = digest_mails(context_of(config, store), when)
    return {mail.dedup_key: mail for mail in found}


def text_of(mail: NewMail) -> str:
    parsed = email.message_from_bytes(mail.raw, policy=policy.default)
    bodies = [part.get_content() for part in parsed.iter_parts()]
    return "\n".join([str(parsed["Subject"]), *bodies])


# --- what stands in them --------------------------------------------------------------------------------------------


def test_staff_see_their_obligations_by_urgency(config, store):
    overdue = owe(store, "a", "2026-05-15", assignee="anna")
    today = owe(store, "b", "2026-05-18", assignee="anna")
    later = owe(store, "c", "2026-05-20", assignee="anna")
    document = owe(store, "d", "2026-05-20", document="2026-05-13", assignee="anna")
    unjudged = owe(store, "e", "2026-05-15", judged=False, assignee="anna")
    owe(store, "f", "2026-05-15", assignee="lars")
    digest = Desk(context_of(config, store), MONDAY).staff(config.person("anna"))
    assert refs(digest.replies.overdue) == [document, overdue]
    assert [line.days_late for line in digest.replies.overdue.shown] == [5, 3]
    assert refs(digest.replies.due_today) == [today]
    assert refs(digest.replies.later) == [later]
    assert refs(digest.replies.to_judge) == [unjudged]
    assert (digest.count, digest.person) == (5, "Anna Ek")


def test_after_a_holding_reply_the_follow_up_clock_counts(config, store):
    ref = owe(store, "a", "2026-05-15")
    mail = new_mail("holding:a", kind="holding_reply", ref=ref)
    store.outbox.enqueue([mail], now=at("2026-05-15T15:00"))
    store.outbox.claim(at("2026-05-15T15:00"))
    store.outbox.sent("holding:a", now=at("2026-05-15T15:00"), follow_up_on=date(2026, 5, 22))
    replies = Desk(context_of(config, store), MONDAY).officer(config.unit("ks")).replies
    assert (refs(replies.overdue), refs(replies.later)) == ([], [ref])
    (line,) = replies.later.shown
    assert (line.acknowledged, line.due_on, line.days_late) == (True, date(2026, 5, 22), 0)
    assert refs(Desk(context_of(config, store), at("2026-05-25T07:00")).officer(config.unit("ks")).replies.overdue) == [
        ref
    ]


def test_officers_see_the_authority_mailbox_and_what_nobody_answers_for(config, store):
    theirs = owe(store, "a", "2026-05-20", assignee="anna")
    orphan = owe(store, "b", "2026-05-20", received="2026-05-12T10:00", mailbox="anna@by.example")
    owe(store, "c", "2026-05-20", mailbox="anna@by.example", assignee="anna")
    read_all(config, store)
    store.intake.checked(
        MailboxCheck(
            mailbox=AUTHORITY, started_at=at("2026-05-18T07:05"), completed_at=None, new_messages=0, error="no right"
        )
    )
    digest = Desk(context_of(config, store), MONDAY).officer(config.unit("ks"))
    assert refs(digest.replies.later) == [theirs, orphan]
    assert [line.assignee for line in digest.replies.later.shown] == ["Anna Ek", ""]
    assert digest.unread == (UnreadMailbox(mailbox=AUTHORITY, error="no right", last_read_at=MONDAY),)
    assert (digest.checks, digest.missed) == ((), ()), "this town asks for no checks"


def test_what_somebody_who_has_left_owed_comes_to_the_officer(config, store):
    ref = owe(store, "a", "2026-05-20", mailbox="anna@by.example", assignee="gone")
    assert refs(Desk(context_of(config, store), MONDAY).officer(config.unit("ks")).replies.later) == [ref]


def test_items_of_a_unit_that_left_the_configuration_are_still_shown(config, store):
    ref = file(store, "a", "2026-05-08T09:00", unit="bun")
    assert [(line.ref, line.unit) for line in Desk(context_of(config, store), MONDAY).head().unconfirmed.shown] == [
        (ref, "bun")
    ]


def test_the_registrar_sees_each_item_in_one_list(config, store):
    late = file(store, "a", "2026-05-13T09:00")
    forwarded(store, late, "2026-05-13T09:05")
    fresh = file(store, "b", "2026-05-15T09:00")
    forwarded(store, fresh, "2026-05-15T09:05")
    queued = file(store, "c", "2026-05-18T06:00")
    asked = file(store, "d", "2026-05-11T09:00", AskRegistrar())
    secret = file(store, "e", "2026-05-11T09:00", AnnounceConfidential(), confidential=True)
    broken = file(store, "f", "2026-05-11T09:00", ReportUnparsable())
    done = file(store, "g", "2026-05-11T09:00")
    store.diary.confirm(done, "KS 2026/1", by="person:eva", now=MONDAY)
    digest = Desk(context_of(config, store), MONDAY).registrar(config.unit("ks"))
    assert refs(digest.unconfirmed) == [late]
    assert refs(digest.to_register) == [fresh, queued]
    assert refs(digest.to_decide) == [asked]
    assert refs(digest.confidential) == [secret]
    assert refs(digest.unparsable) == [broken]
    assert digest.count == 6
    (line,) = digest.confidential.shown
    assert (line.title, line.sender, line.kind) == (None, None, None)


def test_the_head_sees_what_is_late_and_the_weeks_figures(config, store):
    overdue = owe(store, "a", "2026-05-15")
    owe(store, "b", "2026-05-20")
    in_time = owe(store, "c", "2026-05-15")
    store.obligations.answered(in_time, how="telefon", by="person:anna", now=at("2026-05-15T10:00"))
    too_late = owe(store, "d", "2026-05-14")
    store.obligations.answered(too_late, how="telefon", by="person:anna", now=at("2026-05-15T10:00"))
    old = file(store, "e", "2026-05-08T09:00")
    file(store, "f", "2026-05-15T09:00")
    done = file(store, "g", "2026-05-11T09:00")
    store.diary.confirm(done, "KS 2026/1", by="person:eva", now=at("2026-05-13T09:00"))
    read_all(config, store)
    digest = Desk(context_of(config, store), MONDAY).head()
    assert refs(digest.overdue) == [overdue]
    assert refs(digest.unconfirmed) == [old]
    assert digest.unread == ()
    assert digest.week == WeekFigures(
        needing_reply=4,
        answered_in_time=1,
        answered_late=1,
        holding_replies=0,
        registered=1,
        checks_due=0,
        checks_made=0,
    )
    assert digest.count == 2


def test_the_operator_sees_health_and_no_content(config, store):
    read_all(config, store, at("2026-05-15T15:30"))
    store.outbox.enqueue([new_mail("a", hold="first reading"), new_mail("b")], now=MONDAY)
    store.installation.pause(by="person:it", reason="mall fel", now=MONDAY)
    digest = Desk(context_of(config, store), MONDAY).operator()
    assert [(line.kind, line.state) for line in digest.queue.shown] == [("forward", "held")]
    assert (digest.waiting, digest.mailboxes) == (1, 6)
    assert {mailbox.error for mailbox in digest.unread} == {"not read today"}
    assert digest.paused is not None
    assert digest.paused.since.hour == 7, "local time"
    assert digest.count == 6 + 1 + 1
    assert digest.would_have is None


def test_a_mailbox_that_was_never_read_is_told(config, store):
    errors = {mailbox.error for mailbox in Desk(context_of(config, store), MONDAY).head().unread}
    assert errors == {"never read"}


def test_in_observe_mode_the_operator_hears_what_would_have_happened(config, store):
    config = replace(config, mode="observe")
    file(store, "old", "2026-05-15T06:00")
    friday = file(store, "a", "2026-05-15T09:00")
    sunday = file(store, "b", "2026-05-17T09:00", AnnounceConfidential(), confidential=True)
    asked = file(store, "c", "2026-05-18T06:00", AskRegistrar())
    due = owe(store, "d", "2026-05-18")
    owe(store, "e", "2026-05-19")
    read_all(config, store)
    (one,) = addressed(context_of(config, store), MONDAY, "operator")
    assert isinstance(one.digest, OperatorDigest)
    would = one.digest.would_have
    assert would is not None and would.since == at("2026-05-15T07:00")
    shown = {
        name: [(each.to, [line.ref for line in each.examples.shown]) for each in getattr(would, name)]
        for name in ("forwarded", "announced", "asked")
    }
    assert shown == {
        "forwarded": [("Eva Holm", [friday])],
        "announced": [("Eva Holm", [sunday])],
        "asked": [("Eva Holm", [asked])],
    }
    assert [line.ref for line in would.holding_replies.shown] == [due]
    assert [(one.kind, one.to, one.count) for one in would.digests] == [
        ("registrar", "Eva Holm", 4),
        ("officer", "Lars Lind", 2),
    ]
    assert (would.overdue.total, would.messages, would.automatic) == (0, 3, 0)
    (mail,) = mails(config, store).values()
    assert mail.to == (config.operator,)
    assert friday in text_of(mail)
    assert "Ärende" not in text_of(mail)
    assert "Fråga" not in text_of(mail)


def test_what_would_have_happened_needs_the_same_memory_for_any_number(config, store, monkeypatch):
    for number in range(60):
        file(store, f"n{number}", "2026-05-17T09:00", AskRegistrar() if number % 2 else None)
    most, each = 0, store.diary.each

    def counting(**wanted):
        nonlocal most
        for item in each(**wanted):
            yield item
            most = max(most, sum(isinstance(one, DiaryItem) for one in gc.get_objects()))

    monkeypatch.setattr(store.diary, "each", counting)
    would = would_have(context_of(config, store), MONDAY, at("2026-05-15T07:00"))
    assert [(one.to, one.examples.total) for one in (*would.forwarded, *would.asked)] == [("Eva Holm", 30)] * 2
    assert 5 < most < 20


def test_long_lists_are_cut_and_the_rest_is_counted(config, store):
    config = replace(config, policy=replace(config.policy, digest=replace(config.policy.digest, most_rows=5)))
    for number in range(8):
        owe(store, f"n{number}", "2026-05-15")
    overdue = Desk(context_of(config, store), MONDAY).head().overdue
    assert (len(overdue.shown), overdue.more, overdue.total) == (5, 3, 8)
    assert "och 3 till" in text_of(mails(config, store)["digest:officer/ks:lars:2026-05-18"])


# --- who gets them, and when ----------------------------------------------------------------------------------------


def test_empty_days_give_mail_to_the_officer_only(config, store):
    read_all(config, store)
    found = mails(config, store)
    assert list(found) == ["digest:officer/ks:lars:2026-05-18"]
    assert "inget väntar" in text_of(found["digest:officer/ks:lars:2026-05-18"])
    silent = replace(config.policy.digest, officer_on_empty_days=False)
    assert mails(replace(config, policy=replace(config.policy, digest=silent)), store) == {}
    talkative = replace(config.policy.digest, others_on_empty_days=True)
    everyone = mails(replace(config, policy=replace(config.policy, digest=talkative)), store)
    assert [key.split(":")[1] for key in everyone] == ["registrar/ks", "officer/ks", "head", "operator"]


def test_each_person_with_something_to_do_gets_one_mail(config, store):
    owe(store, "a", "2026-05-15", assignee="anna")
    file(store, "b", "2026-05-15T09:00")
    found = mails(config, store)
    assert {key: mail.to for key, mail in found.items()} == {
        "digest:registrar/ks:eva:2026-05-18": ("eva@by.example",),
        "digest:staff:anna:2026-05-18": ("anna@by.example",),
        "digest:officer/ks:lars:2026-05-18": ("lars@by.example",),
        "digest:head:karin:2026-05-18": ("karin@by.example",),
        "digest:operator:it:2026-05-18": ("it@by.example",),
    }
    staff = found["digest:staff:anna:2026-05-18"]
    assert (staff.kind, staff.audience, staff.envelope_from) == ("digest", "staff", "mailbot@by.example")
    assert email.message_from_bytes(staff.raw, policy=policy.default)["Subject"] == "1 att besvara, 1 försenat"
    assert store.outbox.enqueue(list(found.values()), now=MONDAY) == 5
    assert store.outbox.enqueue(list(mails(config, store).values()), now=MONDAY) == 0
    assert not set(found) & set(mails(config, store, at("2026-05-19T07:00")))


def test_a_deputy_gets_the_mail_of_a_role_whose_first_person_is_away(config, store):
    people = tuple(
        replace(one, absences=(KnownAbsence(from_=date(2026, 5, 18), back=date(2026, 5, 20)),))
        if one.id == "lars"
        else one
        for one in config.people
    )
    units = (replace(config.units[0], mail_officers=("lars", "eva")),)
    config = replace(config, people=people, units=units)
    read_all(config, store)
    assert list(mails(config, store)) == ["digest:officer/ks:eva:2026-05-18"]
    read_all(config, store, at("2026-05-20T07:00"))
    assert list(mails(config, store, at("2026-05-20T07:00"))) == ["digest:officer/ks:lars:2026-05-20"]


def test_digests_are_in_their_readers_language(config, store):
    people = tuple(replace(one, language="nb") if one.id == "eva" else one for one in config.people)
    file(store, "a", "2026-05-15T09:00")
    found = mails(replace(config, people=people), store)
    assert "Til journalføring" in text_of(found["digest:registrar/ks:eva:2026-05-18"])
    assert "Kommunstyrelsen" in text_of(found["digest:officer/ks:lars:2026-05-18"])


def test_one_unit_or_person_can_be_asked_for(config, store):
    owe(store, "a", "2026-05-15", assignee="anna")
    assert [one.recipient for one in addressed(context_of(config, store), MONDAY, "staff", person="lars")] == ["lars"]
    assert [one.recipient for one in addressed(context_of(config, store), MONDAY, "staff")] == ["anna"]
    assert list(addressed(context_of(config, store), MONDAY, "registrar", unit="none")) == []


# --- what never stands in them --------------------------------------------------------------------------------------


def test_confidential_matters_show_reference_date_and_mailbox_only(config, store):
    secret = owe(
        store, "kalle", "2026-05-15", subject=SECRET, confidential=True, assignee="anna", mailbox="anna@by.example"
    )
    file(store, "moa", "2026-05-08T09:00", AnnounceConfidential(), confidential=True)
    texts = {key: text_of(mail) for key, mail in mails(config, store).items()}
    assert len(texts) == 5
    for key, text in texts.items():
        for word in ("Kalle", "kalle@", "Orosanm", "moa@", "Ärende", "Anna Ek <"):
            assert word not in text, (key, word)
    assert secret in texts["digest:staff:anna:2026-05-18"]
    assert "Möjlig sekretess (1)" in texts["digest:registrar/ks:eva:2026-05-18"]


def test_the_head_is_not_shown_what_people_wrote(config, store):
    owe(store, "a", "2026-05-15", subject="Min granne")
    assert "Min granne" not in text_of(mails(config, store)["digest:head:karin:2026-05-18"])
    assert "a@x.example" not in text_of(mails(config, store)["digest:head:karin:2026-05-18"])


def test_subjects_of_strangers_cannot_shape_a_digest(config, store):
    owe(store, "a", "2026-05-15", subject="<b>x</b> [klicka](https://evil.example) `kod`", assignee="anna")
    mail = mails(config, store)["digest:staff:anna:2026-05-18"]
    parts = list(email.message_from_bytes(mail.raw, policy=policy.default).iter_parts())
    assert "<b>x</b> [klicka](https://evil.example) `kod`" in parts[0].get_content()
    assert all(link.startswith("mailto:") for link in re.findall(r'href="([^"]*)', parts[1].get_content()))
    assert "<b>" not in parts[1].get_content()


# --- samples --------------------------------------------------------------------------------------------------------


def test_the_samples_that_doctor_tries_have_the_fields_of_the_real_digests(config):
    def names(cls: type, *computed: str) -> set[str]:
        return {field.name for field in fields(cls)} | set(computed)

    for cls in get_args(Digest):
        kind = cls.__name__.removesuffix("Digest").lower()
        sample = SAMPLES[f"digest_{kind}"]["digest"]
        assert set(sample) == names(cls, "count", *(["to_check"] if kind == "officer" else [])), kind
    head, operator = SAMPLES["digest_head"]["digest"], SAMPLES["digest_operator"]["digest"]
    replies = SAMPLES["digest_staff"]["digest"]["replies"]
    assert set(replies) == names(Replies, "total")
    assert set(replies["overdue"]) == names(Rows, "total")
    assert set(replies["overdue"]["shown"][0]) == names(ReplyLine)
    assert set(head["unconfirmed"]["shown"][0]) == names(DiaryLine)
    assert set(head["unread"][0]) == names(UnreadMailbox)
    assert set(head["week"]) == names(WeekFigures, "most")
    assert set(head["missed"][0]) == names(CheckLine)
    assert set(operator["queue"]["shown"][0]) == names(QueueLine)
    assert set(operator["would_have"]) == names(WouldHave)
    assert set(operator["would_have"]["forwarded"][0]) == names(WouldSend)
    assert set(operator["would_have"]["digests"][0]) == names(WouldDigest)
    assert set(operator["would_have"]["forwarded"][0]["examples"]["shown"][0]) == names(Example)


def test_late_document_requests_have_a_heading_of_their_own(config, store):
    overdue = owe(store, "a", "2026-05-15")
    document = owe(store, "b", "2026-05-20", document="2026-05-13")
    owe(store, "c", "2026-05-20", document="2026-05-20")
    read_all(config, store)
    digest = Desk(context_of(config, store), MONDAY).head()
    assert (refs(digest.late_documents), refs(digest.overdue)) == ([document], [overdue])
    assert digest.count == 2


@pytest.mark.parametrize("key", [None, lambda one: one[0]])
def test_a_list_of_any_length_keeps_what_it_begins_with_and_counts_the_rest(key):
    found = [(number * 7919 % 1000, number) for number in range(3_000)]
    pile = Pile[tuple[int, int]](20, key)
    for one in found:
        pile.add(one)
    expected = sorted(found, key=key) if key else found
    assert pile.rows(lambda one: one) == Rows(tuple(expected[:20]), 2_980)
    assert len(pile._kept) == 20


def test_a_short_list_is_shown_whole():
    pile = Pile[int](5, key=lambda one: one)
    for one in (3, 1, 2):
        pile.add(one)
    assert pile.rows(str) == Rows(("1", "2", "3"), 0)
