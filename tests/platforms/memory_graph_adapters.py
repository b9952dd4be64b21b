"""The capabilities of `mailbot.platforms.base` on top of the Graph-like server in memory."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.base import (
    Arrival,
    Audience,
    AutoReply,
    Changes,
    Fate,
    Folder,
    FolderRole,
    OutgoingMail,
    Receipt,
)
from tests.platforms.memory_graph import GraphError, GraphServer, Item

ROLES: dict[str, FolderRole] = {"Inbox": "inbox", "SentItems": "sent", "Drafts": "drafts", "JunkEmail": "junk"}
AUDIENCES: dict[Audience, str] = {"none": "none", "known": "contactsOnly", "all": "all"}
NO_REPLY = {"status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": ""}
RULE_NAME = "mailbot: {}"


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except GraphError as error:
        if error.status in (429, 503, 504):
            raise TransientError("asked to wait", retry_after_seconds=error.retry_after_seconds) from error
        raise PermanentError(f"status {error.status}") from error


class GraphMailbox:
    def __init__(self, server: GraphServer, address: str) -> None:
        self._server = server
        self._address = address

    def folders(self) -> Sequence[Folder]:
        with translated(), self._server.request(self._address) as account:
            return [Folder(f"id-{name}", _name(name), ROLES.get(name, "other")) for name in account.folders]

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 500) -> Iterator[Changes]:
        link, reset, more = cursor, False, True
        while more:
            try:
                page, link, more = self._server.delta(self._address, folder.id.removeprefix("id-"), link, limit)
            except GraphError as error:
                if error.status == 410:  # the link has expired: synchronise anew
                    link, reset = None, True
                    continue
                if error.status == 404:  # the folder is gone, and with it all that we can no longer name
                    yield Changes(arrived=(), gone=(), cursor="", reset=True)
                    return
                with translated():
                    raise
            arrived = tuple(Arrival(c["id"], c["receivedDateTime"], c["size"]) for c in page if "@removed" not in c)
            gone = tuple(change["id"] for change in page if "@removed" in change)
            yield Changes(arrived=arrived, gone=gone, cursor=link, reset=reset)
            reset = False

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        for delivery_id in delivery_ids:
            raw = self.fetch(folder, delivery_id)
            yield delivery_id, None if raw is None else b"".join(raw.partition(b"\r\n\r\n")[:2])

    def fetch(self, folder: Folder, delivery_id: str, *, with_attachments: bool = False) -> bytes | None:
        with translated(), self._server.request(self._address) as account:
            item = account.items.get(delivery_id)
            return item.raw if item is not None else None

    def close(self) -> None: ...


def _name(folder: str) -> str:
    return "INBOX" if folder == "Inbox" else folder


class GraphSender:
    def __init__(self, server: GraphServer, address: str) -> None:
        self._server = server
        self._address = address

    def prepare(self, mail: OutgoingMail) -> str | None:
        # The answer to an earlier attempt may have been lost: one draft is enough.
        found = self._find(mail.message_id, "Drafts")
        if found is not None:
            return found.id
        with translated(), self._server.request(self._address) as account:
            return self._server.put(account, "Drafts", mail.raw, datetime(2026, 11, 23, tzinfo=UTC)).id

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        with translated():
            self._server.send(self._address, handle or self.prepare(mail) or "")
        return Receipt()

    def fate(self, message_id: str, handle: str | None) -> Fate:
        if handle is not None:
            with translated(), self._server.request(self._address) as account:
                item = account.items.get(handle)
            if item is not None:
                return "not_sent" if item.folder == "Drafts" else "sent"
        return "sent" if self._find(message_id, "SentItems") else "not_sent"

    def _find(self, message_id: str, folder: str) -> Item | None:
        with translated(), self._server.request(self._address) as account:
            found = (i for i in account.items.values() if i.folder == folder and i.internet_message_id == message_id)
            return next(found, None)

    def file(self, mail: OutgoingMail) -> None: ...

    def close(self) -> None: ...


class GraphAutoReplies:
    two_texts = True
    audiences: frozenset[Audience] = frozenset(AUDIENCES)

    def __init__(self, server: GraphServer) -> None:
        self._server = server

    def read(self, address: str) -> AutoReply:
        with translated(), self._server.request(address) as account:
            setting = NO_REPLY | account.mailbox_settings.get("automaticRepliesSetting", {})
        scheduled = setting["status"] == "scheduled"
        audience: Audience = next(ours for ours, theirs in AUDIENCES.items() if theirs == setting["externalAudience"])
        return AutoReply(
            enabled=setting["status"] != "disabled",
            starts_at=_instant(setting, "scheduledStartDateTime") if scheduled else None,
            ends_at=_instant(setting, "scheduledEndDateTime") if scheduled else None,
            internal_text=setting["internalReplyMessage"],
            external_text=setting["externalReplyMessage"],
            audience=audience,
        )

    def keep(self, address: str) -> str:
        with translated(), self._server.request(address) as account:
            return json.dumps(account.mailbox_settings.get("automaticRepliesSetting", {}))

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:
        setting = {
            "status": ("scheduled" if reply.starts_at else "alwaysEnabled") if reply.enabled else "disabled",
            "internalReplyMessage": reply.internal_text,
            "externalReplyMessage": reply.external_text,
            "externalAudience": AUDIENCES[reply.audience],
        }
        if reply.starts_at and reply.ends_at:
            setting["scheduledStartDateTime"] = reply.starts_at.isoformat()
            setting["scheduledEndDateTime"] = reply.ends_at.isoformat()
        self._patch(address, setting)

    def restore(self, address: str, token: str) -> None:
        self._patch(address, NO_REPLY | json.loads(token))  # what a PATCH leaves out would stay

    def shows_away(self, address: str) -> bool | None:
        return None

    def close(self) -> None: ...

    def _patch(self, address: str, setting: dict[str, Any]) -> None:
        with translated(), self._server.request(address) as account:
            account.mailbox_settings.setdefault("automaticRepliesSetting", {}).update(setting)


def _instant(setting: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(setting[key]).astimezone(UTC)


class GraphForwardRules:
    windowed = False

    def __init__(self, server: GraphServer) -> None:
        self._server = server

    def read(self, address: str) -> Sequence[str]:
        with translated(), self._server.request(address) as account:
            rules = account.rules.values()
            return [to for rule in rules for to in rule["actions"].get("forwardTo", ()) if _is_ours(rule, to)]

    def install(
        self, address: str, forward_to: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> str:
        with translated(), self._server.request(address) as account:
            for rule_id, rule in account.rules.items():
                if _is_ours(rule, forward_to):
                    return rule_id
            rule_id = f"rule{len(account.rules) + 1}-{forward_to}"
            # forwardTo, not redirectTo or delete: the original stays
            account.rules[rule_id] = {
                "displayName": RULE_NAME.format(forward_to),
                "isEnabled": True,
                "actions": {"forwardTo": [forward_to], "stopProcessingRules": False},
            }
            return rule_id

    def remove(self, address: str, token: str) -> None:
        with translated(), self._server.request(address) as account:
            account.rules.pop(token, None)

    def close(self) -> None: ...


def _is_ours(rule: dict[str, Any], forward_to: str) -> bool:
    return bool(rule["isEnabled"] and rule["displayName"] == RULE_NAME.format(forward_to))
