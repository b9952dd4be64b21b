"""`mailbot doctor` against Microsoft 365: what the application may do there, and that it may do no more.

Microsoft adds up what RBAC for Applications and what Entra grant: one consent too many opens every mailbox of the
tenant. So a mailbox that must not be reached is tried as well.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mailbot.config.model import Config, MailboxSettings
from mailbot.config.servers import GraphServer
from mailbot.errors import MailbotError
from mailbot.work.doctor_findings import Check, Findings

if TYPE_CHECKING:
    from mailbot.platforms.graph.client import GraphClient
    from mailbot.platforms.graph.servers import GraphServers

#: mailboxes that are asked about in one request, with two questions each
_AT_A_TIME = 10


def graph_checks(config: Config, graph: "GraphServers | None", find: Findings) -> Iterator[Check]:
    """Token, rights in each mailbox, sending, and what is out of reach. Nothing is sent, and nothing left behind."""
    if graph is None:
        return
    for name, server in config.servers.items():
        if not isinstance(server, GraphServer):
            continue
        here = [mailbox for mailbox in config.mailboxes if mailbox.server == name]
        try:
            client = graph.client(server)
            token = client.tokens.get()
        except MailbotError as error:
            yield find.problem(f"server {name}", "graph_token", error=error, server=name, count=len(here))
            continue
        yield from _scope(name, server, client, token, find)
        yield from _mailboxes(here, client, find)
        if any(mailbox.role == "service" for mailbox in here):
            yield _outgoing(config.service_mailbox.address, client, find)


def _scope(name: str, server: GraphServer, client: "GraphClient", token: str, find: Findings) -> Iterator[Check]:
    from mailbot.platforms.graph.access import reaches, tenant_wide

    check = f"scope of {name}"
    roles = tenant_wide(token)
    if roles:
        yield find.problem(check, "graph_tenant_wide", roles=", ".join(roles))
    if not server.out_of_scope:
        yield find.warning(check, "scope_untested", server=name)
        return
    try:
        reached = reaches(client, server.out_of_scope)
    except MailbotError as error:
        yield find.warning(check, "scope_unclear", address=server.out_of_scope, error=error)
        return
    if reached:
        yield find.problem(check, "scope_too_wide", address=server.out_of_scope)
    elif not roles:
        yield find.ok(check, "scope_ok", address=server.out_of_scope)


def _mailboxes(mailboxes: Sequence[MailboxSettings], client: "GraphClient", find: Findings) -> Iterator[Check]:
    from mailbot.platforms.graph.access import access

    for start in range(0, len(mailboxes), _AT_A_TIME):
        some = mailboxes[start : start + _AT_A_TIME]
        try:
            told = access(client, [mailbox.address for mailbox in some])
        except MailbotError as error:
            for mailbox in some:
                yield find.problem(f"mailbox {mailbox.address}", "graph_mailbox", error=error)
            continue
        for mailbox, found in zip(some, told, strict=True):
            check = f"mailbox {mailbox.address}"
            if found.error is not None:
                yield find.problem(check, "graph_mailbox", error=found.error)
            elif found.no_settings is not None and mailbox.role == "personal":
                yield find.problem(check, "graph_settings", error=found.no_settings)
            else:
                yield find.ok(check, "mailbox_ok", count=found.messages)


def _outgoing(address: str, client: "GraphClient", find: Findings) -> Check:
    from mailbot.platforms.graph.access import try_sending

    try:
        try_sending(client, address)
    except MailbotError as error:
        return find.problem("outgoing mail", "graph_sending", error=error)
    return find.ok("outgoing mail", "graph_sending_ok", address=address)
