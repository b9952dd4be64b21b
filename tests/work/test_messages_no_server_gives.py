"""Messages that are there and that the server cannot give: each goes to a person, and none stands in another's way."""

from pathlib import Path

from tests.servers.exchange.server import ExchangeServer
from tests.support.ews_town import EwsTown

QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"


def test_each_is_shown_to_the_registrar_and_the_others_are_read(tmp_path: Path, ews: ExchangeServer) -> None:
    town = EwsTown(tmp_path, server=ews)
    town.run()
    town.run()
    for number in range(3):
        town.post(town.letter(QUESTION, subject=f"Fråga {number}"), town.address("kommunen"))
    for item in town.inbox("kommunen")[:2]:
        ews.faults.items[item.id] = "ErrorItemCorrupt"

    report = town.run()

    assert report.alarms == ()
    with town.open() as context:
        unparsable = [one for one in context.store.diary.list() if one.unparsable]
        assert len(unparsable) == 2
        assert [one.subject for one in context.store.obligations.list()] == ["Fråga 2"]
    town.run()
    with town.open() as context:
        assert len([one for one in context.store.diary.list() if one.unparsable]) == 2
