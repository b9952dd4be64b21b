"""Absences from plan to return on a real Dovecot and Postfix, through the daemon's passes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.policy.absence import Option
from mailbot.work.absence_install import uninstall
from mailbot.work.absence_upkeep import keep_up, verify_now
from mailbot.work.absence_verify import verify
from mailbot.work.passes import one_pass
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.absence_town import AbsenceTown, now, plan
from tests.support.town import today

OWN = 'require ["fileinto"];\r\nif header :contains "subject" "Nyhetsbrev" { fileinto "INBOX"; }\r\n'
MakeTown = Callable[..., AbsenceTown]


@pytest.fixture
def make_town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> MakeTown:
    def make(**options: object) -> AbsenceTown:
        return AbsenceTown(tmp_path, dovecot, postfix, **options)  # type: ignore[arg-type]

    return make


def test_from_plan_to_return(make_town: MakeTown) -> None:
    town = make_town()
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())  # installs, compares, sends the probes
        town.wait_for_delivery()
        keep_up(context, now())  # looks at what came of them
        assert context.store.absences.get(stored.ref).state == "proven"
        found = verify(context, stored, now())
        assert (found.configured, found.effective, found.proven, found.problems) == (True, True, True, ())

        for name in ("anna", "lars", "prov", "utifran"):
            assert town.mails(name) == [], f"the probe's traces are removed at {name}"
        town.post(town.letter("Får jag bygga?", to=town.address("anna")), town.address("anna"))
        (reply,) = town.mails(town.citizen)
        assert reply["Auto-Submitted"].startswith("auto-replied")
        (copy,) = town.mails("lars")
        (original,) = town.mails("anna")
        assert copy["Message-ID"] == original["Message-ID"]
        one_pass(context, now())
        assert len(context.store.obligations.list(states=("open",))) == 1, "a forwarded copy is not judged twice"
        assert (
            context.store.messages.count_in(
                town.address("anna"), now() - timedelta(hours=1), now() + timedelta(hours=1)
            )
            == 1
        )

        one_pass(context, now() + timedelta(days=30))
        assert context.store.absences.get(stored.ref).state == "ended"
        assert town.scripts("anna") == before
        assert context.store.absences.tokens(stored.ref) == {}
        assert [mail["Subject"] for mail in town.mails("anna") if "tillbaka" in str(mail["Subject"])]


def test_cancelled(make_town: MakeTown) -> None:
    town = make_town(probes=False)
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert town.scripts("anna") != before
        assert context.store.absences.get(stored.ref).state == "active"
        context.store.absences.cancel(stored.ref, by="person:anna", now=now())
        keep_up(context, now())
        assert town.scripts("anna") == before
        uninstall(context, stored)
        assert town.scripts("anna") == before


def test_what_somebody_changed_is_put_back_and_told(make_town: MakeTown) -> None:
    town = make_town(probes=False)
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        installed = town.scripts("anna")
        with town.sieve("anna") as anna:
            anna.set_active(None)
        assert verify(context, stored, now()).problems == ("not_installed", "forward_missing")
        keep_up(context, now() + timedelta(days=1))
        assert town.scripts("anna") == installed
        told = [item for item in context.store.outbox.list() if item.dedup_key.startswith("absence_broken")]
        assert {item.to for item in told} == {(town.address("anna"),), (town.address("karin"),)}
        assert context.store.absences.get(stored.ref).state == "active"


def test_own_reply_stands_against_it_and_is_told(make_town: MakeTown) -> None:
    town = make_town(probes=False)
    town.save("anna", "semester", 'require ["vacation"];\r\nvacation "egen";\r\n')
    before = town.scripts("anna")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert town.scripts("anna") == before
        assert context.store.absences.get(stored.ref).state == "broken"
        told = [item for item in context.store.outbox.list() if item.dedup_key.startswith("absence_broken")]
        assert len(told) == 2
        keep_up(context, now())
        assert len(context.store.outbox.list()) == 2, "once a day"


def test_a_changed_text_is_proven_anew(make_town: MakeTown) -> None:
    town = make_town()
    with town.open() as context:
        stored = plan(context, now())
        for _ in range(2):
            keep_up(context, now())
            town.wait_for_delivery()
        first = context.store.absences.tokens(stored.ref)["probe"]
        changed = stored.absence
        context.store.absences.change(stored.ref, changed, by="person:anna", now=now())
        for _ in range(2):
            keep_up(context, now())
            town.wait_for_delivery()
        assert context.store.absences.tokens(stored.ref)["probe"] != first
        assert context.store.absences.get(stored.ref).state == "proven"


def test_a_reply_that_never_leaves_the_server_is_found_by_the_probe(make_town: MakeTown) -> None:
    """Everything is configured, and all the same nobody gets an answer."""
    town = make_town()
    port = town.dovecot.folder / "smtp-port"
    right = port.read_text()
    port.write_text("1")
    try:
        with town.open() as context:
            stored = plan(context, now(), option=Option.READS_ONESELF)
            keep_up(context, now())
            assert context.store.absences.get(stored.ref).state == "active", "a reply may take a while"
            keep_up(context, now() + timedelta(hours=1))
            assert context.store.absences.get(stored.ref).state == "broken"
            found = verify_now(context, stored, now() + timedelta(hours=1), probe=False)
            assert found.proven is False
            assert found.problems == ("probe:internal:reply_missing", "probe:external:reply_missing")
            assert town.mails("anna") == [], "what was sent is removed all the same"
    finally:
        port.write_text(right)


def test_nothing_is_touched_in_observe_mode(make_town: MakeTown) -> None:
    town = make_town(mode="observe")
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    with town.open() as context:
        stored = plan(context, now())
        one_pass(context, now())
        verify_now(context, stored, now(), probe=True)
        assert town.scripts("anna") == before
        assert context.store.absences.tokens(stored.ref) == {}
        assert town.mails("anna") == []


def test_the_next_absence_is_installed_when_the_first_is_over(make_town: MakeTown) -> None:
    town = make_town(probes=False)
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    with town.open() as context:
        later = plan(context, now(), from_=today() + timedelta(days=40), back=today() + timedelta(days=50))
        keep_up(context, now())
        assert context.store.absences.get(later.ref).state == "planned"
        assert "kept" in str(context.store.absences.tokens(later.ref)) or context.store.absences.tokens(later.ref)
        first = plan(context, now(), option=Option.READS_ONESELF)
        keep_up(context, now())
        assert context.store.absences.get(first.ref).state == "active"
        keep_up(context, now() + timedelta(days=20))
        assert context.store.absences.get(first.ref).state == "ended"
        keep_up(context, now() + timedelta(days=20))
        assert town.scripts("anna") != before
        keep_up(context, now() + timedelta(days=60))
        assert town.scripts("anna") == before


def test_a_restored_database_does_not_take_our_text_for_the_persons_own(make_town: MakeTown) -> None:
    town = make_town(probes=False)
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        for name in context.store.absences.tokens(stored.ref):
            context.store.absences.drop_token(stored.ref, name)
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        context.store.absences.cancel(stored.ref, by="person:anna", now=now())
        keep_up(context, now())
    assert town.scripts("anna") == before
