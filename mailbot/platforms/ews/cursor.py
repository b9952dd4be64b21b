"""How far a folder has been read: the server's sync state, and where in a listing that is not finished yet."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EwsCursor:
    """`state` is the sync state that the listing started from ("": everything).

    In the middle of a listing `until` is the state it leads to, and `seconds`, `item` the last item handed out: by
    date, then by id. What arrives meanwhile comes after `until`, whatever its date.
    """

    state: str = ""
    until: str = ""
    seconds: float = 0.0
    item: str = ""

    @property
    def is_finished(self) -> bool:
        return not self.until

    def __str__(self) -> str:
        if self.is_finished:
            return json.dumps([self.state])
        return json.dumps([self.state, self.until, self.seconds, self.item])

    @classmethod
    def parse(cls, written: str | None) -> "EwsCursor":
        return cls(*json.loads(written)) if written else cls()
