"""`mailbot doctor` against live Exchange servers: what the service account can reach, and what it must not.

Everything is asked, nothing written: no draft, no mail, no setting.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mailbot.config.model import Config, MailboxSettings
from mailbot.config.servers import EwsServer
from mailbot.errors import MailbotError
from mailbot.work.doctor_findings import Check, Findings

if TYPE_CHECKING:
    from mailbot.platforms.ews.servers import EwsServers, EwsServerSessions


def ews_checks(config: Config, ews: "EwsServers | None", find: Findings) -> Iterator[Check]:
    """Each mailbox's inbox is counted; a mailbox outside the scope must be refused."""
    if ews is None:
        return
    for name, server in config.servers.items():
        if isinstance(server, EwsServer):
            mailboxes = [mailbox for mailbox in config.mailboxes if mailbox.server == name]
            sessions = ews.server(server)
            yield from _mailboxes(name, sessions, mailboxes, find, known_to_lack=_known_to_lack(server))
            yield _scope(name, sessions, server.out_of_scope, find)


def _mailboxes(
    name: str,
    sessions: "EwsServerSessions",
    mailboxes: Sequence[MailboxSettings],
    find: Findings,
    *,
    known_to_lack: frozenset[str],
) -> Iterator[Check]:
    from mailbot.platforms.ews.failures import AccountRefused, MayNotImpersonate
    from mailbot.platforms.ews.session import NoAnswer

    lacking: list[str] | None = None
    for number, settings in enumerate(mailboxes):
        check = f"mailbox {settings.address}"
        try:
            count = sessions.inbox_count(settings.address)
        except MayNotImpersonate as error:
            yield find.problem(check, "mailbox_impersonation", error=error)
        except AccountRefused as error:  # every further attempt would count against the account
            yield find.problem(f"server {name}", "server_account", error=error, server=name)
            return
        except NoAnswer as error:
            left = len(mailboxes) - number
            yield find.problem(f"server {name}", "server_unreachable", error=error, server=name, count=left)
            return
        except MailbotError as error:
            yield find.problem(check, "mailbox_unreadable", error=error)
        else:
            yield find.ok(check, "mailbox_ok", count=count)
            if lacking is None:
                lacking = [each for each in _lacking(sessions, settings.address) if each not in known_to_lack]
    if lacking:
        yield find.warning(f"server {name}", "server_lacks", server=name, operations=", ".join(lacking))


def _known_to_lack(server: EwsServer) -> frozenset[str]:
    return frozenset() if server.inbox_rules else frozenset({"GetInboxRules"})


def _lacking(sessions: "EwsServerSessions", address: str) -> list[str]:
    """Servers of another make than Microsoft's may lack an operation. Other trouble is told where it is met."""
    try:
        return sessions.lacking(address)
    except MailbotError:
        return []


def _scope(name: str, sessions: "EwsServerSessions", outside: str, find: Findings) -> Check:
    """A refusal is the proof; that nobody has tried is worth a warning."""
    from mailbot.platforms.ews.failures import MayNotImpersonate

    check = f"scope of {name}"
    if not outside:
        return find.warning(check, "scope_untested", server=name)
    try:
        sessions.inbox_count(outside)
    except MayNotImpersonate:
        return find.ok(check, "scope_ok", address=outside)
    except MailbotError as error:
        return find.warning(check, "scope_unclear", address=outside, error=error)
    return find.problem(check, "scope_too_wide", address=outside)
