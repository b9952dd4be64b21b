"""A working day on a server that speaks EWS and is not Microsoft's: it lacks much, and does some things its own way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from mailbot.work.absence_verify import verify
from mailbot.work.passes import one_pass
from tests.servers.exchange.server import ExchangeServer
from tests.support.absence_town import plan
from tests.support.ews_town import EwsTown
from tests.system.test_cloud_working_day import APPEAL, QUESTION, state


@pytest.fixture(params=["drafts", "sentitems"])
def town(request: pytest.FixtureRequest, tmp_path: Path, ews: ExchangeServer) -> EwsTown:
    ews.faults.unknown = {"Subscribe", "GetInboxRules", "UpdateInboxRules", "GetUserConfiguration"}
    ews.faults.cannot_search = ews.faults.silent_send = True
    ews.faults.sends_copies_into = request.param
    ews.faults.most_items = 3
    ews.organisation.odd_replies = True
    made = EwsTown(tmp_path, server=ews)
    assert made.run().alarms == ()
    made.run()
    return made


def test_mail_is_read_judged_and_handed_over_once(town: EwsTown) -> None:
    for number in range(5):
        town.post(town.letter(QUESTION, subject=f"Fråga {number}"), town.address("kommunen"))
    town.post(town.letter(APPEAL, subject="Mitt bygglov"), town.address("kommunen"))

    report = town.run()

    assert (report.new_messages, report.alarms) == (6, ())
    forwarded = [mail for mail in town.mails("eva") if mail.get_content_type() == "multipart/mixed"]
    assert len(forwarded) == 1
    with town.open() as context:
        assert len(context.store.diary.list(states=("forwarded",))) == 1
        assert len(context.store.obligations.list()) == 6
    sent = [mail["Message-ID"] for mail in town.mails("mailbot", "sentitems")]
    assert len(sent) == len(set(sent)) and forwarded[0]["Message-ID"] in sent
    assert town.mails("mailbot", "drafts") == []
    town.run()  # what was sent to staff
    before = state(town)
    assert town.run().new_messages == 0 and state(town) == before


@pytest.mark.parametrize("told", [True, False])
def test_an_absence_is_answered_and_mailbot_forwards_where_it_is_told_to(
    town: EwsTown, ews: ExchangeServer, told: bool
) -> None:
    ews.faults.odd_mail_tips = True
    if told:
        town.change('secret = "exchange"', 'secret = "exchange"\ninbox_rules = false')
    with town.open() as context:
        stored = plan(context, datetime.now(UTC))
        keep_up(context, datetime.now(UTC))
        assert town.reply_texts("anna")[0], "the automatic reply stands, whatever becomes of the forwarding"
        found = verify(context, stored, datetime.now(UTC))
        assert found.problems == (() if told else ("forward_missing",))
        assert context.store.absences.get(stored.ref).state == ("active" if told else "broken")
        town.post(town.letter(QUESTION, to=town.address("anna"), subject="Altan"), town.address("anna"))
        one_pass(context, datetime.now(UTC))
        assert any("Altan" in mail.as_string() for mail in town.mails("lars")) is told
        keep_up(context, datetime.now(UTC) + timedelta(days=30))
        assert not town.reply_texts("anna")[0]
    ews.violations.clear()  # mail tips that are not Microsoft's
