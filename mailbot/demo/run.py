"""The sample municipality lives through its week: real Maildirs, a real database, time injected."""

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path

from mailbot import wiring
from mailbot.config.load import load
from mailbot.config.model import Config
from mailbot.demo import actions, letters
from mailbot.demo.accounts import Accounts, accounts
from mailbot.demo.digests import write_digests
from mailbot.errors import UserError
from mailbot.platforms.sending import Sender
from mailbot.store import schema
from mailbot.work.context import Context
from mailbot.work.daily_check import attest
from mailbot.work.passes import PassReport, one_pass

FIRST_DAY, LAST_DAY = date(2026, 5, 8), date(2026, 5, 15)
#: the work day has ended and the last pass has been made
EVENING = time(18, 0)
#: public on purpose: the demo shows the same references every time; a real installation has a secret of its own
_REFERENCE_KEY = hashlib.sha256(b"mailbot demo").hexdigest()
#: Maildir++ names of the folders that letters lie in
_FOLDERS = {"INBOX": "", "Sent": ".Skickat", "Drafts": ".Utkast", "Junk": ".Junk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTold:
    """One pass of the week and what the people did since the one before."""

    at: datetime
    report: PassReport
    deeds: tuple[actions.Deed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The week as it went."""

    folder: Path
    config: Config
    digests: tuple[Path, ...]
    accounts: Accounts


def live_through_the_week(folder: Path, tell: Callable[[PassTold, Context], None]) -> Week:
    """Build the municipality in `folder` and live through its week; `tell` is called after every pass.

    Raises UserError when `folder` holds anything that an earlier demo has not left there.
    """
    config = _found_municipality(folder)
    town = _Town(config, letters.load(), actions.load())
    with wiring.daemon_installation(config) as installed:
        for moment in _moments(config):
            context = replace(installed, open_sender=town.sender_at(moment))
            town.deliver_until(moment)
            deeds = town.act_until(context, moment)
            tell(PassTold(at=moment, report=one_pass(context, moment), deeds=deeds), context)
        return Week(
            folder=folder,
            config=config,
            digests=write_digests(installed, folder / "digests"),
            accounts=accounts(installed, _local(config, FIRST_DAY, time()), _local(config, LAST_DAY, EVENING)),
        )


def _found_municipality(folder: Path) -> Config:
    """Configuration, people, secrets, empty mailboxes and database, in a folder of their own."""
    marker = folder / ".mailbot-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise UserError(f"{folder} holds other files; give --out a folder that is empty or does not exist yet")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "secrets").mkdir(mode=0o700, parents=True)
    (folder / "outside").mkdir()
    marker.touch()
    for name in ("config.toml", "people.toml"):
        (folder / name).write_bytes(files("mailbot.demo").joinpath(name).read_bytes())
    key = folder / "secrets" / wiring.REFERENCE_KEY
    key.touch(mode=0o600)
    key.write_text(_REFERENCE_KEY)
    config = load(folder / "config.toml")
    for mailbox in config.mailboxes:
        for name in _FOLDERS.values():
            for part in ("tmp", "new", "cur"):
                (_maildir(config, mailbox.address) / name / part).mkdir(parents=True, exist_ok=True)
    schema.upgrade(config.paths.database)
    return config


def _moments(config: Config) -> list[datetime]:
    """The instants of the passes, of every day: mailbot also polls while people have a day off."""
    days = [FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1)]
    return [_local(config, day, at) for day in days for at in config.schedule.passes]


def _local(config: Config, day: date, at: time) -> datetime:
    return datetime.combine(day, at, config.zone).astimezone(UTC)


def _maildir(config: Config, address: str) -> Path:
    return wiring.local_mailboxes(config)[address]


class _Town:
    """Delivers the week's letters and does what its people do, each when its time has come."""

    def __init__(self, config: Config, post: Sequence[letters.Letter], deeds: Sequence[actions.Deed]) -> None:
        self._config = config
        self._post = deque(post)
        self._deeds = deque(deeds)
        self._message_ids = {letter.id: letter.message_id for letter in post}
        self._files = count(1)

    def sender_at(self, moment: datetime) -> Callable[[], Sender]:
        """A sender whose deliveries carry the time of the sample week."""
        return lambda: wiring.open_sender(self._config, delivered_at=lambda: moment)

    def deliver_until(self, moment: datetime) -> None:
        """Lay every letter that has arrived by `moment` into its mailboxes."""
        while self._post and self._post[0].at <= moment:
            letter = self._post.popleft()
            for copy in letter.copies():
                self._lay(copy, letter.at)

    def _lay(self, copy: letters.Copy, at: datetime) -> None:
        place = _maildir(self._config, copy.mailbox) / _FOLDERS[copy.folder]
        name = f"{int(at.timestamp())}.M{next(self._files)}.lillan"
        path = place / "cur" / f"{name}:2,S" if copy.folder == "Sent" else place / "new" / name
        path.write_bytes(copy.raw)
        os.utime(path, (at.timestamp(), at.timestamp()))

    def act_until(self, context: Context, moment: datetime) -> tuple[actions.Deed, ...]:
        """Do what people do by `moment`, having read what the pass before told them."""
        done = []
        while self._deeds and self._deeds[0].done_at <= moment:
            done.append(self._deeds.popleft())
            self._do(context, done[-1])
        return tuple(done)

    def _do(self, context: Context, deed: actions.Deed) -> None:
        store, by, now = context.store, f"person:{deed.by}", deed.done_at
        if deed.do == "attest":
            mailbox = self._config.mailbox(deed.mailbox)
            assert mailbox is not None, f"{deed.mailbox} is a mailbox of the sample municipality"
            day = now.astimezone(self._config.zone).date()
            attest(context, mailbox, day, person=deed.by, how="command", by=by, at=now)
            return
        message = store.messages.find(self._message_ids[deed.letter])
        assert message is not None, f"the letter {deed.letter} has been read before anybody acts on it"
        if deed.do == "answered":
            for obligation in store.obligations.of_message(message.ref):
                store.obligations.answered(obligation.ref, how=deed.how, by=by, now=now)
            return
        for item in store.diary.of_message(message.ref):
            if deed.by not in self._config.unit(item.unit).registrars:
                continue
            if deed.do == "confirm":
                store.diary.confirm(item.ref, deed.number, by=by, now=now)
            else:
                store.diary.dismiss(item.ref, deed.reason, by=by, now=now)
