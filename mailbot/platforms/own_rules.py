"""A person's own rules that stand against an automatic reply."""

from typing import Literal

from mailbot.errors import PermanentError

ConflictReason = Literal[
    "own_reply",  # the person's rules answer by themselves
    "unreadable_include",  # they use rules that only the server can read, which may do so
    "reject",  # they refuse mail, which no server does together with answering it (RFC 5429 2.1)
    "broken",  # the server does not accept them as they are
    "too_many_redirects",
    "too_many_actions",
    "include_loop",
    "include_missing",
    "no_include",  # the server cannot run them after ours
]


class OwnRulesConflict(PermanentError):
    """The person's own rules would answer too, or make theirs and ours fail together at delivery; nothing was changed.

    `rules` names them. `proposal` is a copy of them without that, to be shown to the person: what they accept is given
    to `AutoReplies.install`. None where there is no safe copy: then the person must change their rules.
    """

    def __init__(self, message: str, reason: ConflictReason, *, rules: str, proposal: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.rules = rules
        self.proposal = proposal
