"""`mailbot doctor`: can every mailbox be read, and does mailbot's own mail arrive?"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mailbot.config.model import Config, MailboxSettings
from mailbot.config.servers import MaildirServer
from mailbot.errors import MailbotError
from mailbot.platforms.base import Mailbox
from mailbot.work.doctor_findings import Check, Findings


def mailbox_checks(
    config: Config, open_mailbox: Callable[[MailboxSettings], Mailbox], find: Findings
) -> Iterator[Check]:
    """Each mailbox is opened and its inbox listed; mailbot's own must be writable too."""
    for settings in config.mailboxes:
        if not isinstance(config.servers[settings.server], MaildirServer):
            continue  # doctor_imap and doctor_graph ask the server
        name = f"mailbox {settings.address}"
        try:
            count = _readable_messages(open_mailbox(settings))
        except MailbotError as error:
            yield find.problem(name, "mailbox_unreadable", error=error)
            continue
        if settings.role == "service" and (folder := _unwritable(config, settings)):
            yield find.problem(name, "mailbox_read_only", folder=folder)
        else:
            yield find.ok(name, "mailbox_ok", count=count)


def _readable_messages(mailbox: Mailbox) -> int:
    """How many mails the inbox holds. The platform raises for those it may not read."""
    try:
        inbox = next(folder for folder in mailbox.folders() if folder.role == "inbox")
        return sum(len(batch.arrived) for batch in mailbox.changes(inbox, None))
    finally:
        mailbox.close()


def _unwritable(config: Config, settings: MailboxSettings) -> Path | None:
    """The first folder of a Maildir that mail cannot be delivered into."""
    server = config.servers[settings.server]
    assert isinstance(server, MaildirServer)
    folder = server.folder(settings.address)
    places = (folder, folder / "tmp", folder / "new", folder / "cur")
    return next((place for place in places if not os.access(place, os.W_OK | os.X_OK, effective_ids=True)), None)


def outgoing_checks(config: Config, find: Findings) -> Iterator[Check]:
    """Whom mailbot writes to must be reachable from the service mailbox's server."""
    name = "outgoing mail"
    server = config.servers[config.service_mailbox.server]
    if not isinstance(server, MaildirServer):
        return  # doctor_imap and doctor_graph ask the server
    if server.outside:
        if not os.access(server.outside, os.W_OK | os.X_OK, effective_ids=True):
            yield find.problem(name, "outgoing_folder", folder=server.outside)
            return
        yield find.ok(name, "outgoing_outside", folder=server.outside)
        return
    lost = sorted(_correspondents(config) - _delivered_here(config))
    if not lost:
        yield find.ok(name, "outgoing_ok")
        return
    # in observe mode nothing but the operator's report is sent
    tell = find.problem if config.mode == "enforce" else find.warning
    yield tell(name, "outgoing_lost", addresses=", ".join(lost))


def _correspondents(config: Config) -> set[str]:
    """The operator and, by their roles, everybody who gets forwarded mail, digests or alarms."""
    units = [person for unit in config.units for person in (*unit.registrars, *unit.mail_officers)]
    people = [config.person(person_id) for person_id in (*units, *config.roles.head_of_administration)]
    return {config.operator.lower(), *(person.email.lower() for person in people if person)}


def _delivered_here(config: Config) -> set[str]:
    """The addresses of the mailboxes in scope, with the other ones of their owners."""
    shared = {address.lower() for mailbox in config.mailboxes for address in (mailbox.address, *mailbox.aliases)}
    owners = [owner for mailbox in config.mailboxes if (owner := config.owner(mailbox))]
    return shared | {address.lower() for owner in owners for address in (owner.email, *owner.aliases)}
