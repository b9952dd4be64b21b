"""How often an Exchange server is asked. Handshakes and lists of folders are not counted."""

from collections import Counter
from pathlib import Path

import pytest

from tests.servers.exchange.server import ExchangeServer
from tests.support.ews_town import EwsTown
from tests.system.test_cloud_working_day import QUESTION

_FOLDER_LISTS = {"GetFolder", "FindFolder", "ConvertId"}


@pytest.fixture
def town(tmp_path: Path, ews: ExchangeServer) -> EwsTown:
    made = EwsTown(tmp_path, server=ews)
    for _ in range(3):
        made.run()
    return made


def counted(asked: Counter[str]) -> int:
    return sum(number for operation, number in asked.items() if operation not in _FOLDER_LISTS)


def quiet_pass(town: EwsTown) -> int:
    with town.server.counted() as asked:
        assert town.run().new_messages == 0
    return counted(asked)


def test_a_pass_with_nothing_new_costs_one_request_per_folder(town: EwsTown) -> None:
    town.post(town.letter(QUESTION), town.address("kommunen"))  # an open question costs nothing more
    for _ in range(3):
        town.run()
    folders = sum(len(box.folders) for box in town.organisation.boxes.values())
    assert 0 < quiet_pass(town) <= folders


@pytest.mark.parametrize("name", ["kommunen", "anna"])
def test_one_new_message_costs_at_most_three_more(town: EwsTown, name: str) -> None:
    before = quiet_pass(town)
    town.post(town.letter(QUESTION, to=town.address(name)), town.address(name))
    with town.server.counted() as asked:
        report = town.run()
    assert (report.new_messages, report.sent) == (1, 0)
    assert counted(asked) - before <= 3
