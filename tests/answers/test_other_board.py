"""Mail for another unit's board goes to that unit's registrar, or the deputy; once, whichever mailboxes got it."""

import email

from tests.support.town import Town
from tests.work.test_working_day import APPEAL

SECOND = """
[[units]]
id = "mbn"
name = "Miljö- och byggnämnden"
registrars = ["karin", "anna"]
mail_officers = ["karin"]
diary_pattern = 'MBN[ -]\\d{4}/\\d+'

[[mailboxes]]
address = "bygg@by.example"
server = "post"
role = "authority"
unit = "mbn"
"""


def with_second_unit(town: Town) -> None:
    town.config_path.write_text(town.config_path.read_text() + SECOND)
    for folder in ("", ".Sent", ".Junk"):
        for part in ("tmp", "new", "cur"):
            (town.maildir("bygg@by.example") / folder / part).mkdir(parents=True, exist_ok=True)
    town.run("2026-05-08T08:00")


def forwards(town: Town, to: str) -> int:
    return sum("message/rfc822" in raw.decode("utf-8", "replace") for raw in town.inbox(to))


def test_it_goes_to_that_units_registrar_once_and_may_be_registered_there(settled_town: Town) -> None:
    town = settled_town
    with_second_unit(town)
    letter = town.letter("2026-05-11T09:00", APPEAL, subject="Överklagande till Miljö- och byggnämnden")
    town.deliver_bytes("kommunen@by.example", letter.as_bytes(), "2026-05-11T09:00")
    town.run("2026-05-11T12:30")
    town.deliver_bytes("bygg@by.example", letter.as_bytes(), "2026-05-11T12:31")
    town.run("2026-05-11T12:35")

    assert (forwards(town, "karin@by.example"), forwards(town, "eva@by.example")) == (1, 0)
    with town.open() as context:
        (item,) = context.store.diary.list()
        # who answers is still a matter of the mailboxes that got it
        owed = {one.unit for one in context.store.obligations.list()}
    assert item.unit == "mbn" and owed == {"ks", "mbn"}

    forward = [one for one in map(email.message_from_bytes, town.inbox("karin@by.example")) if one.is_multipart()][-1]
    answer = town.letter(
        "2026-05-11T13:00",
        "MBN 2026/7",
        from_="karin@by.example",
        to="mailbot@by.example",
        in_reply_to=forward["Message-ID"],
    )
    town.deliver_bytes("mailbot@by.example", answer.as_bytes(), "2026-05-11T13:00")
    town.deliver_bytes("karin@by.example", answer.as_bytes(), "2026-05-11T13:00", folder=".Sent")
    town.run("2026-05-11T13:05")
    with town.open() as context:
        assert [one.number for one in context.store.diary.list()] == ["MBN 2026/7"]
