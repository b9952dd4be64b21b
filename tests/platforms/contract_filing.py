"""What every Filing must do, on whatever platform."""

from datetime import UTC, datetime
from typing import Protocol

import pytest

from mailbot.platforms.base import Filing, Mailbox
from tests.platforms.contract_mailbox import arrivals, folder, mail, read_all

AT = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
CATEGORY = "Till diariet"


class FilingWorld(Protocol):
    def open(self) -> Mailbox: ...

    def open_filing(self) -> Filing: ...

    def create_folder(self, name: str) -> None: ...

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None: ...

    def person_categorises(self, delivery_id: str, category: str) -> None: ...

    def categories(self, delivery_id: str) -> list[str]: ...


class FilingContract:
    @pytest.fixture
    def world(self) -> FilingWorld:
        raise NotImplementedError

    @pytest.fixture
    def one(self, world: FilingWorld) -> str:
        """The id of a mail in the inbox."""
        world.deliver(mail(0), received_at=AT)
        mailbox = world.open()
        (arrival,) = arrivals(read_all(mailbox, folder(mailbox)))
        return arrival.delivery_id

    def test_a_category_joins_those_of_people(self, world: FilingWorld, one: str) -> None:
        world.person_categorises(one, "Bråttom")
        filing = world.open_filing()
        assert filing.categorise(one, CATEGORY) and filing.categorise(one, CATEGORY)
        assert world.categories(one) == ["Bråttom", CATEGORY]

    def test_moved_mail_lies_in_the_other_folder_only(self, world: FilingWorld, one: str) -> None:
        world.create_folder("Projekt")
        mailbox = world.open()
        project = folder(mailbox, "Projekt")
        there = world.open_filing().move(one, project)
        assert [each.delivery_id for each in arrivals(read_all(mailbox, project))] == [there]
        assert mailbox.fetch(project, str(there), with_attachments=True) == mail(0)
        assert arrivals(read_all(mailbox, folder(mailbox))) == []

    def test_discarded_mail_can_be_taken_back(self, world: FilingWorld, one: str) -> None:
        assert world.open_filing().discard(one)
        mailbox = world.open()
        trash = next(each for each in mailbox.folders() if each.role == "trash")
        (arrival,) = arrivals(read_all(mailbox, trash))
        assert mailbox.fetch(trash, arrival.delivery_id, with_attachments=True) == mail(0)

    def test_what_has_vanished_is_told(self, world: FilingWorld, one: str) -> None:
        mailbox, filing = world.open(), world.open_filing()
        self.delete(world, one)
        assert filing.categorise(one, CATEGORY) is False
        assert filing.move(one, folder(mailbox)) is None
        assert filing.discard(one) is False

    def delete(self, world: FilingWorld, delivery_id: str) -> None:
        raise NotImplementedError
