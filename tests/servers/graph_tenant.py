"""What lies in a pretended Exchange Online: mailboxes, folders, messages, settings, rules, and how mail travels.

Nothing here knows HTTP; `graph_server` speaks it.
"""

import base64
import email
import email.policy
import html
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime, getaddresses
from itertools import count
from typing import Any

Json = dict[str, Any]

#: learn.microsoft.com/graph/api/resources/mailfolder, and what a Swedish Outlook calls them
WELL_KNOWN = {
    "inbox": "Inkorgen",
    "sentitems": "Skickat",
    "drafts": "Utkast",
    "deleteditems": "Borttaget",
    "junkemail": "Skräppost",
    "outbox": "Utkorgen",
    "archive": "Arkiv",
}
NO_REPLY: Json = {
    "status": "disabled",
    "externalAudience": "all",
    "internalReplyMessage": "",
    "externalReplyMessage": "",
    "scheduledStartDateTime": {"dateTime": "2026-11-01T08:00:00.0000000", "timeZone": "UTC"},
    "scheduledEndDateTime": {"dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC"},
}


@dataclass
class GraphFolder:
    id: str
    name: str
    parent: str
    well_known: str = ""
    hidden: bool = False


@dataclass
class Item:
    """A message. Its immutable id stays when it moves; the other kind counts moves in it."""

    id: str
    folder: str
    raw: bytes
    received_at: datetime
    is_read: bool = False
    is_draft: bool = False
    #: mail that came by transport has its header; what was written in Outlook has not
    transported: bool = True
    message_id: str = ""
    categories: list[str] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    moves: int = 0

    @property
    def parsed(self) -> Message:
        return email.message_from_bytes(self.raw)

    def content(self) -> bytes:
        """The MIME form, with what was attached to a draft later."""
        if not self.attachments:
            return self.raw
        boundary = str(self.parsed.get_boundary()).encode()
        assert self.parsed.get_content_type() == "multipart/mixed"
        pieces = [self.raw.rpartition(b"--" + boundary + b"--")[0]]
        for each in self.attachments:
            enclosed = each["contentType"] == "message/rfc822"
            encoding, content = ("8bit", each["bytes"]) if enclosed else ("base64", base64.encodebytes(each["bytes"]))
            head = (
                f"--{boundary.decode()}\r\nContent-Type: {each['contentType']}\r\nContent-Transfer-Encoding: {encoding}"
                f'\r\nContent-Disposition: attachment; filename="{each["name"]}"\r\n\r\n'
            )
            pieces += [head.encode(), content, b"\r\n"]
        return b"".join([*pieces, b"--", boundary, b"--\r\n"])


@dataclass
class Account:
    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    profile: Json = field(default_factory=dict)
    folders: dict[str, GraphFolder] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    #: (number of the change, folder id, item id)
    log: list[tuple[int, str, str]] = field(default_factory=list)
    #: folder id -> delta links given out before this number are forgotten
    forgotten_before: dict[str, int] = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    #: who has had the automatic reply of this period and text
    answered: set[tuple[str, str]] = field(default_factory=set)

    def folder(self, key: str) -> GraphFolder | None:
        """By id or well-known name."""
        known = next((each for each in self.folders.values() if each.well_known == key.lower()), None)
        return known or self.folders.get(key)

    def named(self, name: str) -> GraphFolder:
        return next(each for each in self.folders.values() if name in (each.name, each.well_known))

    def within(self, key: str) -> list[Item]:
        folder = self.folder(key)
        return [item for item in self.items.values() if folder is not None and item.folder == folder.id]


class Tenant:
    """Everybody's mailboxes, and what the world outside has received. `clock` tells what time it is there."""

    def __init__(self, domain: str = "bjurholm.example", *, clock: Callable[[], datetime] | None = None) -> None:
        self.domain = domain
        self.clock = clock or (lambda: datetime.now(UTC))
        self.accounts: dict[str, Account] = {}
        self.outside: list[tuple[str, bytes]] = []
        #: Exchange rewrites the Message-ID of what is handed in
        self.rewrites_message_ids = False
        self.lock = threading.RLock()
        self._numbers = count(1)

    def number(self) -> int:
        return next(self._numbers)

    def add(self, address: str, *, name: str = "", **profile: Any) -> Account:
        account = Account(address.lower(), name or address.partition("@")[0].title(), profile=profile)
        for well_known, shown in WELL_KNOWN.items():
            folder = GraphFolder(f"AAMk{self.number():06d}=", shown, "root", well_known)
            account.folders[folder.id] = folder
        account.settings = {"timeZone": "W. Europe Standard Time", "automaticRepliesSetting": dict(NO_REPLY)}
        self.accounts[account.address] = account
        return account

    def account(self, address: str) -> Account | None:
        wanted = address.lower()
        return next((a for a in self.accounts.values() if wanted == a.address or wanted in a.aliases), None)

    # --- folders and messages ---

    def add_folder(self, account: Account, name: str, *, parent: str = "root") -> GraphFolder:
        folder = GraphFolder(f"AAMk{self.number():06d}=", name, parent)
        account.folders[folder.id] = folder
        return folder

    def delete_folder(self, account: Account, folder_id: str) -> None:
        del account.folders[folder_id]
        for item in [item for item in account.items.values() if item.folder == folder_id]:
            del account.items[item.id]

    def put(self, account: Account, folder: str, raw: bytes, received_at: datetime | None = None, **more: Any) -> Item:
        place = account.folder(folder) or account.named(folder)
        received_at = received_at or self.clock()
        item = Item(f"AAkALg{self.number():08d}", place.id, raw, received_at, **more)
        item.message_id = item.message_id or str(item.parsed["Message-ID"] or f"<{item.id}@exchange.example>")
        account.items[item.id] = item
        self.note(account, place.id, item)
        return item

    def move(self, account: Account, item: Item, folder_id: str) -> None:
        self.note(account, item.folder, item)
        item.folder = folder_id
        item.moves += 1
        self.note(account, folder_id, item)

    def delete(self, account: Account, item: Item) -> None:
        del account.items[item.id]
        self.note(account, item.folder, item)

    def note(self, account: Account, folder_id: str, item: Item) -> None:
        account.log.append((self.number(), folder_id, item.id))

    # --- mail on its way ---

    def mark(self, account: Account, item: Item, kind: str, at: datetime) -> None:
        """Outlook's note of a reply or of forwarding (MS-OXOMSG 2.2.1.4)."""
        item.properties["Integer 0x1081"] = {"replied": "103", "forwarded": "104"}[kind]
        item.properties["SystemTime 0x1082"] = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self.note(account, item.folder, item)

    def send(self, account: Account, item: Item) -> None:
        """A draft leaves and becomes the copy in Sent, with its id (learn.microsoft.com/graph/api/message-send)."""
        raw = item.content()
        item.raw, item.attachments, item.is_draft, item.is_read = raw, [], False, True
        item.received_at = self.clock()
        item.transported = False
        self.move(account, item, account.named("sentitems").id)
        self.transport(account.address, recipients(item.parsed), raw)

    def transport(self, sender: str, to: list[str], raw: bytes) -> None:
        """`sender` may be empty. Unknown recipients of our own domain are returned to the sender, later."""
        for address in dict.fromkeys(each.lower() for each in to):
            account = self.account(address)
            if account is not None:
                self.receive(account, sender, raw)
            elif not address.endswith(f"@{self.domain}"):
                self.outside.append((address, raw))

    def receive(self, account: Account, sender: str, raw: bytes, *, folder: str = "inbox") -> Item:
        """Into the mailbox, through its rules, and answered where its owner is away."""
        item = self.put(account, folder, raw)
        for rule in sorted(account.rules.values(), key=lambda each: each.get("sequence", 0)):
            if rule.get("isEnabled", True):
                self._follow(account, rule, sender, item)
        self._answer(account, sender, item)
        return item

    def _follow(self, account: Account, rule: Json, sender: str, item: Item) -> None:
        actions = rule.get("actions", {})
        for action, prefix in (("forwardTo", "VB: "), ("redirectTo", "")):
            targets = [each["emailAddress"]["address"] for each in actions.get(action) or ()]
            if not targets:
                continue
            copy = email.message_from_bytes(item.raw)
            if prefix:
                subject = copy["Subject"]
                del copy["Subject"]
                copy["Subject"] = f"{prefix}{subject}"
            self.transport(sender, targets, copy.as_bytes() if prefix else item.raw)
        if actions.get("moveToFolder") in account.folders:
            self.move(account, item, actions["moveToFolder"])
        if actions.get("delete"):
            self.move(account, item, account.named("deleteditems").id)

    def away_text(self, account: Account, *, internal: bool) -> str | None:
        """The automatic reply that is in force now (graph/api/resources/automaticrepliessetting)."""
        setting = account.settings["automaticRepliesSetting"]
        if setting["status"] == "disabled":
            return None
        if setting["status"] == "scheduled":
            start, end = (moment(setting[f"scheduled{each}DateTime"]) for each in ("Start", "End"))
            if not start <= self.clock() < end:
                return None
        if internal:
            return str(setting["internalReplyMessage"])
        if setting["externalAudience"] != "all":
            return None
        return str(setting["externalReplyMessage"])

    def _answer(self, account: Account, sender: str, item: Item) -> None:
        parsed = item.parsed
        automatic = parsed["Auto-Submitted"] or parsed["Precedence"] or parsed["List-Id"]
        suppressed = "OOF" in str(parsed["X-Auto-Response-Suppress"]) or "All" in str(
            parsed["X-Auto-Response-Suppress"]
        )
        if not sender or automatic or suppressed:
            return
        text = self.away_text(account, internal=sender.lower().endswith(f"@{self.domain}"))
        if not text or (sender.lower(), text) in account.answered:
            return
        account.answered.add((sender.lower(), text))
        reply = EmailMessage(policy=email.policy.SMTP)
        reply["From"] = account.address
        reply["To"] = sender
        reply["Subject"] = f"Automatiskt svar: {parsed['Subject']}"
        reply["Date"] = format_datetime(self.clock())
        reply["Message-ID"] = f"<oof{self.number()}@exchange.example>"
        reply["In-Reply-To"] = reply["References"] = item.message_id
        reply["Auto-Submitted"] = "auto-generated"
        reply["X-Auto-Response-Suppress"] = "All"
        reply.set_content(as_plain(text))
        reply.add_alternative(text, subtype="html")
        self.transport("", [sender], reply.as_bytes())


def recipients(message: Message) -> list[str]:
    fields = [value for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(fields) if address]


def moment(value: Json) -> datetime:
    """A dateTimeTimeZone in UTC."""
    assert value["timeZone"] == "UTC", "mailbot writes UTC on the wire"
    return datetime.fromisoformat(re.sub(r"\.(\d{6})\d*", r".\1", value["dateTime"])).replace(tzinfo=UTC)


def as_plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>|</div>|</p>", "\n", text)))


def rewritten(text: str) -> str:
    """Exchange keeps automatic replies as a document of its own making: never compare bytes."""
    if not text.strip():
        return ""
    inner = re.sub(r"(?is)^.*<body[^>]*>|</body>.*$", "", text).strip()
    return f'<html>\r\n<body>\r\n<div style="font-family:Calibri">{inner}</div>\r\n</body>\r\n</html>\r\n'


def header_fields(raw: bytes) -> Iterator[Json]:
    for name, value in email.message_from_bytes(raw).items():
        yield {"name": name, "value": re.sub(r"\r?\n[ \t]", " ", str(value))}
