"""Mailboxes of an Exchange organisation: folders, items, change logs, automatic replies, inbox rules, delivery."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import getaddresses
from itertools import count

#: distinguished name -> display name, as a Swedish Outlook shows it; the last three hold no mail
FOLDERS = {
    "inbox": "Inkorgen",
    "sentitems": "Skickat",
    "drafts": "Utkast",
    "deleteditems": "Borttaget",
    "junkemail": "Skräppost",
    "outbox": "Utkorgen",
    "calendar": "Kalender",
    "contacts": "Kontakter",
    "tasks": "Uppgifter",
}
_CLASSES = {"calendar": "IPF.Appointment", "contacts": "IPF.Contact", "tasks": "IPF.Task"}


@dataclass
class Item:
    id: str
    folder: str
    raw: bytes
    received_at: datetime
    change_key: int = 1
    is_read: bool = False
    is_draft: bool = False
    #: transport headers exist only on mail that came through transport (PidTagTransportMessageHeaders)
    transported: bool = True
    item_class: str = "IPM.Note"
    categories: tuple[str, ...] = ()
    #: PidTagLastVerbExecuted and PidTagLastVerbExecutionTime
    last_verb: tuple[int, datetime] | None = None
    #: name -> value of named string properties
    properties: dict[str, str] = field(default_factory=dict)
    #: false: laid there by a program, never received
    has_date: bool = True
    created_at: datetime | None = None
    #: appointments
    start: datetime | None = None
    end: datetime | None = None
    free_busy: str = "Busy"
    all_day: bool = False

    @property
    def header(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.header)["Message-ID"] or "")

    @property
    def subject(self) -> str:
        return str(message_from_bytes(self.header, policy=policy.default)["Subject"] or "")


@dataclass
class Folder:
    id: str
    name: str
    parent: str | None
    distinguished: str = ""
    item_class: str = "IPF.Note"
    #: (number, change, item id)
    log: list[tuple[int, str, str]] = field(default_factory=list)
    #: sync states given out under another epoch are not known any more
    epoch: int = 1


@dataclass
class Oof:
    state: str = "Disabled"
    audience: str = "All"
    start: datetime | None = None
    end: datetime | None = None
    internal: str = ""
    external: str = ""


@dataclass
class Rule:
    id: str
    name: str
    #: the rule as it came, for reading back
    xml: bytes
    forward_to: tuple[str, ...] = ()
    redirect_to: tuple[str, ...] = ()
    enabled: bool = True


@dataclass
class Box:
    address: str
    name: str
    folders: dict[str, Folder] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    oof: Oof = field(default_factory=Oof)
    rules: dict[str, Rule] = field(default_factory=dict)
    #: Outlook keeps client-only rules in a blob of its own
    outlook_rule_blob: bool = False
    #: (folder id, name) -> dictionary of a user configuration object
    configurations: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)
    answered: set[tuple[str, str]] = field(default_factory=set)

    def distinguished(self, name: str) -> Folder:
        return next(each for each in self.folders.values() if each.distinguished == name)

    def folder(self, key: str) -> Folder:
        """By its id, or by its distinguished name."""
        return self.folders.get(key) or self.distinguished(key)

    def in_folder(self, folder_id: str) -> Iterator[Item]:
        return (each for each in self.items.values() if each.folder == folder_id)


class Organisation:
    """All mailboxes; one lock, as every request is served in a thread of its own."""

    def __init__(self, addresses: Sequence[str], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.lock = threading.RLock()
        self.now = now
        self._numbers = count(1)
        self.boxes: dict[str, Box] = {}
        self.odd_replies = False
        #: (recipient, mail) that left for other organisations
        self.outside: list[tuple[str, bytes]] = []
        for address in addresses:
            self.add(address)

    def add(self, address: str) -> Box:
        box = Box(address, address.partition("@")[0].replace(".", " ").title())
        root = self.create_folder(box, "Root", None, distinguished="root")
        top = self.create_folder(box, "Top of Information Store", root.id, distinguished="msgfolderroot")
        for name, display in FOLDERS.items():
            self.create_folder(box, display, top.id, distinguished=name, item_class=_CLASSES.get(name, "IPF.Note"))
        self.boxes[address.lower()] = box
        return box

    def new_id(self, kind: str) -> str:
        return b64encode(f"{kind}{next(self._numbers):09d}+/".encode()).decode()

    # --- folders and items ---

    def create_folder(
        self, box: Box, name: str, parent: str | None, *, distinguished: str = "", item_class: str = "IPF.Note"
    ) -> Folder:
        folder = Folder(self.new_id("fldr"), name, parent, distinguished, item_class)
        box.folders[folder.id] = folder
        return folder

    def delete_folder(self, box: Box, folder_id: str) -> None:
        for item in list(box.in_folder(folder_id)):
            del box.items[item.id]
        del box.folders[folder_id]

    def put(self, box: Box, folder_id: str, raw: bytes, received_at: datetime, **values: object) -> Item:
        item = Item(self.new_id("item"), folder_id, raw, received_at, **values)  # type: ignore[arg-type]
        box.items[item.id] = item
        self.note(box, folder_id, "create", item.id)
        return item

    def note(self, box: Box, folder_id: str, change: str, item_id: str) -> None:
        box.folders[folder_id].log.append((next(self._numbers), change, item_id))

    def move(self, box: Box, item: Item, folder_id: str) -> Item:
        """A moved item has a new id, unless it stays in its folder."""
        del box.items[item.id]
        self.note(box, item.folder, "delete", item.id)
        item.id, item.folder = self.new_id("item"), folder_id
        box.items[item.id] = item
        self.note(box, folder_id, "create", item.id)
        return item

    def delete(self, box: Box, item: Item) -> None:
        del box.items[item.id]
        self.note(box, item.folder, "delete", item.id)

    def set_read(self, box: Box, item: Item) -> None:
        item.is_read, item.change_key = True, item.change_key + 1
        self.note(box, item.folder, "read", item.id)

    def mark(self, box: Box, item: Item, kind: str, at: datetime) -> None:
        """Outlook's note of a reply (102) or of forwarding (104), MS-OXOMSG 2.2.1.4."""
        item.last_verb, item.change_key = ({"replied": 102, "forwarded": 104}[kind], at), item.change_key + 1
        self.note(box, item.folder, "update", item.id)

    def changes(self, folder: Folder, since: int) -> tuple[list[tuple[str, str]], int]:
        """What happened to each item after `since`, newest state only, in the order of the last change."""
        last: dict[str, tuple[int, set[str]]] = {}
        for number, change, item_id in folder.log:
            if number > since:
                _, seen = last.pop(item_id, (0, set()))
                last[item_id] = (number, seen | {change})
        found = []
        for item_id, (_, seen) in last.items():
            if {"create", "delete"} <= seen:
                continue
            kind = next(each for each in ("delete", "create", "update", "read") if each in seen)
            found.append((kind, item_id))
        return found, max((number for number, _, _ in folder.log), default=since)

    # --- transport ---

    def submit(self, sender: Box, item: Item) -> None:
        """Through transport to everybody named; who is nobody here bounces into the sender's inbox."""
        message = message_from_bytes(item.raw)
        named = [address for _, address in getaddresses(message.get_all("To", []) + message.get_all("Cc", []))]
        for address in dict.fromkeys(each.lower() for each in named):
            if not self.deliver(address, item.raw, envelope_from=sender.address) and _domain(address) == _domain(
                sender.address
            ):
                self._bounce(sender, address, item)

    def deliver(self, address: str, raw: bytes, *, envelope_from: str, received_at: datetime | None = None) -> bool:
        """Into the inbox with what rules and automatic replies do; False for somebody unknown."""
        box = self.boxes.get(address.lower())
        if box is None:
            if _domain(address) not in set(map(_domain, self.boxes)):
                self.outside.append((address, raw))
            return False
        at = received_at or self.now()
        self.put(box, box.distinguished("inbox").id, b"Received: from transport by mail.example\r\n" + raw, at)
        for rule in list(box.rules.values()):
            # https://learn.microsoft.com/exchange/client-developer/web-service-reference/forwardtorecipients
            for target in rule.redirect_to if rule.enabled else ():
                if target.lower() != address.lower():
                    self.deliver(target, raw, envelope_from=envelope_from)
            for target in rule.forward_to if rule.enabled else ():
                if target.lower() != address.lower():
                    self.deliver(target, self._forwarded(address, target, raw), envelope_from=address)
        self._answer(box, raw, envelope_from, at)
        return True

    def _forwarded(self, address: str, target: str, raw: bytes) -> bytes:
        """Forwarding makes a new mail by the owner of the mailbox; redirecting leaves the mail as it is."""
        subject = str(message_from_bytes(raw, policy=policy.default)["Subject"] or "")
        head = f"From: {address}\r\nTo: {target}\r\nSubject: FW: {subject}\r\nMessage-ID: <{self.new_id('fw')}@x>\r\n"
        return head.encode() + b"Auto-Submitted: auto-generated\r\n\r\n" + raw.partition(b"\r\n\r\n")[2]

    def _bounce(self, sender: Box, address: str, item: Item) -> None:
        text = f"From: postmaster\r\nTo: {sender.address}\r\nSubject: Undeliverable\r\n\r\n{address} is not found\r\n"
        self.put(sender, sender.distinguished("inbox").id, text.encode(), self.now())

    def _answer(self, box: Box, raw: bytes, envelope_from: str, now: datetime) -> None:
        """Once per sender and text. With `odd_replies`, as servers of another make write them: no Auto-Submitted, no
        In-Reply-To, an empty subject."""
        oof = box.oof
        scheduled = oof.state == "Scheduled" and oof.start and oof.end and oof.start <= now < oof.end
        header = message_from_bytes(raw)
        if not (oof.state == "Enabled" or scheduled) or not envelope_from or header["X-Auto-Response-Suppress"]:
            return
        internal = envelope_from.rpartition("@")[2] == box.address.rpartition("@")[2]
        text = oof.internal if internal else oof.external
        if (not internal and oof.audience == "None") or (envelope_from, text) in box.answered:
            return
        box.answered.add((envelope_from, text))
        about = f"Subject: Automatiskt svar\r\nIn-Reply-To: {header['Message-ID']}\r\nAuto-Submitted: auto-replied\r\n"
        head = "Subject: \r\n" if self.odd_replies else about
        reply = (
            f"From: {box.address}\r\nTo: {envelope_from}\r\n{head}X-Auto-Response-Suppress: All\r\n"
            f"Message-ID: <{self.new_id('oof')}@example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{text}\r\n"
        )
        self.deliver(envelope_from, reply.encode(), envelope_from="")


def _domain(address: str) -> str:
    return address.lower().rpartition("@")[2]
