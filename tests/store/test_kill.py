"""A process killed at any statement of `record` leaves all of the batch or nothing of it."""

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, func, select

from mailbot.store.database import Database
from mailbot.store.store import Store
from mailbot.store.tables import metadata
from tests.store.builders import answer, diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES


def batch(store: Store) -> None:
    record(
        store,
        outcome(message(), question()),
        outcome(message("<f@x.example>"), diarised(), mails=(new_mail(),)),
        answer(),
        cursor="2",
        gone=("1",),
    )


def prepare(store: Store) -> None:
    record(store, outcome(message("<old@x.example>"), question(), delivery_id="1"), cursor="1")


def counts(url: str) -> dict[str, int]:
    database = Database(url)
    with database.read() as connection:
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    database.dispose()
    return found


def run_in_child(work: Callable[[], None]) -> int:
    """The exit code of a forked child that does `work`; negative: the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def record_and_die(url: str, statement: int) -> Callable[[], None]:
    def work() -> None:
        store = Store.open(url, REFERENCES)
        left = [statement]

        def die(*_: Any) -> None:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

        event.listen(store._database.engine, "before_cursor_execute", die)
        event.listen(store._database.engine, "commit", die)
        batch(store)

    return work


def test_killed_at_every_statement(fresh_store: Callable[[], Store]) -> None:
    with fresh_store() as undisturbed:
        prepare(undisturbed)
        before = counts(str(undisturbed._database.url))
        batch(undisturbed)
        after = counts(str(undisturbed._database.url))
    assert after != before
    killed = 0
    while True:
        with fresh_store() as store:
            prepare(store)
            url = str(store._database.url)
        status = run_in_child(record_and_die(url, killed))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert counts(url) == before, f"killed before statement {killed}"
        with Store.open(url, REFERENCES) as restarted:
            batch(restarted)
        assert counts(url) == after
        killed += 1
    assert killed > 20 and counts(url) == after
