"""What every Mailbox must do, on whatever platform."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Protocol

import pytest

from mailbot.mail.left_out import is_left_out
from mailbot.mail.message import attachment_content, parse
from mailbot.platforms.base import AnswerMark, Arrival, Changes, DocumentLimits, Folder, Mailbox

#: long past: servers put a date in the future right
HOSTILE_NAME = 'Ritning "åäö"; x=y.pdf'
BASE = datetime(2024, 11, 25, 7, 0, tzinfo=UTC)


class MailboxWorld(Protocol):
    """The other side of a mailbox: what people and the mail server do to it."""

    #: deliveries whose flags have changed are told again, under the id they had
    tells_of_flags: bool
    #: false where only each batch is oldest first: the server lists as it likes, page by page
    oldest_first: bool

    def open(self) -> Mailbox:
        """A Mailbox as a new process would have it."""
        ...

    def create_folder(self, name: str) -> None: ...

    def delete_folder(self, folder: Folder) -> None: ...

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None: ...

    def delete(self, folder: Folder, delivery_id: str) -> None: ...

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None: ...

    def mark_read(self, folder: Folder, delivery_id: str) -> None: ...

    def is_read(self, folder: Folder, delivery_id: str) -> bool: ...

    def mark(self, folder: Folder, delivery_id: str, kind: str, at: datetime) -> None:
        """A mail program notes that its user replied to it ("replied") or passed it on ("forwarded")."""
        ...

    def forget(self, folder: Folder) -> None:
        """The platform loses its memory of the folder; the mail stays."""
        ...


def mail(number: int, body: str = "Hej!\r\n") -> bytes:
    header = (
        f"Message-ID: <{number}@medborgare.example>\r\nFrom: <a{number}@medborgare.example>\r\nSubject: {number}\r\n"
    )
    return f"{header}\r\n{body}".encode()


def minute(number: int) -> datetime:
    return BASE + timedelta(minutes=number)


def folder(mailbox: Mailbox, name: str = "INBOX") -> Folder:
    return next(f for f in mailbox.folders() if (f.role == "inbox" if name == "INBOX" else f.name == name))


def read_all(mailbox: Mailbox, where: Folder, cursor: str | None = None, limit: int = 500) -> list[Changes]:
    return list(mailbox.changes(where, cursor, limit=limit))


def arrivals(batches: Sequence[Changes]) -> list[Arrival]:
    return [arrival for batch in batches for arrival in batch.arrived]


def contents(mailbox: Mailbox, where: Folder, batches: Sequence[Changes]) -> list[bytes | None]:
    return [mailbox.fetch(where, arrival.delivery_id, with_attachments=True) for arrival in arrivals(batches)]


class MailboxContract:
    #: false where a message comes whole, or all of its attachments stay behind
    fetches_documents = True

    @pytest.fixture
    def world(self) -> MailboxWorld:
        raise NotImplementedError

    def filled(self, world: MailboxWorld, count: int) -> tuple[Mailbox, Folder]:
        for number in range(count):
            world.deliver(mail(number), received_at=minute(number))
        mailbox = world.open()
        return mailbox, folder(mailbox)

    def in_order(self, world: MailboxWorld, found: Sequence[bytes | None]) -> Sequence[bytes | None]:
        return found if world.oldest_first else sorted(found, key=lambda raw: raw or b"")

    def marks(self, mailbox: Mailbox, where: Folder, cursor: str | None, ids: Sequence[str]) -> dict[str, AnswerMark]:
        """What listing tells, and what asking tells."""
        told = [mark for batch in read_all(mailbox, where, cursor) for mark in batch.marks]
        return {mark.delivery_id: mark for mark in (*told, *mailbox.marks(where, ids))}

    @pytest.mark.parametrize("limit", [2, 500])
    def test_the_mark_of_a_reply_is_told_whether_it_was_there_before_or_came_later(
        self, world: MailboxWorld, limit: int
    ) -> None:
        mailbox, inbox = self.filled(world, 5)
        batches = read_all(mailbox, inbox, limit=limit)
        ids = [one.delivery_id for one in arrivals(batches)]
        assert self.marks(mailbox, inbox, batches[-1].cursor, ids) == {}
        world.mark(inbox, ids[3], "replied", minute(90))
        world.mark(inbox, ids[1], "forwarded", minute(91))
        for cursor in (batches[-1].cursor, None):
            found = self.marks(world.open(), inbox, cursor, ids)
            assert {item: mark.kind for item, mark in found.items()} == {ids[3]: "replied", ids[1]: "forwarded"}
            assert {mark.at for mark in found.values()} in ({None}, {minute(90), minute(91)})

    def test_marks_come_with_the_batch_of_their_message(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 5)
        last = arrivals(read_all(mailbox, inbox))[-1].delivery_id
        world.mark(inbox, last, "replied", minute(90))
        for batch in read_all(world.open(), inbox, limit=2):
            assert {mark.delivery_id for mark in batch.marks} <= {one.delivery_id for one in batch.arrived}

    def test_there_is_exactly_one_inbox(self, world: MailboxWorld) -> None:
        world.create_folder("Projekt")
        assert [each.role for each in world.open().folders()].count("inbox") == 1

    def test_an_empty_folder_yields_one_empty_batch(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 0)
        (batch,) = read_all(mailbox, inbox)
        assert (batch.arrived, batch.gone, batch.reset) == ((), (), False)

    def test_first_reading_lists_everything_oldest_first(self, world: MailboxWorld) -> None:
        for number in (2, 0, 1):
            world.deliver(mail(number), received_at=minute(number))
        mailbox = world.open()
        batches = read_all(mailbox, folder(mailbox))
        assert contents(mailbox, folder(mailbox), batches) == [mail(0), mail(1), mail(2)]
        assert [each.internal_date for each in arrivals(batches)] == [minute(0), minute(1), minute(2)]
        assert not any(batch.reset for batch in batches)

    def test_nothing_new_yields_one_empty_batch_each_time(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 3)
        cursor = read_all(mailbox, inbox)[-1].cursor
        for _ in range(3):
            (batch,) = read_all(world.open(), inbox, cursor)
            assert (batch.arrived, batch.gone, batch.reset) == ((), (), False)
            cursor = batch.cursor

    def test_only_what_is_new_since_the_cursor(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 3)
        cursor = read_all(mailbox, inbox)[-1].cursor
        for number in (3, 4):
            world.deliver(mail(number), received_at=minute(number))
            batches = read_all(mailbox, inbox, cursor)
            assert contents(mailbox, inbox, batches) == [mail(number)]
            cursor = batches[-1].cursor

    def test_batches_hold_at_most_limit(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 7)
        assert [len(batch.arrived) for batch in read_all(mailbox, inbox, limit=3)] == [3, 3, 1]

    @pytest.mark.parametrize("taken", [1, 2, 3])
    def test_continue_after_any_batch(self, world: MailboxWorld, taken: int) -> None:
        mailbox, inbox = self.filled(world, 7)
        batches = read_all(mailbox, inbox, limit=3)[:taken]
        rest = read_all(world.open(), inbox, batches[-1].cursor, limit=3)
        assert self.in_order(world, contents(mailbox, inbox, [*batches, *rest])) == [mail(n) for n in range(7)]

    def test_what_arrives_while_reading_is_not_missed(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 4)
        reading = mailbox.changes(inbox, None, limit=2)
        batches = [next(reading)]
        world.deliver(mail(9), received_at=BASE - timedelta(days=1))  # with an older date than all others
        batches += reading
        batches += read_all(mailbox, inbox, batches[-1].cursor)
        seen = contents(mailbox, inbox, batches)
        assert sorted(filter(None, seen)) == sorted(mail(number) for number in (0, 1, 2, 3, 9))

    def test_deleted_mail_is_gone_once(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 3)
        batches = read_all(mailbox, inbox)
        second = arrivals(batches)[1].delivery_id
        world.delete(inbox, second)
        after = read_all(mailbox, inbox, batches[-1].cursor)
        assert [batch.gone for batch in after] == [(second,)]
        assert read_all(mailbox, inbox, after[-1].cursor)[0].gone == ()
        assert mailbox.fetch(inbox, second) is None

    def test_moved_mail_is_gone_here_and_arrives_there(self, world: MailboxWorld) -> None:
        world.create_folder("Projekt")
        mailbox, inbox = self.filled(world, 2)
        project = folder(mailbox, "Projekt")
        here, there = read_all(mailbox, inbox), read_all(mailbox, project)
        first = arrivals(here)[0].delivery_id
        world.move(inbox, first, project)
        assert [batch.gone for batch in read_all(mailbox, inbox, here[-1].cursor)] == [(first,)]
        moved = read_all(mailbox, project, there[-1].cursor)
        assert contents(mailbox, project, moved) == [mail(0)]
        assert arrivals(moved)[0].internal_date == minute(0)
        # Platforms with immutable ids still find it under the old folder; none may return another message.
        assert mailbox.fetch(inbox, first) in (None, mail(0))

    def test_moved_back_it_arrives_again(self, world: MailboxWorld) -> None:
        world.create_folder("Projekt")
        mailbox, inbox = self.filled(world, 1)
        project = folder(mailbox, "Projekt")
        cursor = (batches := read_all(mailbox, inbox))[-1].cursor
        world.move(inbox, arrivals(batches)[0].delivery_id, project)
        cursor = read_all(mailbox, inbox, cursor)[-1].cursor
        world.move(project, arrivals(read_all(mailbox, project))[0].delivery_id, inbox)
        assert contents(mailbox, inbox, read_all(mailbox, inbox, cursor)) == [mail(0)]

    def test_vanished_between_listing_and_fetching(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 3)
        ids = [each.delivery_id for each in arrivals(read_all(mailbox, inbox))]
        world.delete(inbox, ids[1])
        headers = list(mailbox.fetch_headers(inbox, ids))
        assert [delivery_id for delivery_id, _ in headers] == ids
        assert [raw is None for _, raw in headers] == [False, True, False]
        assert mailbox.fetch(inbox, ids[1]) is None
        assert mailbox.fetch(inbox, ids[2], with_attachments=True) == mail(2)

    def test_headers_come_in_the_order_asked_and_end_with_the_header(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 3)
        ids = [each.delivery_id for each in arrivals(read_all(mailbox, inbox))]
        wanted = [ids[2], ids[0], ids[1]]
        expected = [mail(number).partition(b"\r\n\r\n")[0] + b"\r\n\r\n" for number in (2, 0, 1)]
        assert list(mailbox.fetch_headers(inbox, wanted)) == list(zip(wanted, expected, strict=True))

    def test_ids_serve_a_new_process(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 2)
        ids = [each.delivery_id for each in arrivals(read_all(mailbox, inbox))]
        later = world.open()
        assert [later.fetch(inbox, each, with_attachments=True) for each in ids] == [mail(0), mail(1)]

    def test_reading_leaves_no_trace(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 1)
        delivery_id = arrivals(read_all(mailbox, inbox))[0].delivery_id
        list(mailbox.fetch_headers(inbox, [delivery_id]))
        mailbox.fetch(inbox, delivery_id, with_attachments=True)
        assert not world.is_read(inbox, delivery_id)

    def test_people_reading_changes_nothing_for_us(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 2)
        batches = read_all(mailbox, inbox)
        first = arrivals(batches)[0].delivery_id
        world.mark_read(inbox, first)
        assert mailbox.fetch(inbox, first, with_attachments=True) == mail(0)
        (after,) = read_all(mailbox, inbox, batches[-1].cursor)
        told = [each.delivery_id for each in after.arrived]
        assert (told, after.gone) in (([], ()), ([first] if world.tells_of_flags else [], ()))
        assert world.is_read(inbox, first)

    def test_lost_memory_lists_everything_again(self, world: MailboxWorld) -> None:
        mailbox, inbox = self.filled(world, 5)
        cursor = read_all(mailbox, inbox)[-1].cursor
        world.forget(inbox)
        batches = read_all(world.open(), inbox, cursor, limit=2)
        assert [batch.reset for batch in batches] == [True, False, False]
        assert self.in_order(world, contents(mailbox, inbox, batches)) == [mail(number) for number in range(5)]
        assert not any(batch.reset for batch in read_all(mailbox, inbox, batches[-1].cursor))

    def test_a_deleted_folder_has_everything_gone(self, world: MailboxWorld) -> None:
        world.create_folder("Projekt")
        world.deliver(mail(0), received_at=BASE, folder="Projekt")
        project = folder(world.open(), "Projekt")
        batches = read_all(world.open(), project)
        (arrival,) = arrivals(batches)
        world.delete_folder(project)
        assert "Projekt" not in [each.name for each in world.open().folders()]
        (batch,) = read_all(world.open(), project, batches[-1].cursor)
        assert batch.arrived == ()
        # A platform that cannot name what was there says that nothing is left.
        assert batch.reset or batch.gone == (arrival.delivery_id,)
        assert list(world.open().fetch_headers(project, [])) == []

    def test_large_message(self, world: MailboxWorld) -> None:
        large = mail(0, "å" * 76 + "\r\n" + ("x" * 76 + "\r\n") * 60_000)
        world.deliver(large, received_at=BASE)
        mailbox = world.open()
        (arrival,) = arrivals(read_all(mailbox, folder(mailbox)))
        ((_, header),) = mailbox.fetch_headers(folder(mailbox), [arrival.delivery_id])
        assert header == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        assert mailbox.fetch(folder(mailbox), arrival.delivery_id, with_attachments=True) == large

    def test_large_attachments_stay_on_the_server(self, world: MailboxWorld) -> None:
        made = EmailMessage()
        made["Message-ID"], made["Subject"], made["From"] = "<l@x>", "Överklagande", "Åke <a@x.example>"
        made.set_content("Jag håller inte med.")
        made.add_alternative("<p>Jag håller inte med.</p><blockquote>Beslut</blockquote>", subtype="html")
        made.add_attachment(b"x" * 2_000_000, maintype="application", subtype="pdf", filename=HOSTILE_NAME)
        whole = made.as_bytes(policy=SMTP)
        world.deliver(whole, received_at=BASE)
        mailbox = world.open()
        inbox = folder(mailbox)
        (arrival,) = arrivals(read_all(mailbox, inbox))
        ((_, header),) = mailbox.fetch_headers(inbox, [arrival.delivery_id])
        reduced = mailbox.fetch(inbox, arrival.delivery_id)
        assert reduced is not None and header is not None and len(reduced) < 5_000
        found = parse(reduced)
        assert (found.message_id, found.subject, found.author.name) == ("<l@x>", "Överklagande", "Åke")
        assert found.body is not None and "Jag håller inte med." in found.body.text
        assert [each.filename for each in found.body.attachments] == [HOSTILE_NAME]
        assert mailbox.fetch(inbox, arrival.delivery_id, with_attachments=True) == whole

    def test_documents_within_the_limits_are_there_and_the_others_told_from_empty_files(
        self, world: MailboxWorld
    ) -> None:
        small, large, empty = b"viktigt " * 1_000, b"x" * 3_000_000, b""
        whole = EmailMessage(policy=SMTP)
        whole["Message-ID"], whole["From"], whole["Subject"] = "<d@medborgare.example>", "a@medborgare.example", "D"
        whole.set_content("Se bilagor.\n")
        for name, content in (("a.docx", small), ("b.pdf", large), ("c.odt", empty), ("d.jpg", large)):
            whole.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        world.deliver(whole.as_bytes(), received_at=BASE)
        mailbox = world.open()
        inbox = folder(mailbox)
        (arrival,) = arrivals(read_all(mailbox, inbox))
        list(mailbox.fetch_headers(inbox, [arrival.delivery_id]))
        raw = mailbox.fetch(inbox, arrival.delivery_id, documents=DocumentLimits(1_000_000, 1_500_000)) or b""
        message = parse(raw)
        assert message.body is not None
        assert message.body.text.strip() == "Se bilagor."
        assert [one.filename for one in message.body.attachments] == ["a.docx", "b.pdf", "c.odt", "d.jpg"]
        for one, content in zip(message.body.attachments, (small, large, empty, large), strict=True):
            left_out = is_left_out(raw, one.start, one.end)
            if self.fetches_documents:
                assert left_out is (one.filename in ("b.pdf", "d.jpg"))
            assert left_out or attachment_content(raw, one) == content
