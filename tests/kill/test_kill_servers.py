"""A pass over a real Dovecot and Postfix, killed before and after its steps.

Everything is as after an undisturbed pass, and every mail is there once. Only between the record that the last line of
a mail is about to be said and the record of its answer nobody can tell whether it went: then staff may get the same
mail twice, and mail to a citizen is held and shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kill.server_town import ServerTown, Stand
from tests.kill.steps import in_child, killed_child
from tests.kill.world import Snapshot
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.work.test_working_day import APPEAL, QUESTION

WHEN = "2026-05-15T15:30"


@dataclass
class Undisturbed:
    town: ServerTown
    notes: Path
    begin: list[Snapshot]
    moments: list[str]
    stand: Stand

    def windows(self) -> Iterator[tuple[int, int]]:
        """First and last moment between the two records around the last line of each mail."""
        for here, moment in enumerate(self.moments):
            if moment == "before smtp last line":
                first = max(n for n in range(here) if self.moments[n] == "after commit")
                last = min(n for n in range(here, len(self.moments)) if self.moments[n] == "before commit")
                yield first, last

    def said(self, moment: int) -> bool:
        """Whether the last line of the mail in whose window the moment lies had been said by then."""
        return any(first <= moment <= last and "after smtp last line" in self.moments[first : moment + 1]
                   for first, last in self.windows())  # fmt: skip

    def killed_at(self, moment: int) -> None:
        self.town.wait_for_arrivals()
        for snapshot in self.begin:
            snapshot.put_back()
        killed = killed_child(lambda: self.town.live(WHEN), moment, noted_in=self.notes / "moments")
        assert killed == self.moments[moment], "the pass takes other steps than before"
        alarms = self.town.live(WHEN).alarms
        stand = self.town.stand()
        name = f"{moment}: {self.moments[moment]}"
        unclear = any(first <= moment <= last for first, last in self.windows())
        held = {key for key, item in stand.outbox.items() if item.state == "unknown"}
        assert len(held) <= unclear, name
        assert ("unknown_mail" in alarms) == bool(held), name
        assert stand.outbox.keys() == self.stand.outbox.keys(), name
        twice = []
        for key, (copies, filed) in stand.copies.items():
            item = stand.outbox[key]
            if key in held:
                assert (item.audience, filed, copies) == ("citizen", 0, int(self.said(moment))), name
                continue
            assert (item.state, filed) == ("sent", 1), f"{name}, {key}"
            assert copies == 1 or (unclear and self.said(moment) and item.audience == "staff"), f"{name}, {key}"
            twice += [key] * (copies - 1)
        assert len(twice) <= 1, name
        if not held:
            assert (stand.obligations, stand.diary) == (self.stand.obligations, self.stand.diary), name


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postfix: Postfix) -> Undisturbed:
    """The pass finds a question that is due, and an appeal that has just come."""
    town = ServerTown(tmp_path_factory.mktemp("kill") / "town", dovecot=dovecot, postfix=postfix)
    notes = tmp_path_factory.mktemp("notes")
    town.live("2026-05-08T07:00")
    town.wait_for_arrivals()
    town.arrives("2026-05-11T09:00", QUESTION, "<fraga@medborgare.example>")
    town.live("2026-05-11T12:30")
    town.wait_for_arrivals()
    town.arrives("2026-05-15T15:00", APPEAL, "<klagan@medborgare.example>")
    begin = town.snapshots(notes)
    moments = in_child(lambda: town.live(WHEN), noted_in=notes / "moments")
    town.live(WHEN)
    return Undisturbed(town, notes, begin, moments, town.stand())


def test_the_pass_sends_to_staff_and_to_a_citizen(undisturbed: Undisturbed) -> None:
    sent = {item.kind for item in undisturbed.stand.outbox.values()}
    assert {"forward", "holding_reply", "digest"} <= sent
    assert set(undisturbed.stand.copies.values()) == {(1, 1)}
    assert len(list(undisturbed.windows())) >= 3
    assert {"before imap APPEND", "before imap UID", "before smtp RCPT"} <= set(undisturbed.moments)


def test_killed_around_the_last_line_of_a_mail(undisturbed: Undisturbed) -> None:
    """A mail to staff, and the holding reply to a citizen: before the record, before and after the line, after it."""
    windows = list(undisturbed.windows())
    keys = list(undisturbed.stand.outbox)
    assert keys[-1].startswith("holding:")
    for first, last in (windows[0], windows[-1]):
        for moment in (first - 1, first, last, last + 1):
            undisturbed.killed_at(moment)


def test_killed_while_the_copy_is_filed(undisturbed: Undisturbed) -> None:
    before, after = [n for n, moment in enumerate(undisturbed.moments) if moment.endswith("imap APPEND")][:2]
    for moment in (before, after, after + 2):
        undisturbed.killed_at(moment)


@pytest.mark.soak
def test_killed_at_every_moment(undisturbed: Undisturbed) -> None:
    for moment in range(len(undisturbed.moments)):
        undisturbed.killed_at(moment)
