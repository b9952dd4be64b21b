"""What every Sender must do, on whatever platform."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Protocol

import pytest

from mailbot.errors import PermanentError
from mailbot.platforms.sending import OutgoingMail, Receipt, Sender

ANNA = "anna@bjurholm.example"
EVA = "eva@bjurholm.example"
NOBODY = "ingen@bjurholm.example"
SERVICE = "mailbot@bjurholm.example"


class Crash(BaseException):
    """The process dies here."""


class SenderWorld(Protocol):
    """The other side of a sender: ANNA and EVA have mailboxes, NOBODY has not."""

    #: false where a recipient nobody knows only shows by a bounce, later
    refuses_at_once: bool
    #: false where an answer that gets lost leaves it open whether the mail was taken (SMTP): then it may come twice
    exactly_once: bool

    def open(self) -> Sender:
        """A Sender as a new process would have it."""
        ...

    def received(self, address: str) -> Sequence[bytes]:
        """All mail in a mailbox, whatever folder."""
        ...

    def sent(self) -> Sequence[bytes]:
        """What lies in the service mailbox's Sent folder."""
        ...

    def crash_at(self, step: int) -> AbstractContextManager[None]:
        """Inside, the process dies (Crash) at its `step`-th change of the outside world; never when there are fewer."""
        ...


def outgoing(number: int = 1, *recipients: str) -> OutgoingMail:
    message_id = f"<{number}@bjurholm.example>"
    to = recipients or (ANNA, EVA)
    date = "Date: Mon, 11 May 2026 07:00:00 +0000"  # submission servers add a missing one (RFC 6409 section 8)
    head = (f"Message-ID: {message_id}", f"From: {SERVICE}", f"To: {', '.join(to)}", date)
    lines = (*head, "Subject: Digest", "", "Hej!", "")
    return OutgoingMail(message_id=message_id, raw="\r\n".join(lines).encode(), envelope_from=SERVICE, recipients=to)


def attempt(sender: Sender, mail: OutgoingMail) -> Receipt:
    return finish(sender, mail, sender.prepare(mail))


def finish(sender: Sender, mail: OutgoingMail, handle: str | None) -> Receipt:
    receipt = sender.send(mail, handle)
    if not receipt.filed:
        sender.file(mail)
    return replace(receipt, filed=True)


class SenderContract:
    @pytest.fixture
    def world(self) -> SenderWorld:
        raise NotImplementedError

    def assert_sent_once(
        self, world: SenderWorld, mail: OutgoingMail, to: Sequence[str] = (ANNA, EVA), *, or_twice: bool = False
    ) -> None:
        for address in to:
            copies = [raw for raw in world.received(address) if mail.message_id.encode() in raw]
            assert len(copies) == 1 or (or_twice and len(copies) == 2)
            assert copies[0].endswith(mail.raw)
        assert [raw for raw in world.sent() if mail.message_id.encode() in raw] == [mail.raw]

    def test_everybody_gets_it_and_sent_holds_one_copy(self, world: SenderWorld) -> None:
        assert attempt(world.open(), outgoing()) == Receipt()
        self.assert_sent_once(world, outgoing())

    def test_several_mails_in_one_session(self, world: SenderWorld) -> None:
        sender = world.open()
        for number in range(3):
            attempt(sender, outgoing(number))
        for number in range(3):
            self.assert_sent_once(world, outgoing(number))

    def test_fate_of_what_was_never_tried(self, world: SenderWorld) -> None:
        assert world.open().fate("<0@bjurholm.example>", None) == "not_sent"

    def test_fate_of_what_was_sent(self, world: SenderWorld) -> None:
        sender, mail = world.open(), outgoing()
        handle = sender.prepare(mail)
        finish(sender, mail, handle)
        assert world.open().fate(mail.message_id, handle) == "sent"
        assert world.open().fate(mail.message_id, None) == "sent"

    def test_a_partial_refusal_is_told(self, world: SenderWorld) -> None:
        mail = outgoing(1, ANNA, NOBODY)
        receipt = attempt(world.open(), mail)
        self.assert_sent_once(world, mail, [ANNA])
        if not world.refuses_at_once:
            assert receipt == Receipt()
            return
        assert [refusal.recipient for refusal in receipt.refused] == [NOBODY]
        assert receipt.refused[0].reason

    def test_nobody_takes_it(self, world: SenderWorld) -> None:
        mail = outgoing(1, NOBODY)
        if not world.refuses_at_once:
            assert attempt(world.open(), mail) == Receipt()
            return
        with pytest.raises(PermanentError) as caught:
            attempt(world.open(), mail)
        assert NOBODY not in str(caught.value)  # it might be a citizen's address, and errors are logged
        assert not world.sent()
        assert world.open().fate(mail.message_id, None) == "not_sent"

    def test_what_was_only_prepared_is_not_sent(self, world: SenderWorld) -> None:
        mail = outgoing()
        sender = world.open()
        sender.prepare(mail)
        sender.close()
        assert world.open().fate(mail.message_id, None) == "not_sent"
        attempt(world.open(), mail)
        self.assert_sent_once(world, mail)

    @pytest.mark.parametrize("step", range(32))
    def test_dying_anywhere_loses_and_doubles_nothing(self, world: SenderWorld, step: int) -> None:
        mail = outgoing()
        handle: str | None = None
        receipt: Receipt | None = None
        sender = world.open()
        try:
            with world.crash_at(step):
                handle = sender.prepare(mail)
                receipt = sender.send(mail, handle)
                if not receipt.filed:
                    sender.file(mail)
        except Crash:
            pass
        later = world.open()
        unclear = False
        if receipt is None:  # nothing is on record but the handle
            fate = later.fate(mail.message_id, handle)
            unclear = fate == "unknown"
            assert not unclear or not world.exactly_once
            assert not unclear or handle is not None
            if fate != "sent":
                receipt = later.send(mail, handle or later.prepare(mail))
        if receipt is not None and not receipt.filed:
            later.file(mail)
        self.assert_sent_once(world, mail, or_twice=unclear)
        assert later.fate(mail.message_id, handle) == "sent"

    @pytest.mark.parametrize("steps", [(2, 2), (3, 5), (12, 4), (20, 2), (24, 0)])
    def test_dying_twice(self, world: SenderWorld, steps: tuple[int, int]) -> None:
        mail = outgoing()
        unclear = False
        for step in (*steps, None):
            handle, receipt = None, None
            if world.open().fate(mail.message_id, None) == "sent":
                continue
            sender = world.open()
            with suppress(Crash), world.crash_at(-1 if step is None else step):
                handle = sender.prepare(mail)
                receipt = sender.send(mail, handle)
            unclear = unclear or (handle is not None and receipt is None)
            if receipt is not None and not receipt.filed:
                world.open().file(mail)
        self.assert_sent_once(world, mail, or_twice=unclear and not world.exactly_once)
