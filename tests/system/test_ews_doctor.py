"""`mailbot doctor` against Exchange and servers of another make."""

from pathlib import Path

from tests.servers.exchange.server import ExchangeServer
from tests.support.command import mailbot
from tests.support.ews_town import EwsTown


def checks(town: EwsTown) -> dict[str, dict[str, str]]:
    told = mailbot("doctor", "--json", "--lang", "en", "--config", town.config_path)
    return {check["name"]: check for check in told.rows[0]["checks"]}


def test_what_a_server_of_another_make_lacks_is_told_and_everything_else_works(
    tmp_path: Path, ews: ExchangeServer
) -> None:
    town = EwsTown(tmp_path, server=ews)
    assert "server exchange" not in checks(town)
    ews.faults.unknown = {"Subscribe", "GetInboxRules", "GetUserConfiguration"}
    found = checks(town)
    assert found["mailbox kommunen@bjurholm.example"]["status"] == "ok"
    assert found["server exchange"]["status"] == "warning"
    assert found["server exchange"]["message"] == "exchange lacks GetInboxRules, GetUserConfiguration, Subscribe"
    assert "Reading and sending are not affected" in found["server exchange"]["remedy"]
    town.change('secret = "exchange"', 'secret = "exchange"\ninbox_rules = false')
    assert checks(town)["server exchange"]["message"] == "exchange lacks GetUserConfiguration, Subscribe"
    town.run()
    town.post(
        town.letter("Hej!\n\nVilka tider har simhallen öppet?\n\nMvh Bo\n", subject="Fråga"),
        town.address("eva"),
    )
    assert town.run().alarms == ()
