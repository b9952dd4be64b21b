"""Where an original lies that no mail could carry untouched, told to its reader in its place."""

from datetime import datetime

from mailbot.errors import MailbotError, UserError
from mailbot.store.records import DeliverySeen, NewMail, NewTicket, OutboxItem
from mailbot.work import absence_forwards
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail


def note_instead(context: Context, item: OutboxItem, reason: str, now: datetime) -> NewMail | None:
    """A short note with mailbox, folder, date and reference, and the command that fetches the original.

    `reason` is that of CannotCarry. None for mail that carries no original.
    """
    if item.kind == "absence_forward":
        return absence_forwards.note_instead(context, item, reason, now)
    if item.kind != "forward" or item.item_ref is None:
        return None
    try:
        diary_item = context.store.diary.get(item.item_ref)
    except UserError:  # dismissed and dropped meanwhile
        return None
    config = context.config
    reader = config.person_by_address(item.to[0])
    unit = next((unit.name for unit in config.units if unit.id == diary_item.unit), diary_item.unit)
    place = next(iter(context.store.messages.deliveries(diary_item.message_ref)), None)
    rendered = context.templates.render(
        "forward_without_original",
        (reader.language if reader else "") or config.policy.language,
        ref=diary_item.ref,
        unit=unit,
        mailbox=place.mailbox if place else diary_item.mailbox,
        folder=_folder_name(context, place) if place else "",
        received_at=diary_item.received_at.astimezone(config.zone),
        reason=reason,
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=f"forward_without_original:{item.item_ref}",
        kind="announcement",
        to=item.to,
        now=now,
        ref=item.item_ref,
        ticket=NewTicket(kind="registrar", person=reader.id, about=f"{diary_item.unit} {item.item_ref}")
        if reader
        else None,
    )


def _folder_name(context: Context, place: DeliverySeen) -> str:
    """As people call it; its opaque id where the mailbox cannot be asked now."""
    settings = context.config.mailbox(place.mailbox)
    if settings is None:
        return place.folder
    try:
        mailbox = context.open_mailbox(settings)
        try:
            return next((each.name for each in mailbox.folders() if each.id == place.folder), place.folder)
        finally:
            mailbox.close()
    except (MailbotError, OSError):
        return place.folder
