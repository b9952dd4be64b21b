"""Two weeks around Easter 2026 in which mail officers fall ill, forget, forge and are forgiven; on any town.

`CHECKS` is what must be known in the end, worked out by hand. 3 and 6 April are closed by law; on 2 April only the
municipality itself has closed, so the mailbox is checked all the same. On 29 March the clocks go forward.
"""

import email
import email.utils
from collections.abc import Callable
from datetime import date
from email.message import EmailMessage, Message
from email.policy import default
from typing import Protocol

from mailbot.store.people_records import AwayNotice
from mailbot.work.context import Context
from mailbot.work.daily_check import attest, check_days
from tests.support.town import at

SECRET = "Xyzzyplugh"
_CONCERN = (
    f"Hej!\n\nJag vill göra en orosanmälan om barnet Kalle {SECRET}, 20150412-2384. Han blir slagen hemma och kommer "
    "till skolan med blåmärken.\n\nMvh en granne\n"
)
_QUESTION = "Hej!\n\nVilka tider har simhallen öppet i påsk? Tacksam för svar.\n\nMvh Bo\n"
PASSES = ("07:00", "07:35", "08:30", "12:30", "13:00", "14:05", "15:30", "17:00")

#: day -> state, how it is known, by whom, late or not; in the end
CHECKS = {
    "2026-03-26": ("checked", "mail", "lars"),
    "2026-03-27": ("checked", "reply", ""),
    "2026-03-30": ("late", "mail", "lars"),
    "2026-03-31": ("checked", "move", ""),
    "2026-04-01": ("checked", "command", "eva"),
    "2026-04-02": ("checked", "mail", "karin"),
    "2026-04-07": ("checked", "mail", "anna"),
    "2026-04-08": ("missed", None, None),
    "2026-04-09": ("checked", "command", "eva"),
    "2026-04-10": ("checked", "decision", "lars"),
}
#: day -> who got the morning mail about the authority mailbox
MORNING_MAILS = {
    "2026-03-26": {"lars"},
    "2026-03-27": {"lars"},
    "2026-03-30": {"lars"},
    "2026-03-31": {"lars"},
    "2026-04-01": {"eva"},
    # when Eva falls ill all are away until the head has answered: the mail then waits with the first of the list
    "2026-04-02": {"eva", "lars", "karin"},
    "2026-04-07": {"anna"},
    "2026-04-08": {"anna"},
    "2026-04-09": {"lars"},
    "2026-04-10": {"lars"},
}
#: day -> what the head heard of the checks beside her digest
ALARMS = {
    "2026-03-30": ["missed"],
    "2026-03-31": ["who checks"],
    "2026-04-02": ["who checks"],
    "2026-04-08": ["missed"],
    "2026-04-09": ["missed"],
}
_SUBJECTS = {"har inte kontrollerats": "missed", "Vem kontrollerar": "who checks"}


class Stage(Protocol):
    """What the story needs of a town; times are local text, people are ids, mailboxes their names."""

    def address(self, name: str) -> str: ...
    def run(self, when: str) -> None: ...
    def lay(self, name: str, message: Message, when: str, folder: str) -> None: ...
    def inbox(self, name: str) -> list[bytes]: ...
    def move(self, message_id: str, folder: str) -> None: ...
    def mark_seen(self, message_id: str) -> None: ...
    def context(self, use: Callable[[Context], object]) -> object: ...


class Fortnight:
    """Plays the story on `stage` and keeps what happened day by day."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.alarms: dict[str, list[str]] = {}
        self.morning_mails: dict[str, set[str]] = {}
        self._told: dict[str, int] = {}
        self._letters = 0
        self._morning: dict[str, Message] = {}

    def play(self, until: str = "2026-04-10") -> None:
        """All days, or those to `until`."""
        self.stage.context(self._known_ahead)
        deeds = self._deeds()
        for day in ("2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31", "2026-04-01",
                    "2026-04-02", "2026-04-03", "2026-04-06", "2026-04-07", "2026-04-08", "2026-04-09",
                    "2026-04-10"):  # fmt: skip
            if day > until:
                return
            self._letter(f"{day}T06:31", _CONCERN, f"Orosanmälan {SECRET}")
            self._letter(f"{day}T06:32", _QUESTION, f"Simhallen {day}")
            for time in PASSES:
                for when, deed in deeds:
                    if when.startswith(day) and self._before(when, f"{day}T{time}", day):
                        deed(when)
                self.stage.run(f"{day}T{time}")
                self._look(day)

    def checks(self, now: str = "2026-04-10T18:00") -> dict[str, tuple[str, str | None, str | None]]:
        def found(context: Context) -> dict[str, tuple[str, str | None, str | None]]:
            days = check_days(context, date(2026, 3, 26), date(2026, 4, 10), at(now))
            return {
                one.day.isoformat(): (
                    one.state,
                    one.check.how if one.check else None,
                    one.check.person if one.check else None,
                )
                for one in days
            }

        return self.stage.context(found)  # type: ignore[return-value]

    # --- the story ---

    def _known_ahead(self, context: Context) -> None:
        for person, first, back in (
            ("lars", date(2026, 4, 1), date(2026, 4, 9)),
            ("eva", date(2026, 4, 7), date(2026, 4, 9)),
        ):
            notice = AwayNotice(person, first, back)
            context.store.away_notices.add(notice, by=f"person:{person}", now=at("2026-03-25T12:00"))

    def _deeds(self) -> list[tuple[str, Callable[[str], None]]]:
        return [
            ("2026-03-26T08:10", lambda when: self._reply(when, "lars", "Kommunstyrelsen:", "Kontrollerad!")),
            ("2026-03-27T11:00", self._answer_from_sent),
            ("2026-03-30T10:00", lambda _: self._keep("lars")),
            ("2026-03-31T08:10", lambda when: self._reply(when, "lars", "", "kontrollerat", to=self._morning["lars"])),
            ("2026-03-31T08:20", lambda when: self._reply(when, "karin", "Vem kontrollerar", "Anna")),
            ("2026-03-31T12:45", lambda _: self.stage.move(self._newest_question, "Besvarat")),
            ("2026-04-01T09:00", lambda when: self._attest(when, "eva")),
            ("2026-04-02T07:10", lambda when: self._reply(when, "eva", "Kommunstyrelsen:", "Jag är sjuk i dag")),
            ("2026-04-02T08:00", lambda when: self._reply(when, "karin", "Vem kontrollerar", "jag")),
            ("2026-04-02T09:30", lambda when: self._reply(when, "karin", "Kommunstyrelsen:", "klart")),
            ("2026-04-07T09:00", lambda when: self._reply(when, "anna", "Kommunstyrelsen:", "Kollat")),
            ("2026-04-08T09:00", lambda _: self.stage.mark_seen(self._newest_question)),
            ("2026-04-08T09:01", lambda when: self._answer_from_sent(when, automatic=True)),
            ("2026-04-09T08:00", lambda when: self._reply(when, "lars", "Kommunstyrelsen:", "ok", proven=False)),
            ("2026-04-09T16:30", lambda when: self._attest(when, "eva")),
            ("2026-04-10T09:00", self._assign_by_reply),
        ]

    @property
    def _newest_question(self) -> str:
        return f"<simhallen{self._letters}@medborgare.example>"

    def _letter(self, when: str, text: str, subject: str) -> None:
        self._letters += 1
        message = _message(
            when, text, subject, f"Bo <bo{self._letters}@medborgare.example>", self.stage.address("kommunen")
        )
        message["Message-ID"] = f"<simhallen{self._letters}@medborgare.example>"
        self.stage.lay("kommunen", message, when, "INBOX")

    def _answer_from_sent(self, when: str, *, automatic: bool = False) -> None:
        own, asker = self.stage.address("kommunen"), f"bo{self._letters}@medborgare.example"
        subject = "Automatiskt svar: Simhallen" if automatic else "SV: Simhallen"
        message = _message(when, "Öppet 10-18 alla dagar.", subject, own, asker)
        message["Message-ID"] = f"<svar{self._letters}@{own.partition('@')[2]}>"
        message["In-Reply-To"] = message["References"] = self._newest_question
        if automatic:
            message["Auto-Submitted"] = "auto-replied"
        self.stage.lay("kommunen", message, when, "Sent")

    def _keep(self, person: str) -> None:
        """Leaves the morning mail for later."""
        self._morning[person] = self._mail(person, "Kommunstyrelsen:")

    def _mail(self, person: str, word: str) -> Message:
        return [mail for mail in self._mails(person) if mail["Subject"].startswith(word)][-1]

    def _mails(self, person: str) -> list[Message]:
        return [email.message_from_bytes(raw, policy=default) for raw in self.stage.inbox(person)]

    def _reply(
        self, when: str, person: str, word: str, text: str, *, to: Message | None = None, proven: bool = True
    ) -> None:
        answered = to or self._mail(person, word)
        message = _message(
            when, text, f"SV: {answered['Subject']}", self.stage.address(person), self.stage.address("mailbot")
        )
        message["Message-ID"] = f"<{person}.{when.replace(':', '')}@staff.example>"
        message["In-Reply-To"] = message["References"] = answered["Message-ID"]
        self.stage.lay("mailbot", message, when, "INBOX")
        if proven:
            self.stage.lay(person, message, when, "Sent")

    def _attest(self, when: str, person: str) -> None:
        def use(context: Context) -> None:
            mailbox = context.config.mailbox(self.stage.address("kommunen"))
            assert mailbox is not None
            day = date.fromisoformat(when[:10])
            attest(context, mailbox, day, person=person, how="command", by=f"person:{person}", at=at(when))

        self.stage.context(use)

    def _assign_by_reply(self, when: str) -> None:
        def newest(context: Context) -> str:
            return max(context.store.obligations.list(states=("open",)), key=lambda one: one.received_at).ref

        self._reply(when, "lars", "Kommunstyrelsen:", f"{self.stage.context(newest)} till Anna")

    # --- what is noted ---

    @staticmethod
    def _before(when: str, moment: str, day: str) -> bool:
        """Whether the deed falls between the pass before `moment` and `moment`."""
        earlier = [f"{day}T{time}" for time in PASSES if f"{day}T{time}" < moment]
        return (earlier[-1] if earlier else day) <= when < moment

    def _look(self, day: str) -> None:
        for person in ("lars", "eva", "karin", "anna"):
            mails = self._mails(person)
            for mail in mails[self._told.get(person, 0) :]:
                subject = str(mail["Subject"])
                if subject.startswith("Kommunstyrelsen:"):
                    self.morning_mails.setdefault(day, set()).add(person)
                for words, kind in _SUBJECTS.items():
                    if words in subject:
                        assert person == "karin"
                        self.alarms.setdefault(day, []).append(kind)
            self._told[person] = len(mails)


def _message(when: str, text: str, subject: str, sender: str, to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = email.utils.format_datetime(at(when))
    message.set_content(text)
    return message
