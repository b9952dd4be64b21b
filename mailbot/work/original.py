"""Finding the untouched original of a recorded message, wherever people have moved it."""

from collections.abc import Iterator, Sequence

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.mail.identity import content_key, raw_key
from mailbot.mail.message import UnparsableMessage, parse, parse_headers
from mailbot.platforms.base import Folder, Mailbox
from mailbot.store.records import DeliverySeen, DiaryItem
from mailbot.work.context import Context


def find_original(context: Context, item: DiaryItem) -> bytes | None:
    """The raw message, read from the first mailbox that still has it; None when none has.

    It is looked for where it was last seen, then in every folder of those mailboxes. Raises what a mailbox raised that
    could not be asked, unless another has it.
    """
    places = context.store.messages.deliveries(item.message_ref)
    addresses = dict.fromkeys([*(place.mailbox for place in places), item.mailbox])
    trouble: MailbotError | None = None
    for address in addresses:
        settings = context.config.mailbox(address)
        if settings is None:
            continue
        try:
            found = _in_mailbox(context, settings, item, [place for place in places if place.mailbox == address])
        except MailbotError as error:
            trouble = error
            continue
        if found is not None:
            return found
    if trouble is not None:
        raise trouble
    return None


def _in_mailbox(
    context: Context, settings: MailboxSettings, item: DiaryItem, places: Sequence[DeliverySeen]
) -> bytes | None:
    mailbox = context.open_mailbox(settings)
    try:
        folders = {folder.id: folder for folder in mailbox.folders()}
        for place in places:
            if (folder := folders.get(place.folder)) is not None:
                raw = mailbox.fetch(folder, place.delivery_id, with_attachments=True)
                if raw is not None and _is_it(context, item, raw):
                    return raw
        for folder in folders.values():
            for delivery_id in _new_ones(context, mailbox, settings.address, folder, item):
                raw = mailbox.fetch(folder, delivery_id, with_attachments=True)
                if raw is not None and _is_it(context, item, raw):
                    return raw
    finally:
        mailbox.close()
    return None


def _new_ones(context: Context, mailbox: Mailbox, address: str, folder: Folder, item: DiaryItem) -> Iterator[str]:
    """Deliveries that may be the message and came into the folder since it was last read; in a folder that is never
    read (the trash) any may be."""
    cursor = context.store.intake.cursor(address, folder.id)
    for changes in mailbox.changes(folder, cursor):
        ids = [arrival.delivery_id for arrival in changes.arrived]
        for delivery_id, head in mailbox.fetch_headers(folder, ids):
            if head is not None and (item.unparsable or _is_it(context, item, head)):
                yield delivery_id


def _is_it(context: Context, item: DiaryItem, raw: bytes) -> bool:
    """Whether these bytes, or this header block, are the message: its reference is a keyed hash of its content."""
    if item.unparsable:
        return context.references.ref(raw_key(raw)) == item.message_ref or _parsed_is_it(context, item, raw)
    return _parsed_is_it(context, item, raw)


def _parsed_is_it(context: Context, item: DiaryItem, raw: bytes) -> bool:
    for read in (parse_headers, parse):
        try:
            if context.references.ref(content_key(read(raw))) == item.message_ref:
                return True
        except UnparsableMessage:
            continue
    return False
