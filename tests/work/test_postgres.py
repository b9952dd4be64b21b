"""The same days on PostgreSQL and on SQLite: the database makes no difference to what is decided and sent."""

from pathlib import Path

from tests.servers.postgres import Postgres
from tests.support.town import Town
from tests.work.test_working_day import APPEAL, QUESTION

SECRET = "Hej! Min dotter har fått diagnosen autism och behöver stöd av socialtjänsten. Kan ni hjälpa oss? /Bo\n"


def lived(town: Town) -> list[object]:
    """Four days of one municipality, with a first reading of two hundred older mails; what is recorded of them."""
    for number in range(200):
        town.deliver("2026-05-07T09:00", f"{QUESTION}\n{number}", from_=f"Bo <bo{number}@privat.example>")
    town.run("2026-05-08T07:00")
    town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov")
    town.deliver("2026-05-11T09:01", SECRET, subject="Stöd", from_="Eva <eva@privat.example>")
    asked = town.deliver("2026-05-11T09:02", QUESTION, from_="Åsa <asa@privat.example>")
    town.deliver_bytes("kommunen@by.example", b"\x00\xff not a mail", "2026-05-11T09:03")
    town.run("2026-05-11T12:30")
    town.answer("2026-05-12T09:00", "Hej! 8-20.\n", by="lars@by.example", to="asa@privat.example", in_reply_to=asked)
    for when in ("2026-05-12T12:30", "2026-05-15T12:30", "2026-05-15T15:30", "2026-05-15T15:35"):
        town.run(when)
    with town.open() as context:
        store = context.store
        return [
            store.obligations.list(states=("open", "answered", "dismissed")),
            store.diary.list(),
            [(mail.dedup_key, mail.kind, mail.state, mail.to, mail.sent_at) for mail in store.outbox.list()],
            sorted((line.at, line.actor, line.action, line.ref or "") for line in store.audit.list()),
            len(town.outside()),
        ]


def test_the_same_days_on_either_database(tmp_path: Path, postgres: Postgres) -> None:
    name = postgres.copy("empty")
    on_postgres = lived(Town(tmp_path / "postgres", database=postgres.url(name)))
    on_sqlite = lived(Town(tmp_path / "sqlite"))
    assert on_postgres == on_sqlite
    assert all(on_sqlite)
    postgres.drop(name)
