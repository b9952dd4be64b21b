"""`mailbot doctor` against live IMAP and submission servers: what may mailbot do there, and what stands in the way?

A server that cannot be talked to is told once, and its mailboxes are not tried: there may be thousands of them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mailbot.config.model import Config, MailboxSettings
from mailbot.config.servers import ImapServer
from mailbot.errors import MailbotError
from mailbot.work.doctor_findings import Check, Findings

if TYPE_CHECKING:
    from mailbot.platforms.imap.servers import ImapServers

#: mailboxes in a row that cannot be reached, on a server that has answered before, until it counts as gone
_MOST_UNREACHED = 2
#: what two well-kept clocks may differ by
_CLOCK_TOLERANCE_SECONDS = 120


def imap_checks(config: Config, imap: "ImapServers | None", find: Findings, now: datetime) -> Iterator[Check]:
    """Each mailbox is opened for reading; the service mailbox must also take copies, and its server mail."""
    if imap is None:
        return
    for name, server in config.servers.items():
        mailboxes = [mailbox for mailbox in config.mailboxes if mailbox.server == name]
        if isinstance(server, ImapServer):
            yield from _server_checks(name, server, mailboxes, imap, find, now)
    service = config.service_mailbox
    server = config.servers[service.server]
    if isinstance(server, ImapServer):
        yield _outgoing(config, service, server, imap, find)


def _server_checks(
    name: str,
    server: ImapServer,
    mailboxes: Sequence[MailboxSettings],
    imap: "ImapServers",
    find: Findings,
    now: datetime,
) -> Iterator[Check]:
    from mailbot.platforms.imap.login import LoginRefused
    from mailbot.platforms.imap.rights import InboxRefused

    ahead_seconds, unreached = 0.0, _MOST_UNREACHED
    for number, settings in enumerate(mailboxes):
        check = f"mailbox {settings.address}"
        try:
            found = imap.access(server, settings)
            unreached = 0
        except LoginRefused as error:
            unreached = 0
            yield find.problem(check, "mailbox_login", error=error, server=name)
        except InboxRefused as error:
            unreached = 0
            foreign = server.login in ("master", "authzid")
            yield find.problem(check, "mailbox_acl" if foreign else "mailbox_inbox", error=error, user=server.user)
        except (MailbotError, OSError) as error:
            unreached += 1
            if unreached > _MOST_UNREACHED:
                left = len(mailboxes) - number
                yield find.problem(f"server {name}", "server_unreachable", error=error, server=name, count=left)
                return
            yield find.problem(check, "mailbox_unreadable", error=error)
        else:
            if found.may_file:
                yield find.ok(check, "mailbox_ok", count=found.messages)
            else:
                yield find.problem(check, "mailbox_no_filing", folder=found.sent)
            if found.newest_at is not None:
                ahead_seconds = max(ahead_seconds, (found.newest_at - now).total_seconds())
    if ahead_seconds > _CLOCK_TOLERANCE_SECONDS:
        yield find.warning(f"server {name}", "server_clock", server=server.host, seconds=round(ahead_seconds))


def _outgoing(
    config: Config, service: MailboxSettings, server: ImapServer, imap: "ImapServers", find: Findings
) -> Check:
    """A mail to the operator is begun and taken back."""
    from mailbot.platforms.imap.rights import RecipientRefused, SenderRefused

    name, user = "outgoing mail", server.user or service.user or service.address
    try:
        imap.try_submission(server, service, config.operator)
    except SenderRefused as error:
        return find.problem(name, "outgoing_sender", error=error, user=user, address=service.address)
    except RecipientRefused as error:
        return find.problem(name, "outgoing_recipient", error=error)
    except (MailbotError, OSError) as error:
        return find.problem(name, "outgoing_unavailable", error=error, server=service.server)
    host = server.smtp.host if server.smtp else server.host
    return find.ok(name, "outgoing_submission_ok", host=host, address=service.address)
