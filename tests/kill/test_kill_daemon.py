"""Six days of mail, absences, answers by mail and daily checks, while the daemon is killed again and again.

The daemon lives in a child process and gets SIGKILL at random moments. What the days come to is what undisturbed
days come to: the same rows in every table, and every mail once.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from mailbot import daemon, wiring
from mailbot.policy.absence import Absence, Cover, Option
from mailbot.work.watching import Bell
from tests.kill.world import recorded
from tests.support.fortnight import ALARMS, MORNING_MAILS, Fortnight
from tests.support.town import at
from tests.system.test_fortnight import OnMaildirs

AWAY = Absence(
    person="it",
    from_=date(2026, 3, 30),
    back=date(2026, 4, 8),
    option=Option.COLLEAGUE_CHECKS,
    colleague="lars",
    covers=(Cover("2026-W14", "lars"), Cover("2026-W15", "lars")),
)
#: those whose mail comes while they are away, and what arrives between which passes
TO_THE_ABSENT = {"2026-03-30T08:30": "ulf", "2026-03-31T12:30": "siv", "2026-03-31T13:00": "ulf"}
_LAST_DAY = "2026-03-31"
_CHANCE_OF_DEATH = 0.4


EXPECTED = tuple({day: told for day, told in each.items() if day <= _LAST_DAY} for each in (MORNING_MAILS, ALARMS))


class KilledAtRandom(OnMaildirs):
    """Every pass is the daemon's own, in a child; with `seed` it is killed first, once or several times."""

    def __init__(self, root: Path, seed: int | None) -> None:
        super().__init__(root)
        came = at("2026-03-25T16:00").timestamp()
        for path in self.town.root.glob("mail/*/new/*"):  # what the pass before the first day has sent
            os.utime(path, (came, came))
        self._random = random.Random(seed) if seed is not None else None
        self._log = root / "daemon.log"
        #: how long a pass takes here, a little more than the latest did
        self._seconds = 0.5
        self.kills = 0
        self.context(lambda context: context.store.absences.plan(AWAY, by="person:it", now=at("2026-03-25T17:00")))

    def run(self, when: str) -> None:
        if (asker := TO_THE_ABSENT.get(when)) is not None:
            self.town.deliver(when, "Hej! Fungerar e-tjänsten?\n", to="it@by.example", from_=f"{asker}@privat.example")
        while self._random and self._random.random() < _CHANCE_OF_DEATH:
            self._killed(when, self._random.uniform(0, self._seconds))
        for _ in range(2):  # the second reads what the first has sent to staff
            begun = time.monotonic()
            assert self._ended(self._started(when)) == 0, self._log.read_text()
            self._seconds = 1.2 * (time.monotonic() - begun)

    def _killed(self, when: str, after_seconds: float) -> None:
        child = self._started(when)
        time.sleep(after_seconds)
        os.kill(child, signal.SIGKILL)
        self.kills += self._ended(child) == -signal.SIGKILL

    def _started(self, when: str) -> int:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                output = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(output, 1)
                os.dup2(output, 2)
                self._serve(at(when))
                status = 0
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(status)
        return child

    @staticmethod
    def _ended(child: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _serve(self, now: datetime) -> None:
        bell = Bell()
        asked = iter(range(sys.maxsize))

        def clock() -> datetime:
            if next(asked):  # the first pass is over
                bell.stop()
            return now

        with self.town.open() as context:
            config = context.config
            own = replace(
                context,
                lease_seconds=0,  # a new process looks up at once what the dead one had begun
                open_sender=lambda: wiring.open_sender(config, delivered_at=lambda: now),
            )
            daemon.serve(own, bell, clock)

    def rows(self) -> dict[str, Any]:
        return recorded(self.town.config.paths.database)

    def mails(self) -> Counter[tuple[str, str, str]]:
        """Recipient, Message-ID and subject of everything that mailbot has sent, as often as it arrived."""
        own = [
            (mailbox.address, raw)
            for mailbox in self.town.config.mailboxes
            for raw in self.town.inbox(mailbox.address)
            if mailbox.role != "authority"
        ]
        gone = [("", raw) for raw in self.town.outside()]
        messages = [(to, message_from_bytes(raw)) for to, raw in own + gone]
        return Counter(
            (to or parseaddr(mail["To"])[1], str(mail["Message-ID"]), str(mail["Subject"])) for to, mail in messages
        )


def played(seed: int | None) -> tuple[KilledAtRandom, Fortnight]:
    stage = KilledAtRandom(Path(mkdtemp(prefix="mailbot-soak-")) / "town", seed)
    story = Fortnight(stage)
    story.play(until=_LAST_DAY)
    return stage, story


@cache
def undisturbed() -> tuple[dict[str, Any], Counter[tuple[str, str, str]]]:
    stage, story = played(None)
    assert (story.morning_mails, story.alarms) == EXPECTED
    return stage.rows(), stage.mails()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_moments_for_six_days(seed: int) -> None:
    rows, mails = undisturbed()
    stage, story = played(seed)
    assert stage.kills > 10
    assert stage.mails() == mails
    assert set(mails.values()) == {1}
    assert {"ulf@privat.example", "siv@privat.example"} <= {to for to, *_ in mails}, "told who checks"
    assert (story.morning_mails, story.alarms) == EXPECTED
    found = stage.rows()
    for table, expected in rows.items():
        assert found[table] == expected, table
