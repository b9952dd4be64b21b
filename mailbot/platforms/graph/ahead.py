"""What is asked for many mailboxes in one request before they are read one by one."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailbot.errors import MailbotError
from mailbot.platforms.base import Folder
from mailbot.platforms.graph.answers import BUSY, Answer, Question
from mailbot.platforms.graph.client import BATCH, IMMUTABLE, GraphClient
from mailbot.platforms.graph.folders import NEEDS, Roles, find_folders

#: of a page that is asked for ahead; more follows page by page
_PAGE = 500


@dataclass(slots=True)
class Ahead:
    """Answers that wait for their mailbox, each used once; and which folders have a role, which never changes."""

    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    _roles: dict[str, Roles] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self, client: GraphClient, cursors: Iterable[tuple[str, str]]) -> None:
        """Ask what is new after each (mailbox, cursor), 20 in one request.

        Trouble is not told here: the mailbox that has it meets it when it is read.
        """
        with self._lock:
            self._answers.clear()
        wanted = [(mailbox, cursor) for mailbox, cursor in cursors if not client.pacing.is_left_alone(mailbox)]
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            prefer = (IMMUTABLE, f"odata.maxpagesize={_PAGE}")
            try:
                answers = client.ask_all([Question("GET", link, box, NEEDS, prefer=prefer) for box, link in some])
            except MailbotError:
                return
            with self._lock:
                self._answers.update(
                    {pair: answer for pair, answer in zip(some, answers, strict=True) if answer.status not in BUSY}
                )

    def take(self, mailbox: str, cursor: str) -> Answer | None:
        with self._lock:
            return self._answers.pop((mailbox, cursor), None)

    def folders(self, client: GraphClient, mailbox: str) -> list[Folder]:
        folders, roles = find_folders(client, mailbox, self._roles.get(mailbox))
        self._roles[mailbox] = roles
        return folders
