"""`mailbot doctor`: can automatic replies be installed on the server, and proven by the test accounts?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailbot.config.model import Config, ProbeAddress
from mailbot.config.servers import ImapServer
from mailbot.errors import MailbotError
from mailbot.work.doctor_findings import Check, Findings

if TYPE_CHECKING:
    from mailbot.platforms.imap.servers import ImapServers


def absence_checks(config: Config, imap: "ImapServers | None", find: Findings) -> Iterator[Check]:
    """One personal mailbox of each server with ManageSieve is tried, and each test account; nothing is changed."""
    if imap is None:
        return
    with_scripts = {
        name: server
        for name, server in config.servers.items()
        if isinstance(server, ImapServer) and server.managesieve is not None
    }
    for name, server in with_scripts.items():
        yield from _scripts(config, name, server, imap, find)
    accounts = {"internal": config.probe.internal, "external": config.probe.external}
    if with_scripts and not any(accounts.values()):
        yield find.warning("probe", "probe_none")
        return
    for side, account in accounts.items():
        if account is not None:
            yield from _probe(config, side, account, imap, find)
        elif with_scripts:
            yield find.warning(f"probe {side}", "probe_missing", side=side)


def _scripts(config: Config, name: str, server: ImapServer, imap: "ImapServers", find: Findings) -> Iterator[Check]:
    personal = (each for each in config.mailboxes if each.server == name and each.role == "personal")
    mailbox = next(personal, None)
    if mailbox is None:
        return
    check = f"managesieve {name}"
    try:
        missing = imap.missing_extensions(server, mailbox)
    except (MailbotError, OSError) as error:
        yield find.problem(check, "managesieve_unusable", error=error, server=name)
        return
    if missing:
        yield find.problem(check, "managesieve_extensions", extensions=", ".join(missing))
    else:
        yield find.ok(check, "managesieve_ok", address=mailbox.address)


def _probe(config: Config, side: str, account: ProbeAddress, imap: "ImapServers", find: Findings) -> Iterator[Check]:
    """It must read what comes to it, and hand in mail as itself."""
    server = config.servers[account.server]
    if not isinstance(server, ImapServer):
        return
    name = f"probe {side}"
    try:
        imap.access(server, account.mailbox)
        imap.try_submission(server, account.mailbox, config.operator)
    except (MailbotError, OSError) as error:
        yield find.problem(name, "probe_unusable", error=error, side=side)
    else:
        yield find.ok(name, "probe_ok", address=account.address)
