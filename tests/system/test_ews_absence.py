"""What only Exchange does in an absence."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from tests.servers.exchange.server import ExchangeServer
from tests.support.absence_town import plan
from tests.support.ews_town import EwsTown


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def town(tmp_path: Path, ews: ExchangeServer) -> EwsTown:
    """Anna has an automatic reply and a rule of her own."""
    town = EwsTown(tmp_path, server=ews)
    town.give_own_settings("anna")
    return town


def test_outlooks_own_rules_are_kept_and_the_person_is_told(town: EwsTown) -> None:
    town.box("anna").outlook_rule_blob = True
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "broken"
    assert town.box("anna").outlook_rule_blob
    assert list(town.box("anna").rules) == ["own"]
