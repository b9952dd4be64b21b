"""Forwarding by rules of the inbox (learn.microsoft.com/graph/api/resources/messagerule).

Our rules redirect: the copy keeps its sender, so that whoever gets it answers the citizen, and it is recognised as the
same message. Exchange keeps the original where it is. People's own rules are neither read for what they do nor changed.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from mailbot.errors import TransientError
from mailbot.platforms.graph.answers import Json, NotFound, Question, Unclear
from mailbot.platforms.graph.client import GraphClient, path

_NAME = "mailbot: {}"
#: before any rule of the person's that ends the work on a message
_FIRST = 1
_PLACE = ("mailFolders", "inbox", "messageRules")


class GraphForwardRules:
    """ForwardRules of all mailboxes of a tenant. A token is the id of the rule."""

    windowed = False

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def read(self, address: str) -> Sequence[str]:
        ours = (_forwards_to(rule) for rule in self._rules(address) if rule.get("isEnabled"))
        return [forward_to for forward_to in ours if forward_to is not None]

    def install(
        self,
        address: str,
        forward_to: str,
        *,
        starts_at: datetime | None = None,  # noqa: ARG002
        ends_at: datetime | None = None,  # noqa: ARG002
    ) -> str:
        for rule in self._rules(address):
            if (_forwards_to(rule) or "").lower() == forward_to.lower():
                if not rule.get("isEnabled"):
                    self._ask("PATCH", address, str(rule["id"]), body={"isEnabled": True})
                return str(rule["id"])
        rule = {
            "displayName": _NAME.format(forward_to),
            "sequence": _FIRST,
            "isEnabled": True,
            # neither delete nor move nor "stop": the original stays, and the person's own rules still see it
            "actions": {"redirectTo": [{"emailAddress": {"address": forward_to}}], "stopProcessingRules": False},
        }
        return str(self._ask("POST", address, body=rule)["id"])

    def remove(self, address: str, token: str) -> None:
        """Only a rule of ours: an id may have been given to another one since."""
        if not any(rule["id"] == token and _forwards_to(rule) for rule in self._rules(address)):
            return
        with suppress(NotFound):
            self._client.ask(self._question("DELETE", address, token))

    def close(self) -> None: ...

    def _rules(self, address: str) -> Sequence[Json]:
        return list(self._client.pages(self._question("GET", address, needs="MailboxSettings.Read")))

    def _ask(self, method: str, address: str, *where: str, body: Json) -> Json:
        try:
            return self._client.ask(self._question(method, address, *where, body=body)).json()
        except Unclear as error:  # whoever tries again finds what was made
            raise TransientError(str(error)) from error

    def _question(
        self,
        method: str,
        address: str,
        *where: str,
        body: Json | None = None,
        needs: str = "MailboxSettings.ReadWrite",
    ) -> Question:
        return Question(method, path("users", address, *_PLACE, *where), address, needs, body=body)


def _forwards_to(rule: Json) -> str | None:
    """Where a rule of ours sends copies; None for every other rule."""
    targets = (rule.get("actions") or {}).get("redirectTo") or ()
    addresses = [str((each.get("emailAddress") or {}).get("address") or "") for each in targets]
    is_ours = len(addresses) == 1 and str(rule.get("displayName", "")).lower() == _NAME.format(addresses[0]).lower()
    return addresses[0] if is_ours else None
